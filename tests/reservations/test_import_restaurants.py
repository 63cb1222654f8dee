"""`manage.py import_restaurants`: real rows, the tables they get, and files that are not as they should be."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from pytest_django import DjangoAssertNumQueries, Settings

from reservations.engine.availability import Ask, day_reason, times
from reservations.engine.errors import Reason
from reservations.importing.countries import country_of_zone, currency_of_country
from reservations.importing.facts import slug_for
from reservations.importing.progress import Progress
from reservations.importing.tables import parse_rule
from reservations.models import Restaurant, Service, SpecialDay, Table, TableCombination, TurnTime
from reservations.queries.day import day_plan
from tests.factories import make_restaurant
from tests.reservations.importing import SAMPLE, row, run, run_rows, write

pytestmark = pytest.mark.django_db


def by_name(name: str) -> Restaurant:
    return Restaurant.objects.get(name=name)


def test_the_sample_comes_in_whole_and_is_counted() -> None:
    answer = run(SAMPLE)
    assert answer.err == ""
    assert answer.count("restaurants created") == Restaurant.objects.count() == 61
    assert answer.count("rows that can't be used") == 0
    assert answer.count("hours understood") == 42
    assert answer.count("hours not understood") == 19
    assert answer.count("bookable online") == Restaurant.objects.filter(online_booking="on").count()
    assert answer.count("services written") == Service.objects.filter(special_day=None).count()
    assert answer.count("special days written") == SpecialDay.objects.count() > 100
    assert answer.count("tables written") == Table.objects.count()


def test_a_place_is_stored_as_its_row_says() -> None:
    run(SAMPLE)
    tomo = by_name("Tomo")
    assert (tomo.slug, tomo.source_ref) == ("tomo-n5734434230", "osm:node/5734434230")
    assert (tomo.street, tomo.city, tomo.country, tomo.currency) == ("Flushing Avenue 1077", "", "US", "USD")
    assert (str(tomo.latitude), str(tomo.longitude)) == ("40.70467", "-73.92926")
    assert tomo.position == 200
    assert [cuisine.cuisine for cuisine in tomo.cuisines.all()] == ["japanese"]
    assert tomo.hours_text == "Mo-Th 11:30-23:00; Fr 11:30-23:30; Sa 01:00-23:30; Su 13:00-23:00"
    assert by_name("素人记素食馆").slug == "place-n8001656184"
    assert by_name("Lillians Smørrebrød").slug.startswith("lillians-smorrebrod-")
    assert [str(cuisine) for cuisine in by_name("Purgatory Bar").cuisines.all()] == ["bar"]


def test_diners_are_offered_times_up_to_the_margin_and_none_on_a_holiday() -> None:
    run(SAMPLE)
    place = by_name("dean&david")
    wednesday = day_plan(place.pk, dt.date(2026, 12, 9))
    now = dt.datetime(2026, 12, 1, 12, tzinfo=ZoneInfo("Europe/Berlin"))
    offered = [time.start for time in times(wednesday, Ask(party=2), now) if time.bookable]
    assert (offered[0].hour, offered[-1].hour, offered[-1].minute) == (9, 20, 0)
    assert day_reason(day_plan(place.pk, dt.date(2026, 12, 25)), Ask(party=2), now) is Reason.CLOSED


def test_hours_that_are_not_understood_leave_the_place_published_not_bookable_and_shown() -> None:
    run(SAMPLE)
    for name, text in (
        ("Klandestine", "Mi-Do 12:00-22:00,Fr-Sa 12:00-23:00"),
        ("Skuratov Coffee", "open"),
        ("Topelias", "off"),
        ("Brezelkönig", ""),
    ):
        place = by_name(name)
        assert place.is_published
        assert (place.online_booking, place.hours_text) == ("hours_unknown", text)
        assert not place.opening_periods.exists()
        assert not place.special_days.exists()


def test_hours_too_short_for_a_seating_are_shown_and_booking_is_off(tmp_path: Path) -> None:
    run_rows(tmp_path, row(opening_hours="Mo-Su 09:00-09:30"))
    place = by_name("Linde")
    assert place.online_booking == "off"
    assert place.opening_periods.count() == 7


def test_in_production_staff_enable_what_was_imported(tmp_path: Path, settings: Settings) -> None:
    settings.PRODUCTION = True
    file = write(tmp_path, row())
    assert run(file).count("bookable online") == 0
    assert by_name("Linde").online_booking == "off"


def test_the_options_overrule_where_it_runs(tmp_path: Path, settings: Settings) -> None:
    run(write(tmp_path, row()), "--not-bookable")
    assert by_name("Linde").online_booking == "off"
    settings.PRODUCTION = True
    run(write(tmp_path, row(osm_ref="node/2", name="Eiche")), "--bookable")
    assert by_name("Eiche").online_booking == "on"


def test_standard_tables_go_by_kind(tmp_path: Path) -> None:
    run_rows(tmp_path, row(), row(osm_ref="node/2", name="Kaffee", kind="cafe"))
    place, cafe = by_name("Linde"), by_name("Kaffee")
    assert [table.max_seats for table in place.tables.order_by("position")] == [2, 2, 2, 2, 4, 4, 4, 4, 6, 6]
    assert [table.name for table in place.tables.filter(is_step_free=True).order_by("position")] == ["4", "8", "10"]
    assert [(c.name, c.min_party, c.max_party) for c in place.combinations.order_by("name")] == [
        ("5 + 6", 7, 8),
        ("7 + 8", 7, 8),
    ]
    assert sorted(table.name for table in place.combinations.get(name="5 + 6").tables.all()) == ["5", "6"]
    assert list(place.turn_times.values_list("up_to", "minutes")) == [(2, 90), (4, 105), (6, 120), (8, 150)]
    assert list(place.services.values_list("max_covers", flat=True)) == [12]
    assert cafe.tables.count() == 6
    assert cafe.turn_times.get(up_to=2).minutes == 60


def test_tables_can_be_named_or_left_out(tmp_path: Path) -> None:
    run(write(tmp_path, row()), "--tables", "2x1,8x2")
    assert list(by_name("Linde").tables.order_by("position").values_list("min_seats", "max_seats")) == [
        (1, 2),
        (4, 8),
        (4, 8),
    ]
    assert list(TableCombination.objects.values_list("min_party", "max_party")) == [(9, 16)]
    run(write(tmp_path, row(osm_ref="node/2", name="Eiche")), "--tables", "none")
    assert not by_name("Eiche").tables.exists()
    assert not TurnTime.objects.filter(restaurant__name="Eiche").exists()
    assert by_name("Eiche").services.get().max_covers is None


@pytest.mark.parametrize("rule", ["", "2", "2x", "2x6;4x8", "0x2", "2x0", "41x1", "2x201", "-2x3", "two"])
def test_a_rule_that_means_nothing_is_refused(rule: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r".+\."):
        parse_rule(rule)
    with pytest.raises(CommandError, match="--tables"):
        run(write(tmp_path, row()), "--tables=" + rule)
    assert not Restaurant.objects.exists()


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"osm_ref": ""}, "osm_ref is missing"),
        ({"name": " "}, "name is missing"),
        ({"name": "n" * 121}, "name has 121 characters, and at most 120"),
        ({"street": "s" * 201}, "street has 201"),
        ({"opening_hours": "o" * 501}, "opening_hours has 501"),
        ({"osm_ref": "n" * 77}, "osm_ref has 81"),
        ({"lat": "north"}, "lat is 'north'"),
        ({"lat": "90.1"}, "lat is '90.1'"),
        ({"lon": "nan"}, "lon is 'nan'"),
        ({"lon": "1e999999"}, "lon is '1e999999'"),
        ({"lat": ""}, "one of lat and lon is missing"),
        ({"timezone": "Europe/Atlantis"}, "'Europe/Atlantis' is not a time zone"),
        ({"timezone": "../../etc/passwd"}, "is not a time zone"),
        ({"timezone": ""}, "timezone is missing"),
        ({"timezone": "Etc/UTC"}, "no currency is known"),
        ({"country": "Deutschland"}, "country 'Deutschland'"),
        ({"street": "a\0b"}, "NUL byte"),
        ({"name": "\0"}, "NUL byte"),
        ({"osm_ref": "NODE/1"}, "stands on line 2 already"),
    ],
)
def test_a_row_that_cant_be_used_is_listed_and_the_others_come_in(
    fields: dict[str, str], reason: str, tmp_path: Path
) -> None:
    bad = row(osm_ref="node/2", name="Bad Row") | fields
    answer = run_rows(tmp_path, row(), bad, row(osm_ref="node/3", name="Eiche"))
    (line,) = answer.err.splitlines()
    assert line.startswith("line 3: ")
    assert reason in line
    assert "name" in fields or "Bad Row" in line
    assert answer.count("rows that can't be used") == 1
    assert set(Restaurant.objects.values_list("name", flat=True)) == {"Linde", "Eiche"}


def test_emoji_and_markup_are_names_like_any_other(tmp_path: Path) -> None:
    run_rows(tmp_path, row(name="🍜 <b>Ramen</b>  &\n'Co'"))
    assert by_name("🍜 <b>Ramen</b> & 'Co'").slug == "bramenb-co-n1"


def test_a_byte_order_mark_and_windows_line_ends_are_no_trouble(tmp_path: Path) -> None:
    file = write(tmp_path, row())
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))
    assert run(file).count("restaurants created") == 1


def test_a_broken_quote_costs_its_own_row_alone(tmp_path: Path) -> None:
    file = write(tmp_path, *(row(osm_ref=f"node/{number}", name=f"Place {number}") for number in range(1, 60)))
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("Place 3,", '"Place 3,').replace("Place 30,", '"Place" 30,'), encoding="utf-8")
    answer = run(file)
    assert answer.count("restaurants created") == 57
    assert answer.count("rows that can't be used") == 2
    first, second = answer.err.splitlines()
    assert first.startswith("line 4: (no name): a quote is opened and never closed: node/3,")
    assert second.startswith("line 31: (no name): its quotes are not in order")


@pytest.mark.parametrize("second", ['Buche",', 'Buche,",Hof"', 'Buche,""'])
def test_a_broken_quote_that_another_row_closes_swallows_no_row(second: str, tmp_path: Path) -> None:
    file = write(tmp_path, row(name="Eiche"), row(osm_ref="node/2", name="@"), row(osm_ref="node/3", name="Ulme"))
    text = file.read_text(encoding="utf-8").replace("Eiche,", '"Eiche,').replace("@,,", second + ",")
    file.write_text(text, encoding="utf-8")
    answer = run(file)
    assert answer.err.startswith("line 2: (no name): a quote is opened and never closed")
    assert answer.count("restaurants created") == 2
    assert set(Restaurant.objects.values_list("source_ref", flat=True)) == {"osm:node/2", "osm:node/3"}


def test_a_quoted_line_break_counts_its_lines(tmp_path: Path) -> None:
    file = write(tmp_path, row(street="Hof 1\nHinterhaus"), row(osm_ref="node/2", name="", street="x"))
    answer = run(file)
    assert Restaurant.objects.get().street == "Hof 1 Hinterhaus"
    assert answer.err.startswith("line 4: (no name): name is missing")


def test_a_row_of_the_wrong_length_is_listed(tmp_path: Path) -> None:
    file = write(tmp_path, row())
    with file.open("a", encoding="utf-8") as opened:
        opened.write("node/2,Eiche,,\n\n")
    answer = run(file)
    assert "line 3: (no name): it has 4 fields instead of 12: node/2,Eiche,," in answer.err
    assert answer.count("rows that can't be used") == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"name,lat,lon\nLinde,1,2\n", "lacks the columns osm_ref, street, city"),
        (b"osm_ref;name;street\n", "lacks the column"),
        (b'"osm_ref,name\nnode/1,Linde\n', "Line 1 of"),
        (b"\xff\xfeo\0s\0m\0", "Line 1 of .* not UTF-8"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused(content: bytes, message: str, tmp_path: Path) -> None:
    file = tmp_path / "places.csv"
    file.write_bytes(content)
    with pytest.raises(CommandError, match=message):
        run(file)


def test_a_missing_column_is_named_with_what_is_expected(tmp_path: Path) -> None:
    file = write(tmp_path, row())
    file.write_text(file.read_text(encoding="utf-8").replace("timezone", "time_zone"), encoding="utf-8")
    with pytest.raises(
        CommandError, match=r"lacks the column timezone\. Expected are, divided by commas: osm_ref, name"
    ):
        run(file)


def test_latin_1_is_refused_by_line_before_anything_is_written(tmp_path: Path) -> None:
    file = write(tmp_path, row(), row(osm_ref="node/2", name="Café"))
    file.write_bytes(file.read_text(encoding="utf-8").encode("latin-1"))
    with pytest.raises(CommandError, match=r"Line 3 of .*0xe9.* not UTF-8\. Save the file as UTF-8"):
        run(file)
    assert not Restaurant.objects.exists()


def test_no_file_and_a_folder_are_said_so(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="There is no file"):
        run(tmp_path / "nowhere.csv")
    with pytest.raises(CommandError, match="is a folder"):
        run(tmp_path)
    with pytest.raises(CommandError, match="--today: 'tomorrow' is not a date"):
        run(write(tmp_path, row()), today="tomorrow")


def test_what_the_database_refuses_is_said_and_earlier_batches_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reservations.importing.restaurants.BATCH", 2)
    make_restaurant(slug="linde-n4")
    file = write(tmp_path, *(row(osm_ref=f"node/{number}") for number in range(1, 6)))
    with pytest.raises(CommandError, match=r"The database refused: (.|\n)*What was imported before this stays"):
        run(file)
    assert set(Restaurant.objects.filter(source_ref__isnull=False).values_list("source_ref", flat=True)) == {
        "osm:node/1",
        "osm:node/2",
    }


def test_the_number_of_statements_does_not_grow_with_the_rows(
    tmp_path: Path, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(45):
        run_rows(tmp_path, *(row(osm_ref=f"node/{number}") for number in range(2)))
    with django_assert_max_num_queries(45):
        run_rows(tmp_path, *(row(osm_ref=f"node/{number}") for number in range(100, 120)))
    with django_assert_max_num_queries(15):
        run_rows(tmp_path, *(row(osm_ref=f"node/{number}") for number in range(100, 120)))


@pytest.mark.parametrize(
    ("zone", "country", "currency"),
    [
        ("Europe/Berlin", "DE", "EUR"),
        ("Europe/Kiev", "UA", "UAH"),
        ("Asia/Calcutta", "IN", "INR"),
        ("Pacific/Auckland", "NZ", "NZD"),
        ("Europe/Sofia", "BG", "EUR"),
        ("Etc/UTC", "", ""),
    ],
)
def test_country_and_currency_come_from_the_zone(zone: str, country: str, currency: str) -> None:
    assert (country_of_zone(zone), currency_of_country(country)) == (country, currency)


def test_slugs_are_short_enough_and_tell_references_apart() -> None:
    assert slug_for("Wort " * 40, "osm:relation/12").endswith("-w-r12")
    assert len(slug_for("Wort " * 40, "osm:relation/12")) <= 120
    assert slug_for("日本", "osm:cph/1/日本") != slug_for("日本", "osm:cph/1/中国")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_sees_a_bar_and_a_log_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reservations.importing.restaurants.BATCH", 2)
    file = write(tmp_path, *(row(osm_ref=f"node/{number}") for number in range(4)))
    assert run(file).err == ""
    terminal = Terminal()
    call_command("import_restaurants", str(file), stdout=io.StringIO(), stderr=terminal, no_color=True)
    assert f"\r[{'#' * 15}{' ' * 15}]  50%  2 rows\r[{'#' * 30}] 100%  4 rows" in terminal.getvalue()


def test_a_long_import_tells_a_log_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("reservations.importing.progress.time.monotonic", lambda: now)
    written: list[str] = []
    progress = Progress(written.append, total=2000, live=False)
    progress(500)
    now = 120.0
    progress(1000)
    progress(1500)
    assert written == ["1,000 rows (50%)\n"]
