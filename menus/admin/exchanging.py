"""Pages of export and import: a file, what it would change, and then that very change."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core import signing
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from menus.admin import pages, scope
from menus.exchange import reading
from menus.exchange.exporting import exported
from menus.exchange.importing import Plan, import_dishes, preview
from menus.exchange.reading import UnreadableError
from menus.exchange.resource import COLUMNS
from menus.locking import StaleError
from menus.models import Dish, Menu
from reservations.models import Restaurant
from reservations.numbers import read_number
from restaurant_site.database.replica import read, suffix

SECONDS = 3600
"""So long a preview can be applied."""
_SALT = "menus.import"
_SHOWN = 500
"""So many lines of each kind stand on the page; the counts are of all."""


class FileForm(forms.Form):
    """The file, and whether what it does not name goes."""

    file = forms.FileField(
        label=gettext_lazy("CSV file"),
        help_text=gettext_lazy("UTF-8, with the columns of an export; menu, section and name must be there."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
    )
    remove = forms.BooleanField(
        label=gettext_lazy("Remove dishes that the file does not name"),
        required=False,
        help_text=gettext_lazy("Only in menus of which the file has a dish."),
    )


def export(model_admin: admin.ModelAdmin[Menu], request: HttpRequest, pk: int) -> HttpResponse:
    """Answer with a restaurant's dishes as CSV; ``?menu=`` for those of one menu."""
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    scope.need(request, scope.VIEW_DISH, scope.CHANGE_DISH)
    restaurant = scope.restaurant_of(request, pk)
    rows, name = Dish.objects.filter(restaurant=restaurant), restaurant.slug
    number = request.GET.get("menu", "")
    if number:
        menu = read_number(number)
        rows = rows.filter(section__menu=menu)
        name = f"{name}-{menu}"
    reading = read(lambda using: exported(restaurant, rows.using(using)))
    response = HttpResponse(reading.value, content_type="text/csv; charset=utf-8")
    name = f"menu-{name}{suffix(reading.as_of, restaurant.zone)}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def importing(model_admin: admin.ModelAdmin[Menu], request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for a file, show what it would change, and do that if it still is what was shown."""
    if request.method not in ("GET", "HEAD", "POST"):
        return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
    for permission in (scope.ADD_DISH, scope.CHANGE_DISH):
        scope.need(request, permission)
    restaurant = scope.restaurant_of(request, pk)
    if "preview" in request.POST:
        return _apply(model_admin, request, restaurant)
    form = FileForm(request.POST or None, request.FILES or None)
    if isinstance(remove := form.fields["remove"], forms.BooleanField) and not request.user.has_perm(scope.DELETE_DISH):
        remove.disabled = True
    if not form.is_valid():
        return _page(model_admin, request, restaurant, form=form)
    file: UploadedFile[Any] = form.cleaned_data["file"]
    try:
        text = reading.decoded(file.read(reading.MOST_BYTES + 1))
        return _previewed(model_admin, request, restaurant, text, form.cleaned_data["remove"])
    except UnreadableError as error:
        form.add_error("file", str(error))
    return _page(model_admin, request, restaurant, form=form)


def _previewed(
    model_admin: admin.ModelAdmin[Menu],
    request: HttpRequest,
    restaurant: Restaurant,
    text: str,
    remove: bool,
    refused: str = "",
) -> HttpResponse:
    """Show what a text would change. Raises UnreadableError."""
    plan = preview(restaurant=restaurant, table=reading.table_of(text, COLUMNS), remove=remove)
    lacking = _lacking(request, plan)
    signed = ""
    if not (plan.errors or plan.is_empty or lacking):
        signed = signing.dumps(
            [restaurant.pk, scope.staff_of(request).pk, remove, plan.digest, text], salt=_SALT, compress=True
        )
    context = {"plan": plan, "shown_slice": f":{_SHOWN}", "lacking": lacking, "signed": signed, "refused": refused}
    return _page(model_admin, request, restaurant, **context)


def _apply(model_admin: admin.ModelAdmin[Menu], request: HttpRequest, restaurant: Restaurant) -> HttpResponse:
    try:
        place, user, remove, seen, text = signing.loads(request.POST["preview"], salt=_SALT, max_age=SECONDS)
    except signing.BadSignature:
        place = user = None
    if (place, user) != (restaurant.pk, scope.staff_of(request).pk):
        refused = _("This preview is too old, or not yours. Nothing was imported: send the file again.")
        return _page(model_admin, request, restaurant, form=FileForm(), refused=refused)
    table = reading.table_of(text, COLUMNS)
    try:
        plan = import_dishes(restaurant=restaurant, table=table, remove=remove, seen=seen, user=scope.staff_of(request))
    except StaleError:
        refused = _("The menus were changed meanwhile. Nothing was imported: look at the list again.")
        return _previewed(model_admin, request, restaurant, text, remove, refused)
    said = [
        ngettext("%(count)d new dish.", "%(count)d new dishes.", len(plan.new)) % {"count": len(plan.new)},
        ngettext("%(count)d changed.", "%(count)d changed.", len(plan.changed)) % {"count": len(plan.changed)},
        ngettext("%(count)d removed.", "%(count)d removed.", len(plan.removed)) % {"count": len(plan.removed)},
    ]
    messages.success(request, " ".join([_("Imported."), *said]))
    return HttpResponseRedirect(request.path)


def _lacking(request: HttpRequest, plan: Plan) -> str:
    """Say what of the plan the user may not do, if anything."""
    if plan.new_menus and not request.user.has_perm(scope.ADD_MENU):
        return _("You may not add menus, and the file names one that is not there.")
    if plan.new_sections and not request.user.has_perm(scope.ADD_SECTION):
        return _("You may not add sections, and the file names one that is not there.")
    return ""


def _page(
    model_admin: admin.ModelAdmin[Menu], request: HttpRequest, restaurant: Restaurant, **context: Any
) -> HttpResponse:
    return pages.page(
        model_admin,
        request,
        "import.html",
        _("Import dishes"),
        subtitle=str(restaurant),
        crumbs=pages.restaurant_crumbs(request, restaurant),
        columns=", ".join(COLUMNS),
        rows=reading.MOST_ROWS,
        export=pages.address("export", restaurant.pk),
        here=request.path,
        **context,
    )
