"""Run the tests: first those that share the machine, in as many processes as it has cores, then those that need it.

What races threads and processes for seconds, and looks at how long they take,
would be disturbed by other tests, and disturb them. Arguments go to pytest. Both
parts run whatever becomes of the first; the worse outcome is the command's.
"""

from __future__ import annotations

import subprocess
import sys

NOTHING_FOUND = 5
"""How pytest ends where the arguments name no test of a part."""


def main(arguments: list[str]) -> int:
    """Return pytest's exit code of the part that went worse."""
    shared = ["-n", "auto", "--dist", "loadfile", "-m", "not concurrency"]
    codes = [
        subprocess.run([sys.executable, "-m", "pytest", *part, *arguments], check=False).returncode
        for part in (shared, ["-m", "concurrency"])
    ]
    found = [code for code in codes if code != NOTHING_FOUND]
    return max(found) if found else NOTHING_FOUND


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
