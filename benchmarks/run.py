"""Run every benchmark and write their figures to var/bench.json.

Each file beside this one prints a table, and JSON with ``--json``. A figure is
a median with its minimum and maximum; nothing here fails a build.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
OUTPUT = HERE.parent / "var" / "bench.json"


def main() -> int:
    """Run them one after another; return 1 where one could not be run."""
    figures: dict[str, object] = {}
    failed = []
    for path in sorted(HERE.glob("*.py")):
        if path.name in ("run.py", "__init__.py"):
            continue
        done = subprocess.run([sys.executable, str(path), "--json"], capture_output=True, text=True, check=False)
        if done.returncode:
            failed.append(path.name)
            print(f"{path.name} failed:\n{done.stderr}", file=sys.stderr)
            continue
        figures |= json.loads(done.stdout)
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    for name, figure in figures.items():
        print(f"{name:32} {figure}")
    print(f"written to {OUTPUT.relative_to(HERE.parent)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
