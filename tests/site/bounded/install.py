"""Install nginx, behind which the tests of slow clients run the site; `make audit` runs this first.

It comes from Debian's packages where apt and root are at hand. Exits with 1 and
the command to run where it can't be had.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from tests import debian


def nginx() -> str | None:
    """Return the path of nginx, or None."""
    return debian.program("nginx")


if __name__ == "__main__":
    sys.exit(debian.ensure("nginx", "nginx", "nginx-light"))
