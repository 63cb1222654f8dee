"""What the ORM asks in reads, write rules and pages, as Azure SQL would get it: made while chosen tests run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from restaurant_site.database import urls
from tests.conftest import ROOT

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql("it asks PostgreSQL what it compares")]

# A few of the other tests, which between them come by every module that asks the database.
CHOSEN = [
    "tests/caching/test_ahead.py",
    "tests/caching/test_operating.py::test_cache_stats_shows_classes_servers_and_the_outbox",
    "tests/history/test_checking.py::test_a_copy_that_is_away_is_no_verdict",
    "tests/history/test_checking.py::test_the_copy_knows_a_chain_that_was_written_anew",
    "tests/menus/test_copying.py::test_a_copy_has_everything_and_is_a_draft",
    "tests/menus/test_copying.py::test_the_pages_hold_nothing_that_the_policy_forbids",
    "tests/menus/test_exchange.py::test_a_row_that_can_not_be_taken_takes_the_file_with_it",
    "tests/menus/test_import_menus.py::test_a_slug_that_is_taken_gets_a_number",
    "tests/menus/test_selling_out.py::test_the_history_says_who",
    "tests/messages/test_admin.py::test_what_failed_is_sent_again",
    "tests/messages/test_sending.py::test_where_it_is_unknown_whether_it_went_out",
    "tests/messages/test_sheets.py::test_a_sheet_that_waited_too_long_is_dropped",
    "tests/photos/test_unused.py::test_a_deleted_dish_takes_its_photo_along_unless_nothing_was_deleted",
    "tests/photos/test_pages.py::test_photos_may_be_fetched_elsewhere",
    "tests/reservations/test_admin_blocks.py::test_bad_input_is_a_message_and_stays",
    "tests/reservations/test_admin_booking.py::test_taken_tables_are_refused_with_times_that_are_free",
    "tests/reservations/test_admin_closing.py::test_bad_input_closes_nothing",
    "tests/reservations/test_admin_closing.py::test_more_than_a_page_holds_is_refused",
    "tests/reservations/test_admin_deleting.py::test_restaurant_with_reservations_stays",
    "tests/reservations/test_admin_deleting.py::test_table_of_a_combination_keeps_the_seats_that_it_needs",
    "tests/reservations/test_admin_floor.py::test_restaurant_that_is_not_there_is_not_found",
    "tests/reservations/test_admin_guests.py::test_bad_input_is_a_message_on_the_form",
    "tests/reservations/test_admin_guests.py::test_new_contact_is_the_one_by_which_the_guest_is_found",
    "tests/reservations/test_admin_lists.py::test_counts_beside_the_choices_are_of_each",
    "tests/reservations/test_admin_lists.py::test_form_of_one_answers_with_its_history[tablecombination]",
    "tests/reservations/test_admin_lists.py::test_no_filter_breaks_the_list",
    "tests/reservations/test_admin_pulse.py::test_whoever_signs_out_is_refused_at_once",
    "tests/reservations/test_admin_today.py::test_each_number_leads_to_where_one_acts",
    "tests/reservations/test_admin_users.py::test_who_took_a_reservation_stays_on_record",
    "tests/reservations/test_admin_waitlist.py::test_list_shows_the_place_in_each_queue",
    "tests/reservations/test_brake.py::test_once_more_is_the_same_brake_and_the_history_says_who",
    "tests/reservations/test_brake.py::test_the_explanation_names_the_brake",
    "tests/reservations/test_bringing.py::test_an_import_that_was_stopped_goes_on_where_it_was",
    "tests/reservations/test_bringing.py::test_pacing_is_exceeded_and_guests_told_only_where_that_is_asked_for",
    "tests/reservations/test_bringing_files.py::test_the_command_says_what_it_would_do_and_does_it",
    "tests/reservations/test_consent.py::test_a_mail_after_a_visit_goes_to_who_asked_for_it_and_says_how_to_end_that",
    "tests/reservations/test_consent.py::test_consent_goes_with_the_guest",
    "tests/reservations/test_explain_times.py::test_bad_input_gets_one_line_that_says_what_to_do",
    "tests/reservations/test_find.py::test_it_is_linked_where_links_are_missed",
    "tests/reservations/test_find.py::test_odd_references_get_the_usual_answer",
    "tests/reservations/test_guest_commands.py::test_export_is_json_of_the_person",
    "tests/reservations/test_history_of_rules.py",
    "tests/reservations/test_import_again.py::test_hours_that_are_no_longer_understood_stop_booking_and_come_back",
    "tests/reservations/test_no_shows.py::test_a_booking_asks_one_question_more_where_it_counts",
    "tests/reservations/test_no_shows.py::test_staff_see_who_stayed_away_often",
    "tests/reservations/test_plan.py::test_a_stale_or_impossible_plan_is_refused_as_a_whole",
    "tests/reservations/test_replay.py::test_a_file_that_is_no_log_gets_one_line",
    "tests/reservations/test_reports.py::test_the_figures_of_an_evening",
    "tests/reservations/test_timeline.py::test_late_and_overstaying_parties_are_told",
    "tests/reservations/test_timeline.py::test_who_moved_while_seated_has_the_new_table_from_then_on",
    "tests/reservations/test_undoing.py::test_each_touch_is_taken_back_once_and_everything_is_as_before",
    "tests/site/accounts/test_codes.py::test_a_lost_phone_is_taken_off_by_a_superuser_or_a_command",
    "tests/site/accounts/test_codes.py::test_a_key_that_this_site_did_not_show_is_not_taken",
    "tests/site/accounts/test_codes.py::test_hosts_are_asked_where_their_restaurant_wants_it",
    "tests/site/accounts/test_forgotten.py::test_a_mail_server_that_hangs_costs_the_loop_one_mail_a_turn",
    "tests/site/observing/test_documents.py::test_what_the_database_knows_is_told",
    "tests/site/test_set_up.py::test_from_nothing_to_a_booking",
    "tests/site/test_set_up.py::test_tables_that_are_there_are_not_made_again",
    "tests/site/test_set_up.py::test_the_page_of_staff_leads_to_the_invitation",
    "tests/site/test_set_up.py::test_who_may_not_change_the_restaurant_is_refused",
    "tests/site/test_set_up_services.py::test_what_touches_nobody_is_saved_at_once",
]

PLUGINS = ("-p", "tests.database.shadow", "-p", "no:cacheprovider")
ASKING = re.compile(r"\.objects\.|_(?:base|default)_manager\.")
APPS = ("menus", "reservations", "restaurant_site")
# The demo takes longer to load than all that is chosen.
LEFT_OUT = ("migrations", "demo", "load_demo.py")
# Of these all is prepared: `test_tsql.py` has it.
PREPARED = {
    "reservations/queries/house.py",
    "reservations/queries/layout.py",
    "reservations/queries/rules.py",
    "reservations/queries/window.py",
}
# Its question is Django's to ask, once a form is shown.
HANDED_ON = {"reservations/admin/fields.py"}


def asking() -> set[str]:
    """Return the modules that ask the database by the ORM."""
    paths = [path.relative_to(ROOT) for app in APPS for path in (ROOT / app).rglob("*.py")]
    return {
        path.as_posix()
        for path in paths
        if not {*LEFT_OUT} & {*path.parts} and ASKING.search((ROOT / path).read_text(encoding="utf-8"))
    }


def shadowed(told: Path, *tests: str) -> tuple[int, dict[str, Any]]:
    """Run tests in a process of its own, on this one's database; return how it ended and what it saw."""
    name = str(connection.settings_dict["NAME"])
    assert name.startswith("test_")
    connection.close()
    url = urls.beside(settings.DATABASE_URL, name.removeprefix("test_"))
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--reuse-db", *PLUGINS, *tests],
        cwd=ROOT,
        env=kept | {"DATABASE_URL": url, "TSQL_SAID": str(told)},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert told.exists(), done.stdout + done.stderr
    found: dict[str, Any] = json.loads(told.read_text(encoding="utf-8"))
    if done.returncode and not (found["faults"] or found["failed"]):
        raise AssertionError(done.stdout + done.stderr)
    return done.returncode, found


def test_reads_and_write_rules_ask_what_azure_sql_takes(tmp_path: Path) -> None:
    ended, found = shadowed(tmp_path / "told.json", *CHOSEN)
    assert found["faults"] == {}
    assert found["failed"] == {}
    assert ended == 0
    assert found["statements"] > 400
    unseen = asking() - set(found["modules"])
    assert sorted(unseen ^ (PREPARED | HANDED_ON)) == []


def test_what_it_refuses_would_be_found(tmp_path: Path) -> None:
    # DISTINCT ON is PostgreSQL's alone, and the ORM's word for it.
    test = tmp_path / "test_refused.py"
    test.write_text(
        "import pytest\nfrom reservations.models import Restaurant\n\n"
        "@pytest.mark.django_db\ndef test_it():\n    list(Restaurant.objects.order_by('name').distinct('name'))\n",
        encoding="utf-8",
    )
    ended, found = shadowed(tmp_path / "told.json", str(test))
    assert ended == 1
    assert "DISTINCT ON" in " ".join(found["failed"])
