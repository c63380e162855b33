"""Two addresses for machines: ``/healthz`` says the process answers, ``/readyz`` says it can do its work.

They are answered before everything else, so that a load balancer needs no known host name, no session and no https.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from kombu.exceptions import OperationalError

from peacebuild.celery import app

BROKER_SECONDS = 2


class HealthMiddleware:
    """Answers GET and HEAD of the two addresses; every other request passes untouched."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method in {"GET", "HEAD"}:
            if request.path == "/healthz":
                return HttpResponse("ok\n", content_type="text/plain")
            if request.path == "/readyz":
                return ready()
        return self.get_response(request)


def ready() -> JsonResponse:
    """``{"database": "ok", "migrations": "ok", "cache": "ok", "broker": "ok"}`` with 200, or 503 with what is wrong in place of "ok"."""
    database = _database()
    found = {
        "database": database,
        "migrations": _migrations() if database == "ok" else "not checked",
        "cache": _cache(),
        "broker": _broker(),
    }
    return JsonResponse(found, status=200 if set(found.values()) == {"ok"} else 503)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "does not answer"
    return "ok"


def _migrations() -> str:
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return f"{len(waiting)} not applied: run ./portal upgrade" if waiting else "ok"


def _cache() -> str:
    """Asked where it is a server of its own; in the database it stands and falls with that."""
    if not settings.CACHES["default"]["BACKEND"].endswith("RedisCache"):
        return "ok"
    from redis.exceptions import RedisError  # a portal without Redis does not load it

    try:
        cache.get("readyz")
    except RedisError:
        return "does not answer"
    return "ok"


def _broker() -> str:
    if settings.CELERY_BROKER_URL.startswith("filesystem:"):
        folder = Path(str(settings.CELERY_BROKER_TRANSPORT_OPTIONS["data_folder_in"]))
        return "ok" if os.access(folder, os.W_OK) else "folder cannot be written"
    with app.connection_for_read(connect_timeout=BROKER_SECONDS) as broker:
        try:
            broker.ensure_connection(max_retries=1, interval_start=0, timeout=BROKER_SECONDS)
        except OperationalError:
            return "does not answer"
    return "ok"
