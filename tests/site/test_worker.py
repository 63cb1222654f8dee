"""A worker takes a connection when it has a thread for it: nobody waits behind a slow one while another is free."""

from __future__ import annotations

import http.client
import os
import socket
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.conftest import Site, served
from tests.site.pids import SECONDS

# By itself: it looks at how long answers take, and at who got what in a moment.
pytestmark = pytest.mark.concurrency

WORKERS, THREADS = 2, 2


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Two workers of two threads each."""
    arguments = f"--workers {WORKERS} --threads {THREADS}"
    variables = {**os.environ, "GUNICORN_CMD_ARGS": arguments, "WEB_CONCURRENCY": str(WORKERS), "BIND": "127.0.0.1"}
    with served(tmp_path / "log", variables, application="tests.site.pids:application") as site:
        yield site


def ask(site: Site, path: str) -> tuple[str, float]:
    """Return which worker answered on a connection of its own, and after how many seconds."""
    address = urlsplit(site.url)
    began = time.monotonic()
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=20)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        assert response.status == 200
        return response.read().decode(), time.monotonic() - began
    finally:
        connection.close()


def test_as_many_as_there_are_threads_are_served_at_once(site: Site) -> None:
    with ThreadPoolExecutor(WORKERS * THREADS) as crowd:
        for _round in range(5):
            answers = list(crowd.map(lambda _number: ask(site, "/slow"), range(WORKERS * THREADS)))
            # Were three with one worker, the third would have waited for as long again.
            assert max(seconds for _pid, seconds in answers) < 1.7 * SECONDS
            assert set(Counter(pid for pid, _seconds in answers).values()) == {THREADS}


def test_whoever_comes_then_is_served_by_the_first_that_is_free(site: Site) -> None:
    with ThreadPoolExecutor(20) as crowd:
        answers = list(crowd.map(lambda _number: ask(site, "/slow"), range(3 * WORKERS * THREADS)))
    # Three rounds, none of which leaves a thread without work.
    assert max(seconds for _pid, seconds in answers) < 3.7 * SECONDS
    assert set(Counter(pid for pid, _seconds in answers).values()) == {3 * THREADS}


def test_a_connection_that_is_kept_alive_is_served_by_its_worker(site: Site) -> None:
    address = urlsplit(site.url)
    kept = http.client.HTTPConnection(address.hostname or "", address.port, timeout=20)
    pids = set()
    with ThreadPoolExecutor(WORKERS * THREADS) as crowd:
        for number in range(4):
            busy = [crowd.submit(ask, site, "/slow") for _thread in range(number)]
            kept.request("GET", "/")
            pids.add(kept.getresponse().read())
            for one in busy:
                one.result()
    kept.close()
    assert len(pids) == 1


def test_who_only_connects_takes_nobodys_place(site: Site) -> None:
    address = urlsplit(site.url)
    silent = [socket.create_connection((address.hostname, address.port)) for _number in range(40)]
    try:
        for _number in range(4):
            assert ask(site, "/")[1] < 1
        # The first word may come late, and in pieces.
        silent[0].sendall(b"GET / HTTP/1.1\r\nHo")
        time.sleep(0.2)
        silent[0].sendall(b"st: 127.0.0.1\r\n\r\n")
        assert silent[0].recv(100).startswith(b"HTTP/1.1 200")
        # The others are hung up on in time.
        for one in silent[1:]:
            one.settimeout(20)
            assert one.recv(1) == b""
    finally:
        for one in silent:
            one.close()
    assert ask(site, "/")[1] < 1
