"""A minute of the soak, in which everything is broken once; `make soak` goes on for ten."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT


@pytest.mark.audit
@pytest.mark.concurrency
def test_a_minute_breaks_no_promise() -> None:
    command = [sys.executable, "-m", "tests.soak"]
    given = os.environ | {"MINUTES": "1"}
    done = subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
