"""The admin's search for the choices of a field, closed to questions that no form asks."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest


class Choices(AutocompleteJsonView):
    """Answers for columns alone. Django 5.2 fails where the named field is the other end of a relation: 403 here."""

    def process_request(self, request: HttpRequest) -> Any:
        """Return what Django reads of the question. Raises PermissionDenied for what is no column."""
        found = super().process_request(request)
        if not found[2].concrete:
            raise PermissionDenied
        return found
