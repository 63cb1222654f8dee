"""Run every benchmark and write their figures to var/bench.json.

Each file beside this one prints a table, and JSON with ``--json``. A figure is
a median with its minimum and maximum; nothing here fails a build. What a
benchmark says besides, such as why figures are left out, appears as it comes.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

HERE = Path(__file__).resolve().parent
OUTPUT = HERE.parent / "var" / "bench.json"


def main() -> int:
    """Run them one after another; return 1 where one could not be run."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    figures: dict[str, object] = {}
    failed = []
    for path in sorted(HERE.glob("*.py")):
        if path.name in ("run.py", "__init__.py"):
            continue
        print(f"{path.stem} ...", file=sys.stderr)
        code, output = _run(path)
        if code:
            failed.append(path.name)
            print(f"{path.name} failed.", file=sys.stderr)
            continue
        figures |= json.loads(output)
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    for name, figure in figures.items():
        print(f"{name:32} {figure}")
    print(f"written to {OUTPUT.relative_to(HERE.parent)}")
    return 1 if failed else 0


def _run(path: Path) -> tuple[int, str]:
    """Run one, and return its exit code and what it printed; where this process is ended, it cleans up first."""
    with subprocess.Popen([sys.executable, str(path), "--json"], stdout=subprocess.PIPE, text=True) as process:
        try:
            output, _errors = process.communicate()
        except BaseException:
            process.terminate()
            process.wait()
            raise
        return process.returncode, output


def _stop(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
