"""What the races share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.concurrency.crew import Crew


@pytest.fixture
def crew(transactional_db: None) -> Iterator[Crew]:
    """Sixteen threads."""
    with Crew(16) as threads:
        yield threads
