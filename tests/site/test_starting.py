"""A node that starts takes no connection before it can answer it, so that a proxy asks another one meanwhile."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from tests.conftest import ROOT, free_port
from tests.wire import Wire

# An application that takes its time to be loaded.
SLOW = """
import time
time.sleep(2)
def application(environ, start_response):
    start_response("200 OK", [("Content-Length", "5")])
    return [b"ready"]
"""


def test_a_node_that_starts_refuses_until_it_answers(tmp_path: Path) -> None:
    (tmp_path / "slow_to_load.py").write_text(SLOW)
    port = free_port()
    given = {"BIND": "127.0.0.1", "PORT": str(port), "WEB_CONCURRENCY": "2", "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-m", "gunicorn", "slow_to_load:application"]
    with (tmp_path / "log").open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ | given, stdout=output, stderr=output)
    try:
        give_up, refused = time.monotonic() + 60, 0
        # Asked all the time, from before it has the port: what is not refused is answered, and never cut off.
        while True:
            began = time.monotonic()
            try:
                answer = Wire(f"http://127.0.0.1:{port}").get("/")
                break
            except ConnectionRefusedError:
                assert began < give_up, (tmp_path / "log").read_text()
                refused += "Listening at" in (tmp_path / "log").read_text()
        took = time.monotonic() - began
        assert (answer.status, answer.body) == (200, b"ready")
        assert refused > 10
        assert took < 1.5
        # Both are ready soon, and go on taking connections.
        assert [Wire(f"http://127.0.0.1:{port}").get("/").status for _time in range(20)] == [200] * 20
    finally:
        process.terminate()
        assert process.wait(30) == 0
