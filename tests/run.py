"""Run the tests: first those that share the machine, in as many processes as it has cores, then those that need it.

What races threads and processes for seconds, and looks at how long they take,
would be disturbed by other tests, and disturb them. With ``--audit`` first the
tests of `make audit` run, and otherwise all but those. The other arguments go to
pytest. Both parts run whatever becomes of the first; the worse outcome is the command's.
"""

from __future__ import annotations

import subprocess
import sys

NOTHING_FOUND = 5
"""How pytest ends where the arguments name no test of a part."""


def main(arguments: list[str]) -> int:
    """Return pytest's exit code of the part that went worse."""
    which, rest = ("audit and ", arguments[1:]) if arguments[:1] == ["--audit"] else ("", arguments)
    # In the order of the folders: by their number of tests the longest, of which some modules have one, would be last.
    shared = ["-n", "auto", "--dist", "loadfile", "--no-loadscope-reorder", "-m", f"{which}not concurrency"]
    codes = [
        subprocess.run([sys.executable, "-m", "pytest", *part, *rest], check=False).returncode
        for part in (shared, ["-m", f"{which}concurrency"])
    ]
    found = [code for code in codes if code != NOTHING_FOUND]
    return max(found) if found else NOTHING_FOUND


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
