"""Who may do what, where: a role at a restaurant grants permissions there and nowhere else.

Everything of a restaurant goes by roles alone: a permission that a user or a
group holds in Django's own way counts only for what belongs to no restaurant.
A permission that stands in no list here is for superusers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import FieldDoesNotExist, PermissionDenied
from django.db.models import Model, QuerySet

from reservations.models import Membership, Restaurant, User

M = TypeVar("M", bound=Model)
Role = Membership.Role
AnyUser: TypeAlias = User | AnonymousUser


def _all(verbs: str, models: str, app: str = "reservations") -> list[str]:
    return [f"{app}.{verb}_{model}" for model in models.split() for verb in verbs.split()]


_GRANTS: dict[Role, list[str]] = {
    # Runs the evening, and looks up what it runs by.
    Role.HOST: [
        *_all("view", "restaurant restaurantcuisine area table tablecombination combinationtable"),
        *_all("view", "openingperiod service turntime specialday closure historyevent bookingrequest"),
        *_all("view add change", "reservation waitlistentry block"),
        *_all("view", "brake"),
        *_all("view change", "guest"),
        *_all("view sell_out", "dish", "menus"),
        *_all("view", "menu section", "menus"),
    ],
    # Sets up the house, answers large parties, and keeps the guests' records.
    Role.MANAGER: [
        *_all("change", "restaurant bookingrequest"),
        *_all("add change delete", "restaurantcuisine area table tablecombination"),
        *_all("add change delete", "openingperiod service turntime specialday closure"),
        *_all("merge export delete", "guest"),
        *_all("view add", "bookingimport importrow"),
        *_all("view", "refusal serviceday tableclaim"),
        *_all("view change", "message"),
        *_all("view", "report"),
        *_all("add change delete", "menu section dish", "menus"),
    ],
    # Decides who works here, and how diners book.
    Role.OWNER: [
        *_all("view add change delete", "membership"),
        *_all("set", "booking"),
    ],
}

RANK = {role: number for number, role in enumerate(Role)}

LEAST: dict[str, Role] = {permission: role for role, names in _GRANTS.items() for permission in names}
"""The least role that grants each permission. Not every one is of a model: ``merge_guest`` opens a page."""

_APPS = frozenset({"reservations", "menus"})
_OF_NO_RESTAURANT = frozenset({"jobbeat"})


@dataclass(slots=True)
class _Reach:
    """What is known of a user for as long as the object lives, which is one request."""

    roles: dict[int, Role]
    hosts_use_codes: bool = False
    at: int | None = None
    needed: list[tuple[str, ...]] = field(default_factory=list)


def is_by_role(permission: str) -> bool:
    """Return whether a permission is about what belongs to a restaurant, and so goes by roles alone."""
    app, _dot, codename = permission.partition(".")
    return app in _APPS and codename.rpartition("_")[2] not in _OF_NO_RESTAURANT


def roles_of(user: AnyUser) -> dict[int, Role]:
    """Return a user's role at each restaurant by its number; none for a superuser, who needs none.

    One statement for the life of the user object.
    """
    return _reach(user).roles


def role_at(user: AnyUser, restaurant_id: int) -> Role | None:
    """Return the role of a user at a restaurant; a superuser is an owner everywhere."""
    return Role.OWNER if _is_superuser(user) else roles_of(user).get(restaurant_id)


def may(user: AnyUser, permission: str, restaurant_id: int) -> bool:
    """Return whether a user may do something at a restaurant."""
    if _is_superuser(user):
        return True
    role = role_at(user, restaurant_id)
    return role is not None and permission in LEAST and RANK[role] >= RANK[LEAST[permission]]


def may_anywhere(user: AnyUser, permission: str) -> bool:
    """Return whether a user may do something at one of the restaurants at least."""
    return _is_superuser(user) or any(may(user, permission, pk) for pk in roles_of(user))


def restaurants_of(user: AnyUser, *permissions: str) -> QuerySet[Restaurant]:
    """Return the restaurants where a user may do one of these things, without any those that the user belongs to.

    Not read yet: it serves as a subquery.
    """
    rows = Restaurant.objects.all()
    return rows if _is_superuser(user) else rows.filter(pk__in=_granting(user, permissions))


def needs_codes(user: AnyUser) -> bool:
    """Return whether a user signs in with a code besides the password, by role, or as the host of a wary restaurant."""
    if _is_superuser(user):
        return True
    reach = _reach(user)
    return reach.hosts_use_codes or any(RANK[role] >= RANK[Role.MANAGER] for role in reach.roles.values())


def only_restaurant(user: AnyUser) -> int | None:
    """Return the number of the restaurant of a user who belongs to one alone; there is nothing to choose then."""
    roles = roles_of(user)
    return next(iter(roles)) if len(roles) == 1 else None


def visible(rows: QuerySet[M], user: AnyUser) -> QuerySet[M]:
    """Return those of the rows that a user may see or change; rows that belong to no restaurant stay as they are.

    A restaurant is seen by whoever belongs to it.
    """
    opts = rows.model._meta
    if rows.model is Restaurant:
        return within(rows, user)
    return within(rows, user, *(f"{opts.app_label}.{verb}_{opts.model_name}" for verb in ("view", "change")))


def within(rows: QuerySet[M], user: AnyUser, *permissions: str) -> QuerySet[M]:
    """Return those of the rows whose restaurant lets a user do one of these things; for what a form offers."""
    name = _place_field(rows.model)
    if name is None or _is_superuser(user):
        return rows
    return rows.filter(**{f"{name}__in": _granting(user, permissions)})


def place_of(row: Model | None) -> int | None:
    """Return the number of the restaurant that a row belongs to, or None."""
    if isinstance(row, Restaurant):
        return row.pk
    return getattr(row, "restaurant_id", None)


def need(user: AnyUser, *permissions: str) -> None:
    """Raise PermissionDenied unless a user has one of the permissions: here, once `enter` says where, else anywhere."""
    reach = _reach(user)
    reach.needed.append(permissions)
    if not any(user.has_perm(permission) for permission in permissions):
        raise PermissionDenied


def enter(user: AnyUser, restaurant_id: int | None) -> None:
    """Say that the page at hand is about one restaurant: permissions asked for without an object are asked there.

    Raises PermissionDenied where what was needed before is not granted there. None changes nothing.
    """
    if restaurant_id is None:
        return
    reach = _reach(user)
    reach.at = restaurant_id
    for permissions in reach.needed:
        if not any(user.has_perm(permission) for permission in permissions):
            raise PermissionDenied


class RoleBackend(ModelBackend):
    """Signs in by address and password, and grants what `may` grants.

    Without an object: at the restaurant that the page has entered, else at any
    of the user's. With an object: at its restaurant.
    """

    def has_perm(self, user_obj: AnyUser, perm: str, obj: Model | None = None) -> bool:
        """Return whether a role grants the permission, or Django's own way for what belongs to no restaurant."""
        if not is_by_role(perm):
            return super().has_perm(user_obj, perm, obj)
        place = place_of(obj) if obj is not None else _reach(user_obj).at
        if place is not None:
            return may(user_obj, perm, place)
        return obj is None and may_anywhere(user_obj, perm)

    def get_all_permissions(self, user_obj: AnyUser, obj: Model | None = None) -> set[str]:
        """Return every permission that `has_perm` grants."""
        found = super().get_all_permissions(user_obj, obj)
        if _is_superuser(user_obj):
            return found
        by_role = {permission for permission in LEAST if self.has_perm(user_obj, permission, obj)}
        return {permission for permission in found if not is_by_role(permission)} | by_role


