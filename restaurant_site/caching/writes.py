"""Models whose writes renew tags: whatever way a row is written by the ORM, and in the transaction that writes it.

Tags come from the columns of the row, as they were and as they will be. Raw
SQL goes past all of this: its author calls `outbox.changed`.
"""

from __future__ import annotations

import string
from collections.abc import Collection, Iterable, Mapping
from typing import Any, ClassVar, Self, TypeVar

from django.db import connections, models, router, transaction
from django.db.models import signals

from restaurant_site.caching.outbox import changed
from restaurant_site.database import dialect

M = TypeVar("M", bound=models.Model)

_ROWS = 1000
"""Rows of one UPDATE: as many as an IN list takes on every database."""


class Tags:
    """The tags that a row of a model renews, as patterns over its columns: ``Tags("menu:{restaurant_id}")``.

    fixed says that the columns of the patterns never change once a row is
    there, so that nothing has to be read before it is saved; to change one
    raises ValueError.
    """

    def __init__(self, *patterns: str, fixed: bool = False) -> None:
        self.patterns = patterns
        self.fixed = fixed
        parsed = (name for pattern in patterns for _text, name, _spec, _conversion in string.Formatter().parse(pattern))
        self.columns: tuple[str, ...] = tuple(dict.fromkeys(name for name in parsed if name))

    def of(self, values: Mapping[str, Any]) -> set[str]:
        """Return the tags of a row with these values; without a pattern whose value is not known yet (None)."""
        return {
            pattern.format_map(values)
            for pattern in self.patterns
            if not any(
                values[name] is None
                for _text, name, _spec, _conversion in string.Formatter().parse(pattern)
                if name is not None
            )
        }

    def of_row(self, row: models.Model) -> set[str]:
        """Return the tags of a row as it is in memory."""
        return self.of({name: getattr(row, name) for name in self.columns})

    def of_rows(self, rows: Iterable[Mapping[str, Any]]) -> set[str]:
        """Return the tags of rows of `values`."""
        return {tag for row in rows for tag in self.of(row)}


