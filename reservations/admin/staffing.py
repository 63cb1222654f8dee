"""Adding people to a restaurant's staff, giving them roles and taking them off: views outside any transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from reservations.admin import pages
from reservations.admin.acting import act_page, subject
from reservations.engine import staffing
from reservations.engine.errors import Refused
from reservations.models import Membership, Restaurant, normalise_email
from reservations.reasons import staff_text

if TYPE_CHECKING:
    from reservations.admin.membership import MembershipAdmin

ADD = "reservations.add_membership"
CHANGE, REMOVE = "change_membership", "delete_membership"

Role = Membership.Role


class RoleForm(forms.Form):
    """What somebody may do at the restaurant."""

    role = forms.ChoiceField(
        label=gettext_lazy("Role"),
        choices=[
            (Role.HOST, gettext_lazy("Host: runs the evening")),
            (
                Role.MANAGER,
                gettext_lazy("Manager: also sets up tables, hours and menus, and keeps the guests' records"),
            ),
            (Role.OWNER, gettext_lazy("Owner: also the staff, and how diners book")),
        ],
        widget=forms.RadioSelect,
        initial=Role.HOST,
    )


class AddForm(RoleForm):
    """Who is added, by e-mail."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        max_length=254,
        widget=forms.EmailInput(attrs={"size": 40, "autocomplete": "off"}),
        help_text=gettext_lazy("The invitation goes here, and this is what the person signs in with."),
    )
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=150,
        required=False,
        help_text=gettext_lazy("For a new account. Who has one already keeps their name."),
    )
    field_order = ("email", "name", "role")

    def clean_email(self) -> str:
        """Return the address in its one spelling, which may be longer than what was typed."""
        email = normalise_email(self.cleaned_data["email"])
        self.fields["email"].run_validators(email)
        return email

    def clean_name(self) -> str:
        """Return the name on one line."""
        return " ".join(str(self.cleaned_data["name"]).split())


def add(model_admin: MembershipAdmin, request: HttpRequest, restaurant: Restaurant) -> HttpResponse:
    """Show the form, or add whom it names; a refusal comes back with what was typed."""
    pages.enter(request, restaurant)
    pages.need(request, ADD)
    if request.method not in pages.METHODS:
        return HttpResponseNotAllowed(pages.METHODS)
    form = AddForm(request.POST if request.method == "POST" else None)
    listed = reverse("admin:reservations_membership_changelist")
    if form.is_valid():
        try:
            member = staffing.invite(
                restaurant=restaurant,
                email=form.cleaned_data["email"],
                name=form.cleaned_data["name"],
                role=form.cleaned_data["role"],
                by=pages.by(request),
                language=get_language() or "",
            )
        except Refused as refusal:
            form.add_error("email", ValidationError(staff_text(refusal.reason)))
        else:
            model_admin.log_addition(request, member, [{"added": {}}])
            text = _("%(user)s belongs to the staff now, and is written to.")
            messages.success(request, text % {"user": member.user.email})
            return redirect(listed)
    return pages.form_page(
        model_admin,
        request,
        form,
        _("Add to the staff"),
        subtitle=str(restaurant),
        submit=_("Add and invite"),
        back=listed,
        crumbs=pages.restaurant_crumbs(request, restaurant, (listed, _("Staff"))),
    )


def give_role(model_admin: MembershipAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the role by GET, give it by POST."""
    member = subject(model_admin, request, pk, CHANGE)
    form = RoleForm(request.POST if request.method == "POST" else None, initial={"role": member.role})
    refused = ""
    if form.is_valid():
        try:
            changed = staffing.give_role(member=member, role=form.cleaned_data["role"], by=pages.by(request))
        except Refused as refusal:
            refused = staff_text(refusal.reason)
        else:
            if changed:
                model_admin.log_change(request, member, _("Role changed."))
            text = _("%(user)s is now: %(role)s.")
            messages.success(request, text % {"user": member.user, "role": member.get_role_display()})
            return _to_list(request, member)
    return act_page(
        model_admin,
        request,
        member,
        title=_("Give another role"),
        lines=_lines(member),
        refused=refused,
        form=form,
        fieldsets=[(None, {"fields": ["role"]})],
        button=_("Save"),
    )


def invite_again(model_admin: MembershipAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Ask by GET, write to a member of staff once more by POST."""
    member = subject(model_admin, request, pk, CHANGE)
    if request.method == "POST" and member.user.last_login is None:
        staffing.invite_again(member=member, by=pages.by(request), language=get_language() or "")
        messages.success(request, _("%(user)s is written to.") % {"user": member.user.email})
        return _to_list(request, member)
    return act_page(
        model_admin,
        request,
        member,
        title=_("Invite again"),
        lines=_lines(member),
        warning=_("The mail has a new link to set a password.")
        if member.user.last_login is None
        else _("This person has signed in already."),
        button=_("Invite again") if member.user.last_login is None else "",
    )


def remove(model_admin: MembershipAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Ask by GET, take a member off the staff by POST."""
    member = subject(model_admin, request, pk, REMOVE)
    refused = ""
    if request.method == "POST":
        try:
            staffing.remove(member=member, by=pages.by(request))
        except Refused as refusal:
            refused = staff_text(refusal.reason)
        else:
            text = _("%(user)s does not belong to the staff any more.")
            messages.success(request, text % {"user": member.user})
            return _to_list(request, member)
    return act_page(
        model_admin,
        request,
        member,
        title=_("Take off the staff"),
        lines=_lines(member),
        refused=refused,
        warning=_("From the next page on, nothing of this restaurant can be seen or done by this person."),
        button=_("Take off the staff"),
    )


def _to_list(request: HttpRequest, member: Membership) -> HttpResponse:
    """Go back to the list, or to the start page where the user has just given up being an owner."""
    own = member.user_id == pages.staff_of(request).pk
    return redirect("admin:index" if own else "admin:reservations_membership_changelist")


def _lines(member: Membership) -> list[str]:
    return [str(member.restaurant), str(member.user), member.user.email, str(member.get_role_display())]
