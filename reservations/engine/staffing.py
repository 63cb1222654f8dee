"""Write rules of a restaurant's staff: who belongs to it, and in which role. One owner stays, whatever happens."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from reservations.engine.errors import Reason, Refused
from reservations.engine.locks import retried
from reservations.history import trail
from reservations.history.trail import By, Event
from reservations.messages.outgoing import invitation, send_later
from reservations.models import Membership, Restaurant, User, new_session_mark, normalise_email

__all__ = ["give_role", "invite", "invite_again", "remove"]

Role = Membership.Role


def invite(*, restaurant: Restaurant, email: str, name: str, role: str, by: By, language: str = "") -> Membership:
    """Add somebody to the staff by e-mail, with an account where there is none yet, and write to them.

    A new account has no password: the mail has a link to set one. name is that
    of a new account; nobody else's is touched. Raises `Refused`: ALREADY_STAFF,
    or NOT_TO_BE_ADDED for superusers and accounts that are switched off.
    """
    address = normalise_email(email)

    def work() -> Membership:
        user = User.objects.filter(email=address).first()
        if user is None:
            user = User.objects.create_user(address, None, name=name, is_staff=True)
        elif user.is_superuser or not user.is_active:
            raise Refused(Reason.NOT_TO_BE_ADDED)
        elif Membership.objects.filter(user=user, restaurant=restaurant).exists():
            raise Refused(Reason.ALREADY_STAFF)
        User.objects.filter(pk=user.pk, is_staff=False).update(is_staff=True)
        member = Membership.objects.create(user=user, restaurant=restaurant, role=role)
        _tell("staff_added", member, by, {"role": [None, role]})
        send_later([invitation(member, timezone.now(), language)])
        return member

    return retried(work, exhausted=Reason.CHANGED_MEANWHILE)


def invite_again(*, member: Membership, by: By, language: str = "") -> None:
    """Write to a member of staff once more."""

    def work() -> None:
        _tell("staff_invited", member, by, {})
        send_later([invitation(member, timezone.now(), language)])

    retried(work, exhausted=Reason.CHANGED_MEANWHILE)


def give_role(*, member: Membership, role: str, by: By) -> bool:
    """Give a member of staff another role; return False where it is theirs already.

    Raises `Refused`: LAST_OWNER, or CHANGED_MEANWHILE where they are gone.
    """

    def work() -> bool:
        before = _locked(member).role
        if before == role:
            return False
        if before == Role.OWNER:
            _keep_an_owner(member)
        Membership.objects.filter(pk=member.pk).update(role=role)
        _tell("role_changed", member, by, {"role": [before, role]})
        return True

    changed = retried(work, exhausted=Reason.CHANGED_MEANWHILE)
    member.role = role
    return changed


def remove(*, member: Membership, by: By) -> None:
    """Take a member off the staff; the account stays, for other restaurants and for what it has done.

    Raises `Refused`: LAST_OWNER, or CHANGED_MEANWHILE where they are gone already.
    """

    def work() -> None:
        before = _locked(member).role
        if before == Role.OWNER:
            _keep_an_owner(member)
        _tell("staff_removed", member, by, {"role": [before, None]})
        Membership.objects.filter(pk=member.pk).delete()
        if not Membership.objects.filter(user=member.user_id).exists():
            # Nothing is left to be signed in for.
            User.objects.filter(pk=member.user_id, is_superuser=False).update(session_mark=new_session_mark())

    retried(work, exhausted=Reason.CHANGED_MEANWHILE)


def _locked(member: Membership) -> Membership:
    """Lock the restaurant's staff in its order, so that two owners never remove each other."""
    rows = Membership.objects.filter(restaurant=member.restaurant_id).order_by("pk").select_for_update()
    found = next((row for row in rows if row.pk == member.pk), None)
    if found is None:
        raise Refused(Reason.CHANGED_MEANWHILE)
    return found


def _keep_an_owner(member: Membership) -> None:
    """Raise `Refused` (LAST_OWNER) where nobody else could sign in as an owner."""
    owners = Membership.objects.filter(restaurant=member.restaurant_id, role=Role.OWNER, user__is_active=True)
    if not owners.exclude(pk=member.pk).exists():
        raise Refused(Reason.LAST_OWNER)


def _tell(kind: str, member: Membership, by: By, changes: dict[str, Any]) -> None:
    event = Event(kind, "membership", member.pk, None, changes | {"user": member.user_id})
    trail.note(member.restaurant_id, [event], by, timezone.now())
