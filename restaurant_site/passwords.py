"""Setting a password by a link in a mail, in the look of the admin: of who was invited, and of who forgot theirs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth import views
from django.contrib.auth.forms import PasswordResetForm, SetPasswordForm
from django.http import HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _

from reservations.models import User, normalise_email

if TYPE_CHECKING:
    _SetPasswordForm = SetPasswordForm[User]
else:
    _SetPasswordForm = SetPasswordForm


class ForgottenForm(PasswordResetForm):
    """The address of an account. Whether there is one is not told."""

    def get_users(self, email: str) -> Iterable[User]:
        """Return who may sign in with the address; also who was invited and has no password yet."""
        return User.objects.filter(email=normalise_email(email), is_active=True, is_staff=True)


class Forgotten(views.PasswordResetView):
    """Asks for the address, and writes to it."""

    form_class = ForgottenForm
    subject_template_name = "mail/password_subject.txt"
    email_template_name = "mail/password.txt"

    def form_valid(self, form: Any) -> HttpResponse:
        """Send the mail; its link leads to SITE_URL, whatever host the request names."""
        self.extra_email_context = {"site_url": settings.SITE_URL}
        return super().form_valid(form)


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
