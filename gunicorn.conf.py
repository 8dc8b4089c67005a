"""How gunicorn serves Almanac. It finds this file by itself; `make run` reads it too."""

import os

from setproctitle import setproctitle

worker_class = "webapp.core.server.PatientWorker"
workers = int(os.environ.get("WEB_CONCURRENCY", "1"))
threads = int(os.environ.get("WEB_THREADS", "4"))
preload_app = True
timeout = 60
graceful_timeout = 4
keepalive = 20
accesslog = None  # the application logs each request itself
logger_class = "webapp.core.server.Logger"
control_socket_disable = True
TITLE = "gunicorn webapp:create_app()"


def pre_fork(_server: object, _worker: object) -> None:
    setproctitle(TITLE)


def post_worker_init(_worker: object) -> None:
    setproctitle(f"{TITLE} worker")
