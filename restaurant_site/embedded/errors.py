"""The one exception this package raises on purpose, and how it quotes a log."""

from __future__ import annotations

from pathlib import Path


class EmbeddedError(RuntimeError):
    """A development server could not be provided; the message says what to do."""


def tail(log: Path, lines: int = 15) -> str:
    """Return the log's path and its last lines, for the end of an error message."""
    try:
        with log.open("rb") as stream:
            stream.seek(0, 2)
            stream.seek(max(0, stream.tell() - 8192))
            text = stream.read().decode(errors="replace")
    except OSError as error:
        return f"{log} cannot be read: {error}"
    last = text.splitlines()[-lines:]
    if not last:
        return f"{log} is empty"
    return "\n".join([f"The end of {log}:", *(f"  {line}" for line in last)])
