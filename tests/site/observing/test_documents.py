"""docs/observing.md and the rules for alerts name the metrics that there are, and no other."""

from __future__ import annotations

import re
from typing import Any

import pytest
from prometheus_client import Counter, Gauge, Histogram

from restaurant_site.observing import fleet, metrics
from restaurant_site.observing.fleet import Known, _told
from tests.conftest import ROOT

DOCUMENT = ROOT / "docs" / "observing.md"
RULES = ROOT / "infra" / "alerts" / "site.yml"


def kept() -> dict[str, Any]:
    """Return the metrics of the code, each with its labels."""
    own = [value for value in vars(metrics).values() if isinstance(value, Counter | Gauge | Histogram)]
    found = {metric._name: list(metric._labelnames) for metric in own}
    # This one's label comes with several workers.
    found["site_worker_memory_bytes"] = ["pid"]
    for family in _told(Known(is_up=True, jobs={"x": 1.0})):
        found[family.name] = list(family.samples[0].labels) if family.samples else []
    return found


def test_the_document_lists_every_metric_with_its_labels() -> None:
    rows = re.findall(r"^\| `(site_\w+)` \|(.*?)\|", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    assert {name: re.findall(r"`(\w+)`", labels) for name, labels in rows} == kept()


def test_the_rules_ask_for_what_there_is() -> None:
    asked = set(re.findall(r"\bsite_\w+", RULES.read_text(encoding="utf-8")))
    there = set()
    for value in vars(metrics).values():
        if isinstance(value, Histogram):
            there |= {f"{value._name}_{end}" for end in ("bucket", "sum", "count")}
        elif isinstance(value, Counter):
            there.add(f"{value._name}_total")
        elif isinstance(value, Gauge):
            there.add(value._name)
    there |= {family.name for family in _told(Known(is_up=True))}
    assert asked
    assert asked <= there


@pytest.mark.django_db
def test_what_the_database_knows_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet, "_known", fleet._Known())
    names = {family.name for family in fleet.Fleet().collect()}
    assert {"site_database_up", "site_job_age_seconds", "site_outbox_rows"} <= names
