"""Install PgBouncer, behind which the audit books; `make audit` runs this first.

It comes from Debian's packages where apt and root are at hand. Exits with 1 and
the command to run where it can't be had.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests import debian


def pgbouncer() -> str | None:
    """Return the path of PgBouncer, or None."""
    return debian.program("pgbouncer")


if __name__ == "__main__":
    sys.exit(debian.ensure("PgBouncer", "pgbouncer", "pgbouncer"))
