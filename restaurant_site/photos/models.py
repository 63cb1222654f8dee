"""The columns of a row with a photo, and what becomes of the photo when the row changes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import partial
from typing import Any, Self

from django.apps import apps
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from restaurant_site.photos import unused
from restaurant_site.photos.photo import NAME_LENGTH, Photo

ALT_LENGTH = 200

_FIELDS = ("photo_name", "photo_width", "photo_height")


class WithPhoto(models.Model):
    """A row that may have one photo; stands behind `CachedModel` among the bases.

    Saving a row writes its photo only if this object was given another: a form
    that lay open while a colleague removed the photo does not bring it back.
    A photo that a row parts with is deleted after the commit, unless another
    row has it too; those of rows deleted in bulk or in a cascade, by the sweep.
    """

    photo_name = models.CharField(
        _("photo"), max_length=NAME_LENGTH, blank=True, default="", db_default="", editable=False, db_index=True
    )
    photo_width = models.PositiveSmallIntegerField(_("width of the photo"), default=0, db_default=0, editable=False)
    photo_height = models.PositiveSmallIntegerField(_("height of the photo"), default=0, db_default=0, editable=False)
    photo_alt = models.CharField(
        _("what the photo shows"),
        max_length=ALT_LENGTH,
        blank=True,
        default="",
        db_default="",
        help_text=_(
            "In a few words, for guests who can't see it and for when it does not load, such as “The terrace by the "
            "river in the evening”. In the language of the restaurant."
        ),
    )

    class Meta:
        abstract = True

    @property
    def photo(self) -> Photo | None:
        """The row's photo."""
        if not self.photo_name:
            return None
        return Photo(self.photo_name, self.photo_width, self.photo_height, self.photo_alt)

    def set_photo(self, name: str = "", width: int = 0, height: int = 0) -> None:
        """Give the row another photo, or none; to be saved."""
        self.photo_name, self.photo_width, self.photo_height = name, width, height

    @classmethod
    def from_db(cls, db: str | None, field_names: Collection[str], values: Collection[Any], **more: Any) -> Self:
        """Remember the photo as it is stored."""
        row = super().from_db(db, field_names, values, **more)
        row._remember_photo()
        return row

    def _remember_photo(self) -> None:
        held = self.__dict__
        if all(name in held for name in _FIELDS):
            held["_stored_photo"] = _kept(self)

    def save_base(
        self,
        raw: bool = False,
        force_insert: Any = False,
        force_update: bool = False,
        using: str | None = None,
        update_fields: Iterable[str] | None = None,
    ) -> None:
        """Save, and delete the former photo after the commit."""
        before: Photo | None = self.__dict__.get("_stored_photo")
        is_written = update_fields is None or "photo_name" in update_fields
        super().save_base(raw, force_insert, force_update, using, update_fields)
        if is_written:
            if before is not None and before.name != self.photo_name:
                transaction.on_commit(partial(unused.discard, before), using=using, robust=True)
            self._remember_photo()

    save_base.alters_data = True  # type: ignore[attr-defined]

    def _do_update(self, base_qs: Any, using: Any, pk_val: Any, values: Any, *rest: Any, **more: Any) -> Any:
        """Leave out the photo's columns where this object was not given another photo."""
        if "_stored_photo" in self.__dict__ and self.__dict__["_stored_photo"] == _kept(self):
            values = [value for value in values if value[0].name not in _FIELDS]
        return super()._do_update(base_qs, using, pk_val, values, *rest, **more)

    def delete(self, using: str | None = None, keep_parents: bool = False) -> tuple[int, dict[str, int]]:
        """Delete the row, and its photo after the commit."""
        photo = _kept(self)
        deleted = super().delete(using, keep_parents)
        if photo is not None:
            transaction.on_commit(partial(unused.discard, photo), using=using, robust=True)
        return deleted

    delete.alters_data = True  # type: ignore[attr-defined]


def _kept(row: WithPhoto) -> Photo | None:
    """Return the photo of a row as the storage knows it."""
    return Photo(row.photo_name, row.photo_width, row.photo_height, "") if row.photo_name else None


def photo_models() -> list[type[WithPhoto]]:
    """Return every model whose rows may have a photo."""
    return [model for model in apps.get_models() if issubclass(model, WithPhoto)]
