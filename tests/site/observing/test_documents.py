"""docs/observing.md, the rules for alerts and the dashboard name the metrics that there are, and no other."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import Counter, Gauge, Histogram

from restaurant_site.observing import fleet, metrics
from restaurant_site.observing.fleet import Known, _told
from tests.conftest import ROOT

DOCUMENT = ROOT / "docs" / "observing.md"
RULES = ROOT / "infra" / "alerts" / "site.yml"
DASHBOARD = ROOT / "infra" / "grafana" / "site.json"


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


def series() -> set[str]:
    """Return the names under which Prometheus has the metrics."""
    there = set()
    for value in vars(metrics).values():
        if isinstance(value, Histogram):
            there |= {f"{value._name}_{end}" for end in ("bucket", "sum", "count")}
        elif isinstance(value, Counter):
            there.add(f"{value._name}_total")
        elif isinstance(value, Gauge):
            there.add(value._name)
    return there | {family.name for family in _told(Known(is_up=True))}


@pytest.mark.parametrize("file", [RULES, DASHBOARD], ids=lambda file: file.parent.name)
def test_what_is_asked_of_prometheus_is_there(file: Path) -> None:
    asked = set(re.findall(r"\bsite_\w+", file.read_text(encoding="utf-8")))
    assert asked
    assert asked <= series()


def test_the_dashboard_chooses_by_labels_that_there_are() -> None:
    shown = DASHBOARD.read_text(encoding="utf-8")
    for panel in json.loads(shown)["panels"]:
        assert panel["title"]
        for target in panel["targets"]:
            # No label but those that the metric has.
            for name, labels in re.findall(r"(site_\w+)\{([^}]*)\}", target["expr"]):
                kind = re.sub("_(total|bucket|sum|count)$", "", name)
                assert set(re.findall(r"(\w+)[!=]", labels)) <= set(kept()[kind])


@pytest.mark.django_db
def test_what_the_database_knows_is_told() -> None:
    names = {family.name for family in fleet.Fleet().collect()}
    assert {"site_database_up", "site_job_age_seconds", "site_outbox_rows"} <= names
