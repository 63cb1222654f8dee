"""Setting a password by a link in a mail, in the look of the admin: of who was invited, and of who forgot theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth import views
from django.contrib.auth.forms import SetPasswordForm
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from reservations.models import User
from restaurant_site.accounts.mailing import ask_for_password

if TYPE_CHECKING:
    _SetPasswordForm = SetPasswordForm[User]
else:
    _SetPasswordForm = SetPasswordForm


class Forgotten(views.PasswordResetView):
    """Asks for the address. Whether there is an account is not told, neither by the answer nor by how long it takes."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Let the job loop write to the address; the link leads to SITE_URL, whatever host the request names."""
        ask_for_password(form.cleaned_data["email"], get_language() or settings.LANGUAGE_CODE)
        return HttpResponseRedirect(self.get_success_url())


class SetPassword(views.PasswordResetConfirmView):
    """The page that the link leads to. The link is good once."""

    def form_valid(self, form: _SetPasswordForm) -> HttpResponse:
        """Set the password, and write it into the admin's log as done by whom it belongs to."""
        response = super().form_valid(form)
        user = form.user
        LogEntry.objects.log_actions(user.pk, [user], CHANGE, _("Password set by a link."), single_object=True)
        return response


def urls() -> list[URLPattern]:
    """Return the addresses; they stand ahead of the admin's own, which end in one that takes everything."""
    names = {"site_title": admin.site.site_title, "site_header": admin.site.site_header}
    of_admin: dict[str, Any] = {"extra_context": {**names, "site_url": "/", "has_permission": False}}
    return [
        path("admin/password_reset/", Forgotten.as_view(**of_admin), name="admin_password_reset"),
        path("admin/password_reset/done/", views.PasswordResetDoneView.as_view(**of_admin), name="password_reset_done"),
        path("admin/reset/<uidb64>/<token>/", SetPassword.as_view(**of_admin), name="password_reset_confirm"),
        path("admin/reset/done/", views.PasswordResetCompleteView.as_view(**of_admin), name="password_reset_complete"),
    ]