class CachedQuerySet(models.QuerySet[M]):
    """A queryset whose writes renew the tags of the rows that they touch."""

    _renewed: tuple[str, ...] | None = None

    def renewing(self, *tags: str) -> CachedQuerySet[M]:
        """Return the queryset with the tags of all its rows given by the caller, who knows them.

        An update then reads nothing beforehand. The columns of the tags must not
        be among those that it sets.
        """
        clone: CachedQuerySet[M] = self.all()
        clone._renewed = tags
        return clone

    def _clone(self) -> CachedQuerySet[M]:
        clone: CachedQuerySet[M] = super()._clone()  # type: ignore[misc]
        clone._renewed = self._renewed
        return clone

    @property
    def _tags(self) -> Tags:
        tags: Tags = getattr(self.model, "cache_tags")  # noqa: B009 - typed so
        return tags

    def update(self, **values: Any) -> int:
        """Update, and renew the tags of the rows as they were and as they are.

        The rows are locked and then updated by primary key, so that none is
        updated whose tags were not read; whoever waits for them decides by the
        conditions anew, as with any UPDATE.
        """
        if self.query.is_sliced:
            return super().update(**values)
        touched = set(self._tags.columns) & {_column(self.model, name) for name in values}
        if touched and (self._tags.fixed or self._renewed is not None):
            raise ValueError(f"{', '.join(sorted(touched))} of a {self.model._meta.verbose_name} can't be changed.")
        with transaction.atomic(using=self.db, savepoint=False):
            if self._renewed is not None:
                updated = super().update(**values)
                if updated:
                    changed(*self._renewed, using=self.db)
                return updated
            rows = self._locked()
            updated, keys = 0, [row["pk"] for row in rows]
            tags = self._tags.of_rows(rows)
            for start in range(0, len(keys), _ROWS):
                some = keys[start : start + _ROWS]
                updated += super(CachedQuerySet, self.filter(pk__in=some)).update(**values)
                if touched:
                    after = self.model._base_manager.using(self.db).filter(pk__in=some)
                    tags |= self._tags.of_rows(after.values("pk", *self._tags.columns))
            changed(*sorted(tags), using=self.db)
            return updated

    update.alters_data = True  # type: ignore[attr-defined]

    def _locked(self) -> list[dict[str, Any]]:
        """Lock the rows, and return the columns of their tags."""
        columns = ["pk", *(name for name in self._tags.columns if name != "pk")]
        # As weak as the UPDATE's own lock: the stronger one would keep every insert of a child waiting.
        no_key = dialect.of(connections[self.db]).no_key
        query = self.query
        tables = sum(1 for used in query.alias_refcount.values() if used)
        if not (query.annotations or query.distinct or query.combinator or tables > 1):
            return list(self.order_by().select_for_update(no_key=no_key).values(*columns))
        # A lock over a join is not portable, and one over a subquery is planned badly.
        keys = list(self.order_by().values_list("pk", flat=True))
        rows: list[dict[str, Any]] = []
        for start in range(0, len(keys), _ROWS):
            some = self.model._base_manager.using(self.db).filter(pk__in=keys[start : start + _ROWS]).order_by()
            rows += some.select_for_update(no_key=no_key).values(*columns)
        return rows

    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete, with the rows locked before they are loaded: none is moved by another in between."""
        if self._tags.fixed or self.query.is_sliced or self.query.distinct:
            return super().delete()
        with transaction.atomic(using=self.db, savepoint=False):
            changed(*sorted(self._tags.of_rows(self._locked())), using=self.db)
            return super().delete()

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]

    def _raw_delete(self, using: str | None) -> int:
        """Delete without signals, as Django does where it believes that nobody listens."""
        with transaction.atomic(using=using, savepoint=False):
            tags = self._tags.of_rows(self.order_by().values("pk", *self._tags.columns))
            deleted: int = super()._raw_delete(using)
            changed(*sorted(tags), using=using)
            return deleted

    _raw_delete.alters_data = True  # type: ignore[attr-defined]

    def bulk_create(
        self,
        objs: Iterable[M],
        batch_size: int | None = None,
        ignore_conflicts: bool = False,
        update_conflicts: bool = False,
        *args: Any,
        **kwargs: Any,
    ) -> list[M]:
        """Insert rows. Those that exist already can't be updated in passing: what they were is not known."""
        if update_conflicts:
            raise NotImplementedError("bulk_create(update_conflicts=True) is neither portable nor seen by the cache.")
        rows = list(objs)
        with transaction.atomic(using=self.db, savepoint=False):
            made: list[M] = super().bulk_create(rows, batch_size, ignore_conflicts, False, *args, **kwargs)
            changed(*sorted({tag for row in made for tag in self._tags.of_row(row)}), using=self.db)
            return made


CachedManager = models.Manager.from_queryset(CachedQuerySet)
"""The manager of `CachedQuerySet`."""


