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
    development.start_servers(Path(__file__).resolve().parent, sys.argv[1:])

    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        # One line that names the variable says more than a traceback.
        raise SystemExit(f"The settings are not usable: {error}") from error


if __name__ == "__main__":
    main()
