"""Filters that show what matters, until something else is chosen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from reservations.admin.counted import CountedFilter
from reservations.models import BookingRequest


class DefaultFilter(CountedFilter):
    """Kinds of rows by their own word, of which the first is shown where none is chosen."""

    kinds: ClassVar[dict[str, tuple[str | Promise, Q]]]

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> list[tuple[str, str]]:
        """Return every kind but the first."""
        return [(word, str(title)) for word, (title, _condition) in list(self.kinds.items())[1:]]

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """Name the first kind instead of “All”."""
        first, *others = super().choices(changelist)
        title, _condition = next(iter(self.kinds.values()))
        yield {**first, "display": title}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Limit the list to the kind; a word that is none means the first."""
        first = next(iter(self.kinds))
        _title, condition = self.kinds.get(self.value() or first, self.kinds[first])
        return queryset.filter(condition)


class AnsweredFilter(DefaultFilter):
    """Requests that are open, or in one status."""

    title, parameter_name = _("status"), "state"
    kinds: ClassVar = {
        "open": (
            _("To be answered, or proposed"),
            Q(status__in=(BookingRequest.Status.OPEN, BookingRequest.Status.PROPOSED)),
        ),
        **{str(value): (label, Q(status=value)) for value, label in BookingRequest.Status.choices if value != "open"},
        "all": (_("All"), Q()),
    }


class KnownFilter(DefaultFilter):
    """Guests that are known, merged into another, or erased."""

    title, parameter_name = _("kind"), "kind"
    kinds: ClassVar = {
        "known": (_("Known"), Q(merged_into=None, erased_at=None)),
        "merged": (_("Merged into another"), Q(merged_into__isnull=False)),
        "erased": (_("Erased"), Q(erased_at__isnull=False)),
        "all": (_("All"), Q()),
    }
