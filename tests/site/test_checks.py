"""System checks refuse the settings that would break a promise."""

from __future__ import annotations

import copy

from django.conf import settings
from django.test import override_settings

from restaurant_site.checks import check_time_zones, check_transactions


def test_the_settings_pass() -> None:
    assert [*check_transactions(), *check_time_zones()] == []


def test_a_transaction_around_every_request_is_refused() -> None:
    databases = copy.deepcopy(settings.DATABASES)
    databases["default"]["ATOMIC_REQUESTS"] = True
    with override_settings():
        settings.DATABASES = databases
        assert [message.id for message in check_transactions()] == ["restaurant_site.E001"]


def test_naive_times_are_refused() -> None:
    with override_settings(USE_TZ=False):
        assert [message.id for message in check_time_zones()] == ["restaurant_site.E002"]
