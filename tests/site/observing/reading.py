"""Reads what the site tells an operator: its metrics, and its log."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from tests.conftest import Site
from tests.site import production
from tests.wire import Answer, Wire

Sample = tuple[str, dict[str, str], float]


def ask(site: Site, token: str = production.METRICS_TOKEN, **headers: str) -> Answer:
    """Ask for the metrics as a scraper does: by the machine's address, over plain HTTP."""
    return Wire(site.url).get("/metrics", Authorization=f"Bearer {token}", **headers)


def samples(text: str) -> list[Sample]:
    """Return every sample of what was answered."""
    families = list(text_string_to_metric_families(text))
    assert len({family.name for family in families}) == len(families)
    return [(sample.name, sample.labels, sample.value) for family in families for sample in family.samples]


def total(site: Site, name: str, **labels: str) -> float:
    """Return the sum of the samples of a name that have these labels, as they are now."""
    # What was written a moment ago is given again for a quarter of a second.
    time.sleep(0.3)
    answer = ask(site)
    assert answer.status == 200
    return summed(samples(answer.body.decode()), name, **labels)


def settled(site: Site, **labels: str) -> float:
    """Return the number of requests with these labels once every worker has written what it counted."""
    before = -1.0
    while (now := total(site, "site_request_seconds_count", **labels)) != before:
        before = now
        # A worker writes once a second.
        time.sleep(1.2)
    return now


def summed(found: list[Sample], name: str, **labels: str) -> float:
    """Return the sum of the samples of a name that have these labels."""
    return sum(value for given, of, value in found if given == name and labels.items() <= of.items())


def objects(text: str) -> list[dict[str, Any]]:
    """Return the lines of a log as the objects that they are."""
    return [json.loads(line) for line in text.splitlines()]


def until(found: Callable[[], Any], seconds: float = 5.0) -> Any:
    """Return what is found as soon as it is something."""
    end = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < end, "never found"
        time.sleep(0.05)
    return value
