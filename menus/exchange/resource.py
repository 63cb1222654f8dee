"""What a dish is in a file: the columns, how a row finds its dish, and what it changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from menus.exchange.widgets import Codes, Labels, Position, Price, Words, YesNo
from menus.labels import Allergen, Diet
from menus.models import Dish, Menu, Section
from menus.text import one_line
from reservations.models import Restaurant
from restaurant_site.database.batches import rows_a_statement

if TYPE_CHECKING:
    from menus.exchange.typed import Field, ModelResource
else:
    from import_export.fields import Field
    from import_export.resources import ModelResource

_WHERE = ("number", "restaurant", "menu", "section")
_WHAT = ("name", "description", "price", "price_note", "allergens", "diets", "other_labels", "available", "position")
COLUMNS = (*_WHERE, *_WHAT)
_KEPT_WHERE_EMPTY = ("available", "position")


@dataclass(frozen=True, slots=True)
class Line:
    """What a row of the file, counted from 1 below the first line, does to a dish; changes are (column, old, new)."""

    row: int
    dish: Dish
    where: str
    is_new: bool
    changes: tuple[tuple[str, str, str], ...]


class DishResource(ModelResource):
    """One restaurant's dishes. It is used for one import, and keeps what that does."""

    number = Field("pk", "number", widget=Words(), readonly=True)
    restaurant = Field("restaurant__slug", "restaurant", widget=Words(), readonly=True)
    menu = Field("section__menu__name", "menu", widget=Words(), readonly=True)
    section = Field("section__name", "section", widget=Words(), readonly=True)
    name = Field("name", "name", widget=Words())
    description = Field("description", "description", widget=Words())
    price = Field("price", "price", widget=Price())
    price_note = Field("price_note", "price_note", widget=Words())
    allergens = Field("allergens", "allergens", widget=Codes(Allergen.values))
    diets = Field("diets", "diets", widget=Codes(Diet.values))
    other_labels = Field("other_labels", "other_labels", widget=Labels())
    available = Field("is_available", "available", widget=YesNo())
    position = Field("position", "position", widget=Position())

    class Meta:
        model = Dish
        fields = COLUMNS
        export_order = import_order = COLUMNS
        # Any column that is always there: `get_instance` does the finding.
        import_id_fields = ("name",)
        use_bulk = True
        batch_size = rows_a_statement(Dish)
        report_skipped = True
        store_instance = True
        skip_diff = True

    def __init__(self, place: Restaurant) -> None:
        super().__init__()
        self.place = place
        self.lines: list[Line] = []
        self.new_menus: list[Menu] = []
        self.new_sections: list[Section] = []
        rows = Dish.objects.filter(restaurant=place).select_related("section__menu").order_by("position", "pk")
        self.dishes = {dish.pk: dish for dish in rows}
        self.claimed: dict[int, int] = {}
        self._changed: dict[int, set[str]] = {}
        self._last: dict[int, int] = {}
        self._by_name: dict[tuple[int, str], list[Dish]] = {}
        for dish in self.dishes.values():
            dish.restaurant = place
            self._last[dish.section_id] = max(self._last.get(dish.section_id, 0), dish.position)
            self._by_name.setdefault((dish.section_id, dish.name), []).append(dish)
        self._menus = {menu.name: menu for menu in Menu.objects.filter(restaurant=place)}
        self._sections: dict[tuple[int, str], Section] = {}
        for section in Section.objects.filter(restaurant=place).order_by("position", "pk"):
            self._sections.setdefault((section.menu_id, section.name), section)
        self._before: dict[str, str] = {}
        self._row = 0

    def values(self, dish: Dish) -> dict[str, str]:
        """Return the cells of a dish by their columns."""
        return {field.column_name: field.export(dish) for field in self.fields.values()}

    def before_import_row(self, row: Mapping[str, str], **kwargs: Any) -> None:
        """Refuse a row of another restaurant."""
        self._row = int(kwargs["row_number"])
        self._before = {}
        slug = row.get("restaurant", "").strip()
        if slug and slug != self.place.slug:
            raise ValidationError(_("This row is of another restaurant: “%(slug)s”."), params={"slug": slug[:80]})

    def get_instance(self, loader: object, row: Mapping[str, str]) -> Dish | None:
        """Return the dish of this number, or else of this name in this section, that no row before has named."""
        number = row.get("number", "").strip()
        if not number:
            found = self._by_name.get((self._section(row).pk, one_line(row["name"])), [])
            return next((dish for dish in found if dish.pk not in self.claimed), None)
        dish = self.dishes.get(int(number)) if number.isascii() and number.isdigit() and len(number) <= 18 else None
        if dish is None:
            raise ValidationError(
                _("This restaurant has no dish of the number %(number)s."), params={"number": number[:40]}
            )
        if dish.pk in self.claimed:
            raise ValidationError(_("Row %(row)d has this dish already."), params={"row": self.claimed[dish.pk]})
        return dish

    def after_init_instance(self, instance: Dish, new: bool, row: Mapping[str, str], **kwargs: Any) -> None:
        """Put the dish into its section, after it was looked at how it was."""
        instance.restaurant = self.place
        if not new:
            self.claimed[instance.pk] = self._row
            self._before = self.values(instance)
            if any(self._before[name] != row[name] for name in ("menu", "section")):
                instance.section = self._section(row)
            return
        instance.section = self._section(row)
        # Last, unless the row says where.
        self._last[instance.section.pk] = instance.position = self._last.get(instance.section.pk, 0) + 1

    def import_field(self, field: Field, instance: Dish, row: Mapping[str, str], **kwargs: Any) -> None:
        """Read a cell, unless it says what is there already: no text is tidied up that nobody has touched."""
        text = row.get(field.column_name, "")
        if text != self._before.get(field.column_name) and (text.strip() or field.column_name not in _KEPT_WHERE_EMPTY):
            super().import_field(field, instance, row, **kwargs)

    def skip_row(self, instance: Dish, original: object, row: object, errors: object = None) -> bool:
        """Return whether the row changes nothing."""
        if errors or not self._before:
            return False
        after = self.values(instance)
        changed = {self.fields[name].attribute.split("__")[0] for name in after if after[name] != self._before[name]}
        self._changed[instance.pk] = changed
        return not changed

    def validate_instance(self, instance: Dish, errors: Any = None, validate_unique: bool = True) -> None:
        """Raise ValidationError for what no dish can be, without asking the database for each."""
        found = dict(errors or {})
        try:
            instance.clean_fields(exclude={"restaurant", "section", *found})
        except ValidationError as error:
            found = error.update_error_dict(found)
        if found:
            raise ValidationError(found)

    def after_import_row(self, row: object, result: Any, **kwargs: Any) -> None:
        """Note what the row does."""
        instance: Dish = result.instance
        after = self.values(instance)
        changes = [(name, self._before.get(name, ""), after[name]) for name in COLUMNS[2:]]
        self.lines.append(
            Line(
                row=self._row,
                dish=instance,
                where=place_of(instance),
                is_new=not self._before,
                changes=tuple(change for change in changes if change[1] != change[2]),
            )
        )

    def bulk_update(self, using_transactions: bool, dry_run: bool, *args: object, **kwargs: object) -> None:
        """Write what has changed of each dish: a tenth of the time of one statement for many rows and every column."""
        for dish in () if dry_run else self.update_instances:
            values = {name: getattr(dish, name) for name in self._changed[dish.pk]}
            Dish.objects.filter(pk=dish.pk).renewing(f"menu:{self.place.pk}").update(**values)
        self.update_instances.clear()

    def _section(self, row: Mapping[str, str]) -> Section:
        """Return the section that a row names; what is missing is made, a menu as a draft."""
        menu_name, name = one_line(row["menu"]), one_line(row["section"])
        if not menu_name:
            raise ValidationError({"menu": _("Name the menu.")})
        menu = self._menus.get(menu_name)
        if menu is None:
            menu = Menu(restaurant=self.place, name=menu_name, is_published=False, position=len(self._menus) + 1)
            menu.clean_fields(exclude={"restaurant"})
            menu.save()
            self._menus[menu_name] = menu
            self.new_menus.append(menu)
        section = self._sections.get((menu.pk, name))
        if section is None:
            count = sum(menu_id == menu.pk for menu_id, _name in self._sections)
            section = Section(restaurant=self.place, menu=menu, name=name, position=count + 1)
            section.clean_fields(exclude={"restaurant", "menu"})
            section.save()
            self._sections[menu.pk, name] = section
            self.new_sections.append(section)
        section.menu = menu
        return section


def place_of(dish: Dish) -> str:
    """Return where a dish stands, in words."""
    return " › ".join(filter(None, (dish.section.menu.name, dish.section.name)))
