"""The form of what a guest agrees to beyond the visit: nothing, unless they tick it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class ConsentForm(forms.Form):
    """Two boxes, neither ticked by itself; mails after visits are offered where the restaurant sends them."""

    keep_needs = forms.BooleanField(
        label=_("Remember my allergies and dietary needs for my next visits"),
        required=False,
        help_text=_("Otherwise they are for this visit alone. You can take this back on the reservation's page."),
    )
    want_thanks = forms.BooleanField(
        label=_("Write to me after my visits"),
        required=False,
        help_text=_("One mail the day after. You can take this back in each of them."),
    )

    def __init__(self, *args: Any, sends_thanks: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not sends_thanks:
            del self.fields["want_thanks"]

    def agreed(self) -> dict[str, bool]:
        """Return what was agreed to, as `consenting.consent` takes it; whatever is no tick is none."""
        self.is_valid()
        given = self.cleaned_data
        return {"needs": bool(given.get("keep_needs")), "thanks": bool(given.get("want_thanks"))}