def _granting(user: AnyUser, permissions: Sequence[str]) -> QuerySet[Any, Any]:
    """Return the numbers of the restaurants where a user's role grants a permission (any role where none is named)."""
    least = min((RANK[LEAST[name]] for name in permissions if name in LEAST), default=0 if not permissions else None)
    if not user.is_active or least is None:
        return Membership.objects.none().values("restaurant")
    roles = [role for role in Role if RANK[role] >= least]
    return Membership.objects.filter(user=user.pk, role__in=roles).order_by().values("restaurant")


def _place_field(model: type[Model]) -> str | None:
    if model is Restaurant:
        return "pk"
    try:
        relation = model._meta.get_field("restaurant")
    except FieldDoesNotExist:
        return None
    return "restaurant" if relation.related_model is Restaurant else None


def _is_superuser(user: AnyUser) -> bool:
    return user.is_active and bool(getattr(user, "is_superuser", False))


def _reach(user: AnyUser) -> _Reach:
    found: _Reach | None = getattr(user, "_reach", None)
    if found is None:
        rows = list(_memberships(user))
        found = _Reach({pk: role for pk, role, _codes in rows}, any(codes for _pk, _role, codes in rows))
        setattr(user, "_reach", found)  # noqa: B010 - no attribute of Django's class
    return found


def _memberships(user: AnyUser) -> Iterable[tuple[int, Role, bool]]:
    if not user.is_active or _is_superuser(user):
        return []
    rows = Membership.objects.filter(user=user.pk).order_by("restaurant")
    found = rows.values_list("restaurant", "role", "restaurant__hosts_use_codes")
    return [(pk, Role(role), codes) for pk, role, codes in found]
