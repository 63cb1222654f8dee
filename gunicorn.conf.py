"""How gunicorn serves the site, in development and in production. https://gunicorn.org/reference/settings/."""

import os
import pathlib
import socket
import struct
from typing import Any

bind = f"{os.environ.get('BIND', '0.0.0.0')}:{os.environ.get('PORT', '8000')}"  # noqa: S104 - a container's front door
workers = int(os.environ.get("WEB_CONCURRENCY", "3"))
worker_class = "restaurant_site.worker.PatientWorker"
threads = 4
# A worker's heartbeat is a file: on a disk that stalls, workers would be killed for it.
worker_tmp_dir = "/dev/shm" if pathlib.Path("/dev/shm").is_dir() else None  # noqa: S108 - a folder, not a file name
timeout = 30
graceful_timeout = 20
keepalive = 5
# A worker that grows is replaced, and not all of them at once: after so many requests, and above so many megabytes.
max_requests = 5000
max_requests_jitter = 500
MEMORY = int(os.environ.get("WORKER_MEMORY_MB", "300"))
# Connections and threads must not be shared across the fork.
preload_app = False
# It needs a home folder, which the site's user does not have.
control_socket_disable = True
accesslog = None
errorlog = "-"

# Seconds that a thread waits for the next piece of a request, or for a reader to take some of the answer. It bounds
# what one client can do, not what thousands can: for them there is a proxy in front (infra/nginx/nginx.conf).
PATIENCE = 10


def when_ready(server: Any) -> None:
    """Bound the waits of each connection: Linux hands a listener's timeouts on to what it accepts."""
    for listener in server.LISTENERS:
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            listener.sock.setsockopt(socket.SOL_SOCKET, option, struct.pack("ll", PATIENCE, 0))


def post_worker_init(worker: Any) -> None:
    """Take connections: the listeners are those of all workers, and the first that is ready begins. Watch its size."""
    from restaurant_site import growing, serving

    serving.collect_little()
    for listener in worker.sockets:
        listener.sock.listen(worker.cfg.backlog)
    growing.watch(worker, MEMORY)


def on_starting(_server: object) -> None:
    """Let the workers listen; take gunicorn's name out of every answer, and people out of its log; make a folder."""
    from restaurant_site import serving
    from restaurant_site.observing import folder

    serving.let_workers_listen()
    serving.say_little()
    folder.make()


def post_fork(_server: object, worker: Any) -> None:
    """Leave the folder of the metrics alone where its disk is full, before the site is loaded."""
    from restaurant_site.observing import folder

    if not folder.join():
        worker.log.warning("The folder of the metrics is full: this worker keeps its own to itself.")


def child_exit(server: Any, _worker: object) -> None:
    """Keep what a worker counted that is gone, however it went, and remove its files."""
    from restaurant_site.observing import folder

    folder.bury(server.WORKERS)


def on_exit(_server: object) -> None:
    """Leave no folder behind."""
    from restaurant_site.observing import folder

    folder.remove()


def worker_exit(_server: object, worker: Any) -> None:
    """Let a worker that ends tell what it has not told yet; one that could not begin has no settings to do it by."""
    if worker.booted:
        from restaurant_site.observing import beginning

        beginning.end()
