"""The web server: threads, because requests wait on the database; two processes share what was loaded before they were split off."""

import os

bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
worker_class = "gthread"
preload_app = True
timeout = 60
graceful_timeout = 8
max_requests = 10_000
max_requests_jitter = 1_000
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108 - only a heartbeat file, in memory
control_socket_disable = True
secure_scheme_headers: dict[str, str] = {}  # whether a proxy is believed is decided once, by PROXIES in the settings
loglevel = "warning"
