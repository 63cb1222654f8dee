"""How gunicorn serves the site, in development and in production. https://gunicorn.org/reference/settings/."""

import os
import pathlib

bind = f"{os.environ.get('BIND', '0.0.0.0')}:{os.environ.get('PORT', '8000')}"  # noqa: S104 - a container's front door
workers = int(os.environ.get("WEB_CONCURRENCY", "3"))
worker_class = "gthread"
threads = 4
# A worker's heartbeat is a file: on a disk that stalls, workers would be killed for it.
worker_tmp_dir = "/dev/shm" if pathlib.Path("/dev/shm").is_dir() else None  # noqa: S108 - a folder, not a file name
timeout = 30
graceful_timeout = 20
keepalive = 5
# A worker that grows is replaced, and not all of them at once.
max_requests = 5000
max_requests_jitter = 500
# Connections and threads must not be shared across the fork.
preload_app = False
# It needs a home folder, which the site's user does not have.
control_socket_disable = True
accesslog = None
errorlog = "-"


def on_starting(_server: object) -> None:
    """Take gunicorn's name out of every answer, and people out of its log."""
    from restaurant_site import serving

    serving.say_little()
