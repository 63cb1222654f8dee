#!/usr/bin/env python
"""Django's command line; in development it first starts the servers that no URL names."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main() -> None:
    """Run the command that the arguments name."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "restaurant_site.settings")
    try:
        from restaurant_site import development
    except ImportError as error:
        raise SystemExit(f"{error}. Install the requirements first: `make run` does it all.") from error

    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from django.db import InterfaceError, OperationalError

    # One line that names what to put right says more than a traceback.
    try:
        development.start_servers(Path(__file__).resolve().parent, sys.argv[1:])
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        raise SystemExit(f"The settings are not usable: {error}") from error
    except KeyboardInterrupt as error:
        sys.stderr.write("Stopped.\n")
        raise SystemExit(130) from error
    except (InterfaceError, OperationalError) as error:
        # With an SQLSTATE the server did answer: the traceback says what was asked.
        if getattr(error.__cause__, "sqlstate", None) or "--traceback" in sys.argv:
            raise
        raise SystemExit(f"The database {_database()} can't be reached: {' '.join(str(error).split())}") from error


def _database() -> str:
    """Return what DATABASE_URL points to, without user and password."""
    from django.conf import settings

    chosen = settings.DATABASES["default"]
    return f"{chosen['NAME']} at {chosen['HOST'] or 'this machine'}"


if __name__ == "__main__":
    main()