class CachedModel(models.Model):
    """A model whose rows are shown from the cache: ``cache_tags`` says which tags a row renews.

    Its manager is the base manager too, so that Django's own writes, such as
    SET_NULL, go through it.
    """

    cache_tags: ClassVar[Tags]

    objects = CachedManager()

    class Meta:
        abstract = True
        base_manager_name = "objects"

    # The tags as the row was before this save.
    _before: set[str]

    @classmethod
    def from_db(cls, db: str | None, field_names: Collection[str], values: Collection[Any], **more: Any) -> Self:
        """Remember the columns of the tags as they are stored."""
        row = super().from_db(db, field_names, values, **more)
        row._remember()
        return row

    def _remember(self) -> None:
        held = self.__dict__
        columns = ["id" if name == "pk" else name for name in self.cache_tags.columns]
        held["_stored"] = {name: held[name] for name in columns} if all(name in held for name in columns) else {}

    def save_base(
        self,
        raw: bool = False,
        force_insert: Any = False,
        force_update: bool = False,
        using: str | None = None,
        update_fields: Iterable[str] | None = None,
    ) -> None:
        """Save, and renew the tags of the row as it was and as it is, in one transaction."""
        using = using or router.db_for_write(type(self), instance=self)
        tags = self.cache_tags
        if tags.fixed:
            self._refuse_moving()
        with transaction.atomic(using=using, savepoint=False):
            self._before = set()
            super().save_base(raw, force_insert, force_update, using, update_fields)
            changed(*(self._before | tags.of_row(self)), using=using)
        self._remember()

    save_base.alters_data = True  # type: ignore[attr-defined]

    def delete(self, using: str | None = None, keep_parents: bool = False) -> tuple[int, dict[str, int]]:
        """Delete, and renew the tags of the row as the database has it, in one transaction."""
        using = using or router.db_for_write(type(self), instance=self)
        if self.cache_tags.fixed or self.pk is None:
            return super().delete(using, keep_parents)
        with transaction.atomic(using=using, savepoint=False):
            changed(*sorted(self._stored_tags(using)), using=using)
            return super().delete(using, keep_parents)

    delete.alters_data = True  # type: ignore[attr-defined]

    def _do_update(self, base_qs: Any, using: Any, *rest: Any, **more: Any) -> Any:
        """Update where the row's tags are still those that were loaded; else read and lock it first.

        So the old tags are known to be right, and cost a statement only where
        another has moved the row meanwhile.
        """
        stored: dict[str, Any] = self.__dict__.get("_stored", {})
        if stored and self.cache_tags.fixed:
            # As they are now, which has been made sure of.
            return super()._do_update(base_qs, using, *rest, **more)
        if stored:
            done = super()._do_update(base_qs.filter(**stored), using, *rest, **more)
            if done:
                self._before = self.cache_tags.of({"pk": self.pk, **stored})
                return done
        self._before = self._stored_tags(using)
        return super()._do_update(base_qs, using, *rest, **more)

    def own_tags(self) -> tuple[str, ...]:
        """Return the tags of this row, for `CachedQuerySet.renewing`."""
        return tuple(sorted(self.cache_tags.of_row(self)))

    def _refuse_moving(self) -> None:
        stored: dict[str, Any] = self.__dict__.get("_stored", {})
        for name, value in stored.items():
            if getattr(self, name) != value:
                raise ValueError(f"{name} of a {self._meta.verbose_name} can't be changed.")

    def _stored_tags(self, using: str) -> set[str]:
        """Lock the row, and return its tags as the database has it."""
        meta = self._meta
        names = [name for name in self.cache_tags.columns if name != "pk"]
        if not names:
            return self.cache_tags.of_row(self)
        known = {field.attname: str(field.column) for field in meta.concrete_fields}
        columns = [known[name] for name in names]
        row = dialect.locked_row(using, meta.db_table, columns, str(meta.pk.column), self.pk)
        return self.cache_tags.of({"pk": self.pk, **dict(zip(names, row, strict=True))}) if row else set()


def _column(model: type[models.Model], name: str) -> str:
    field = model._meta.pk if name == "pk" else model._meta.get_field(name)
    return str(getattr(field, "attname", name))


def cached_models() -> list[type[CachedModel]]:
    """Return every model whose rows are shown from the cache."""
    from django.apps import apps

    return [model for model in apps.get_models() if issubclass(model, CachedModel)]


def connect() -> None:
    """Listen to deletions. That alone keeps Django from deleting rows, in a cascade too, without reading them."""
    for model in cached_models():
        signals.pre_delete.connect(_deleted, sender=model, dispatch_uid=f"caching.{model._meta.label}")


def _deleted(sender: type[CachedModel], instance: CachedModel, using: str, **_kwargs: Any) -> None:
    changed(*sorted(sender.cache_tags.of_row(instance)), using=using)


__all__ = ["CachedManager", "CachedModel", "CachedQuerySet", "Tags", "cached_models", "connect"]
