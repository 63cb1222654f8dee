"""The pages of an import: the file, the columns and what they would do, and the run in pieces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reservations.admin import pages
from reservations.importing.bookings import batches, running
from reservations.importing.bookings.batches import Preview
from reservations.importing.bookings.columns import LABELS, Field, is_of_bookings
from reservations.importing.bookings.problems import problem_text
from reservations.importing.bookings.rows import Row
from reservations.importing.bookings.sheet import MOST_BYTES, MOST_ROWS, SheetError, sheet_of, too_large
from reservations.models import BookingImport, ImportRow
from reservations.numbers import read_number

if TYPE_CHECKING:
    from reservations.admin.bringing import BookingImportAdmin

IMPORT = "reservations.add_bookingimport"
SECONDS = 4
"""A piece of the run takes so long: short beside any timeout."""

_FIRST, _MOST_PROBLEMS, _SAMPLES = 20, 200, 3
_ORDERS = (("dmy", "31.12.2027, 31/12/2027"), ("mdy", "12/31/2027"), ("ymd", "2027-12-31"))


class FileForm(forms.Form):
    """A CSV file."""

    file = forms.FileField(
        label=gettext_lazy("CSV file"),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv"}),
        error_messages={"empty": gettext_lazy("The file is empty. Its first line should name the columns.")},
    )

    def clean_file(self) -> Any:
        """Refuse a file that is too large before it is read."""
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(too_large())
        return file


class StartForm(forms.Form):
    """What staff allow an import."""

    exceeds_pacing = forms.BooleanField(
        label=gettext_lazy("Exceed pacing where it is full"),
        required=False,
        help_text=gettext_lazy("It is recorded with each of these reservations that you did. No table is taken twice."),
    )
    tells = forms.BooleanField(
        label=gettext_lazy("Tell the guests by mail"),
        required=False,
        help_text=gettext_lazy("A confirmation now and a reminder later. Otherwise nobody hears of the import."),
    )


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the file: its name, its first cells, and what is read from it."""

    number: int
    name: str
    samples: list[str]
    field: str


@dataclass(frozen=True, slots=True)
class Line:
    """A row as the preview shows it."""

    line: int
    cells: list[str]
    fate: str
    reason: str


def found(model_admin: BookingImportAdmin, request: HttpRequest, pk: int | str) -> BookingImport:
    """Return an import that the user may see, or raise Http404."""
    rows = model_admin.get_queryset(request).select_related("restaurant")
    batch = rows.filter(pk=read_number(str(pk))).first()
    if batch is None:
        raise Http404
    # The page is about this restaurant: what was needed is asked for there.
    batch.restaurant = pages.restaurant_of(request, batch.restaurant_id)
    return batch


def address(batch: BookingImport, name: str = "change") -> str:
    """Return the address of one of an import's pages."""
    return reverse(f"admin:reservations_bookingimport_{name}", args=(batch.pk,))


def upload(model_admin: BookingImportAdmin, request: HttpRequest, restaurant_pk: int) -> HttpResponse:
    """Ask for the file of a restaurant, and keep it; nothing is brought over yet."""
    pages.need(request, IMPORT)
    restaurant = pages.restaurant_of(request, restaurant_pk)
    form = FileForm(request.POST, request.FILES) if request.method == "POST" else FileForm()
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            batch = batches.begin(
                restaurant=restaurant, file_name=file.name, data=file.read(), user=pages.staff_of(request)
            )
        except SheetError as error:
            form.add_error("file", str(error))
        else:
            model_admin.log_addition(request, batch, [{"added": {}}])
            return redirect(address(batch))
    return pages.page(
        model_admin,
        request,
        "bookingimport/upload.html",
        _("Bring guests and reservations over"),
        subtitle=str(restaurant),
        form=form,
        most_rows=MOST_ROWS,
        most_megabytes=MOST_BYTES // 1024 // 1024,
        crumbs=_crumbs(),
    )


def show(model_admin: BookingImportAdmin, request: HttpRequest, pk: int | str) -> HttpResponse:
    """Show an import: before it begins what it would do, then how far it is and what could not be placed."""
    pages.need(request, IMPORT, "reservations.view_bookingimport")
    batch = found(model_admin, request, pk)
    context: dict[str, Any] = {"batch": batch, "crumbs": _crumbs(), "restaurant": batch.restaurant}
    if batch.status == BookingImport.Status.READ:
        try:
            context |= _preview(batch)
        except SheetError as error:
            context["refused"] = str(error)
        template = "bookingimport/preview.html"
    else:
        template = "bookingimport/result.html"
        context |= _result(batch)
    return pages.page(model_admin, request, template, batch.file_name, subtitle=str(batch.restaurant), **context)


