"""Azure Cosmos DB for NoSQL on loopback, as an emulator has it: in memory, with a certificate of its own."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from types import TracebackType

from tests.history import install

KEY = "ZW11bGF0b3I="
"""Any base64 will do."""


class Emulator:
    """A server of its own. A stopped one can be started again at the same address, empty."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"https://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Emulator:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        node = install.node()
        assert node, f"No Node {install.OLDEST_NODE} or newer: run `make audit`, which installs it."
        assert install.installed(), "No emulator: run `make audit`, which installs it."
        self._process = subprocess.Popen(
            [node, str(install.SERVER), "--port", str(self.port), "--host", "127.0.0.1"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _attempt in range(300):
            assert self._process.poll() is None, "The emulator ended."
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError("The emulator did not answer.")

    def stop(self) -> None:
        """Stop it at once: connections are refused from now on."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=20)
            self._process = None

    def freeze(self) -> None:
        """Let it take connections and answer nothing, until it is stopped."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
