"""What staff type to find somebody."""

from __future__ import annotations

from typing import TypeVar

from django.db.models import Model, Q, QuerySet

M = TypeVar("M", bound=Model)


def with_phone(rows: QuerySet[M], found: QuerySet[M], typed: str) -> QuerySet[M]:
    """Find a phone number also as people write it: stored is +49301234567, typed is 030 123 45 67."""
    digits = "".join(char for char in typed if char.isdecimal()).lstrip("0")
    if len(digits) < 5 or typed.strip(" +-/()0123456789"):
        return found
    return rows.filter(Q(pk__in=found.order_by().values("pk")) | Q(phone__contains=digits))
