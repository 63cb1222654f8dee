"""Starting programs that outlive the process that wanted them.

The servers are not children of the web server or test run: a child that ends stays
a zombie until its parent looks, and the parent's terminal would signal it. A helper
process starts them, waits until they answer, and leaves them to init.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from . import locks, postgres, redis_server
from .errors import EmbeddedError
from .layout import Home
from .process import ENVIRONMENT, note

# Isolated and without site: quick, and no .pth file, PYTHON* variable or module in
# the current folder takes part. The package's own path is given as an argument.
_BOOT = "import sys; sys.path.append(sys.argv.pop(1)); from {} import main; main()"
_START_TIMEOUT = 60.0
_HELPER_TIMEOUT = _START_TIMEOUT + 20


@dataclass(frozen=True)
class Service:
    """A server to start: its name, command line, files, sockets and account."""

    name: str
    argv: list[str]
    marker: str
    log: str
    pid_file: str
    sockets: str
    uid: int | None
    gid: int | None

    def ready(self) -> bool:
        """Tell whether the server answers."""
        if self.name == redis_server.NAME:
            return redis_server.probe(Path(self.sockets))
        state = postgres.probe(Path(self.sockets))
        return state in (postgres.State.READY, postgres.State.NO_DATABASE)


def python_command(module: str, *arguments: str) -> list[str]:
    """Return the command line that runs ``main`` of a module of this package."""
    root = Path(__file__).resolve().parents[__package__.count(".") + 1]
    boot = _BOOT.format(f"{__package__}.{module}")
    return [sys.executable, "-I", "-S", "-B", "-c", boot, str(root), *arguments]


def launch(services: Iterable[Service], watchdog: tuple[Path, Path] | None, start_lock: int) -> dict[str, str]:
    """Start services and return what went wrong, by name; the others answer.

    With a watchdog, the path of its lock and of the home it watches, that is
    started before them. The helper keeps the start lock until it is done, even if
    this process is killed, so nobody stops or starts servers half way.
    """
    order = {
        "services": [asdict(service) for service in services],
        "watchdog": [str(path) for path in watchdog] if watchdog else None,
    }
    helper = subprocess.Popen(
        python_command("launch"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
        cwd="/",
        start_new_session=True,
        pass_fds=[start_lock],
    )
    with helper:
        try:
            output, errors = helper.communicate(json.dumps(order).encode(), _HELPER_TIMEOUT)
        except subprocess.TimeoutExpired:
            helper.kill()
            raise EmbeddedError(f"Starting the servers took more than {_HELPER_TIMEOUT:.0f} s.") from None
        except BaseException:
            # Ctrl-C: let the helper finish, or a server just being born would be missed
            # by the clean-up that follows. One that has no order yet gets none.
            if helper.stdin:
                with suppress(OSError):
                    helper.stdin.close()
            with suppress(subprocess.TimeoutExpired):
                helper.wait(_HELPER_TIMEOUT)
            helper.kill()
            raise
    try:
        return {str(name): str(why) for name, why in json.loads(output).items()}
    except ValueError:
        why = errors.decode(errors="replace").strip() or f"exit status {helper.returncode}"
        raise EmbeddedError(f"{sys.executable} could not start the servers:\n{why}") from None


def _open_log(path: str) -> io.FileIO:
    # Emptied at each start, and to be read by its owner alone: it quotes queries.
    return io.FileIO(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600), "w")


def _spawn(service: Service) -> subprocess.Popen[bytes]:
    with _open_log(service.log) as log:
        process = subprocess.Popen(
            service.argv,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=ENVIRONMENT,
            cwd="/",
            start_new_session=True,
            umask=0o077,
            user=service.uid,
            group=service.gid,
            extra_groups=None if service.uid is None else [],
        )
    note(Path(service.pid_file), process.pid, service.marker)
    return process


def _spawn_watchdog(lock: str, home: str) -> None:
    fd = locks.try_lock(Path(lock))
    if fd is None:
        return
    # It is handed the lock already taken: there is no moment at which it runs and
    # others think it does not.
    with _open_log(str(Home(Path(home)).log("watchdog"))) as log:
        process = subprocess.Popen(
            python_command("watchdog", home, str(fd)),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=ENVIRONMENT,
            cwd="/",
            start_new_session=True,
            pass_fds=[fd],
        )
    os.ftruncate(fd, 0)
    note(Path(lock), process.pid, home)
    os.close(fd)


def main() -> None:
    """Read the order from standard input, carry it out, print what went wrong."""
    order = json.load(sys.stdin)
    if order["watchdog"]:
        _spawn_watchdog(*order["watchdog"])
    failures: dict[str, str] = {}
    pending: list[tuple[Service, subprocess.Popen[bytes]]] = []
    for described in order["services"]:
        service = Service(**described)
        try:
            pending.append((service, _spawn(service)))
        except (OSError, subprocess.SubprocessError) as error:
            failures[service.name] = str(error)
    give_up = time.monotonic() + _START_TIMEOUT
    while pending:
        for service, process in list(pending):
            if process.poll() is not None:
                failures[service.name] = f"it ended at once, with status {process.returncode}"
            elif time.monotonic() > give_up:
                failures[service.name] = f"it did not answer within {_START_TIMEOUT:.0f} s"
                process.kill()
                process.wait()
            elif not service.ready():
                continue
            pending.remove((service, process))
        time.sleep(0.005 if pending else 0)
    json.dump(failures, sys.stdout)
    sys.stdout.flush()
    # Skips the destructors, which would complain about children still running.
    os._exit(0)
