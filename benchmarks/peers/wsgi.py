"""Django as it comes, under one of the peers."""

from __future__ import annotations

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "peers.settings"

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
