"""Accounts of staff, signed in by e-mail."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group
from django.db.models import Q, QuerySet
from django.forms import Field
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from reservations.admin.base import SiteAdmin
from reservations.models import Reservation, User, normalise_email
from restaurant_site.accounts import codes

if TYPE_CHECKING:
    _AddForm = AdminUserCreationForm[User]
    _ChangeForm = UserChangeForm[User]
    _UserAdmin = DjangoUserAdmin[User]
    _GroupAdmin = DjangoGroupAdmin
else:
    _AddForm, _ChangeForm, _UserAdmin, _GroupAdmin = (
        AdminUserCreationForm,
        UserChangeForm,
        DjangoUserAdmin,
        DjangoGroupAdmin,
    )

admin.site.unregister(Group)


class AddForm(_AddForm):
    """A new account with its password, typed twice."""

    class Meta:
        model = User
        fields = ("email", "name")

    def clean_email(self) -> str:
        """Return the address in the one spelling in which it must be unique."""
        return _normalised(self.fields["email"], self.cleaned_data["email"])


class ChangeForm(_ChangeForm):
    """An account; its password is changed on a page of its own."""

    class Meta:
        model = User
        fields = "__all__"

    def clean_email(self) -> str:
        """Return the address in the one spelling in which it must be unique."""
        return _normalised(self.fields["email"], self.cleaned_data["email"])


def _normalised(field: Field, address: str) -> str:
    """Return the normalised address, which may be longer than the typed one and so is checked again."""
    email = normalise_email(address)
    field.run_validators(email)
    return email


@admin.register(User)
class UserAdmin(_UserAdmin, SiteAdmin[User]):
    """Accounts, for superusers alone: an owner manages people's roles at the restaurant instead (`membership`)."""

    form = ChangeForm
    add_form = AddForm
    ordering = ("email",)
    list_display = ("email", "name", "is_staff", "is_superuser", "is_active", "has_codes")
    actions = ("reset_second_factor",)
    list_filter = ("is_staff", "is_superuser", "is_active", "groups")
    search_fields = ("email", "name")
    readonly_fields = ("last_login", "date_joined", "has_codes")
    fieldsets = (
        (None, {"fields": ("email", "name", "password", "has_codes")}),
        (
            gettext_lazy("Permissions"),
            {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")},
        ),
        (
            gettext_lazy("Important dates"),
            {
                "description": gettext_lazy("In UTC: accounts belong to no restaurant."),
                "fields": ("last_login", "date_joined"),
            },
        ),
    )
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("email", "name", "usable_password", "password1", "password2")}),
    )

    @admin.action(
        description=gettext_lazy("Take the lost phone for codes off the selected accounts"), permissions=["change"]
    )
    def reset_second_factor(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Let accounts whose phone is lost set up another at the next sign-in; all their sessions end."""
        by = User.objects.get(pk=request.user.pk or 0)
        found = list(queryset.filter(has_codes=True))
        for user in found:
            codes.reset(user=user, by=by)
        told = ngettext("%(count)d account has been reset.", "%(count)d accounts have been reset.", len(found))
        self.message_user(request, told % {"count": len(found)})

    def deletion_refusals(self, request: HttpRequest, objs: Iterable[User]) -> Iterable[str]:
        """Keep who took a reservation or exceeded pacing: the record says who it was."""
        for user in objs:
            if Reservation.objects.filter(Q(created_by=user) | Q(pacing_exceeded_by=user)).exists():
                yield _("%(user)s has taken reservations. Untick “active” instead.") % {"user": user.email}


@admin.register(Group)
class GroupAdmin(_GroupAdmin, SiteAdmin[Group]):
    """Django's groups, for superusers alone."""