def columns(model_admin: BookingImportAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Choose what is read from which column, and show what it would do."""
    batch = _posted(model_admin, request, pk)
    if isinstance(batch, HttpResponse):
        return batch
    chosen: dict[str, int] = {}
    for number in range(len(batch.header)):
        name = request.POST.get(f"column-{number}", "")
        if name in list(Field):
            chosen.setdefault(name, number)
    batches.choose(batch, chosen, request.POST.get("date_order", ""))
    return redirect(address(batch))


def start(model_admin: BookingImportAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Write the rows down and begin to bring them over; begun twice is begun once."""
    batch = _posted(model_admin, request, pk)
    if isinstance(batch, HttpResponse):
        return batch
    form = StartForm(request.POST)
    form.is_valid()
    try:
        if batch.status == BookingImport.Status.READ:
            batches.start(batch, exceed_pacing=form.cleaned_data["exceeds_pacing"], tell=form.cleaned_data["tells"])
            model_admin.log_change(request, batch, _("Begun."))
    except SheetError as error:
        messages.error(request, str(error))
    return redirect(address(batch))


def run(model_admin: BookingImportAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Bring some rows over, for a few seconds; the page asks again until none is left, or staff press the button."""
    batch = _posted(model_admin, request, pk)
    if isinstance(batch, HttpResponse):
        return batch
    is_done = batch.status != BookingImport.Status.RUNNING or running.run(
        batch, by=pages.by(request), user=pages.staff_of(request), seconds=SECONDS
    )
    if request.headers.get("HX-Request") != "true":
        return redirect(address(batch))
    if is_done:
        return HttpResponse(headers={"HX-Refresh": "true"})
    context = {"batch": batch, **_result(batch)}
    return render(request, "admin/reservations/bookingimport/_progress.html", context)


def _posted(model_admin: BookingImportAdmin, request: HttpRequest, pk: int) -> BookingImport | HttpResponse:
    """Return the import on whose page a button was pressed; asked for as a page, the address answers with that page.

    So whoever had to sign in again meanwhile is led to it, and what was chosen is put back there.
    """
    pages.need(request, IMPORT)
    if request.method == "POST":
        return found(model_admin, request, pk)
    return show(model_admin, request, pk) if request.method in pages.METHODS else HttpResponseNotAllowed(pages.METHODS)


def _crumbs() -> list[tuple[str, str]]:
    return [(reverse("admin:reservations_bookingimport_changelist"), _("Imports"))]


def _preview(batch: BookingImport) -> dict[str, Any]:
    sheet = sheet_of(batch.text)
    field_of = {number: name for name, number in batch.columns.items()}
    listed = [
        Column(
            number,
            name or _("(no name)"),
            [cells[number][:60] for _line, cells in sheet.rows[:_SAMPLES] if number < len(cells)],
            field_of.get(number, ""),
        )
        for number, name in enumerate(sheet.header)
    ]
    would = batches.preview(batch)
    counts = would.counts
    troubled = [row for row in would.rows if would.fate(row) in (ImportRow.Status.REFUSED, ImportRow.Status.SKIPPED)]
    return {
        "columns": listed,
        "fields": [(field.value, LABELS[field]) for field in Field],
        "orders": _ORDERS,
        "lacking": would.lacking,
        "of_bookings": would.of_bookings,
        "total": len(would.rows),
        "fates": _fates(counts),
        "first": [_shown(would, row) for row in would.rows[:_FIRST]],
        "troubled": [_shown(would, row) for row in troubled[:_MOST_PROBLEMS]],
        "more_troubled": max(0, len(troubled) - _MOST_PROBLEMS),
        "start_form": StartForm(),
        "can_start": counts[ImportRow.Status.WAITING] + counts[ImportRow.Status.REFUSED] > 0,
    }


def _shown(would: Preview, row: Row) -> Line:
    reasons = [problem_text(would.code(row)), *row.remarks]
    if row.twin and row.twin != row.line:
        reasons.insert(0, _("Line %(line)d says the same.") % {"line": row.twin})
    fate = ImportRow.Status(would.fate(row))
    told = [row.told.get(name, "") for name in ("date", "time", "party", "name", "email", "phone")]
    return Line(row.line, told, str(_BEFORE[fate]), " ".join(text for text in reasons if text))


_BEFORE = {
    ImportRow.Status.WAITING: gettext_lazy("will be brought over"),
    ImportRow.Status.KNOWN: gettext_lazy("was brought over before"),
    ImportRow.Status.SKIPPED: gettext_lazy("is left out"),
    ImportRow.Status.REFUSED: gettext_lazy("can't be placed"),
    ImportRow.Status.PLACED: gettext_lazy("is brought over"),
}


def _fates(counts: Any) -> list[tuple[str, int]]:
    return [(str(text), counts[status]) for status, text in _BEFORE.items() if counts[status]]


def _result(batch: BookingImport) -> dict[str, Any]:
    state = running.progress(batch)
    left = list(running.unplaced(batch)[: _MOST_PROBLEMS + 1])
    return {
        "state": state,
        "fates": [(str(status.label), state.counts[status]) for status in ImportRow.Status if state.counts[status]],
        "unplaced": [(row, problem_text(row.reason)) for row in left[:_MOST_PROBLEMS]],
        "of_bookings": is_of_bookings(batch.columns),
        "is_cut": len(left) > _MOST_PROBLEMS,
        "is_running": batch.status == BookingImport.Status.RUNNING,
    }
