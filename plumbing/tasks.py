"""Housekeeping that every installation needs."""

import time
from pathlib import Path

from celery import shared_task
from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.utils import timezone

BEAT_SEEN = "plumbing.beat_seen"
PROCESSED_KEPT_SECONDS = 24 * 3600


@shared_task
def note_beat() -> None:
    """Remember when beat and a worker last worked together; the system page shows it, kept without end."""
    cache.set(BEAT_SEEN, timezone.now().isoformat(), timeout=None)


@shared_task
def clear_out() -> None:
    """Drop ended sessions, and messages of the broker in folders that were taken more than a day ago."""
    call_command("clearsessions")
    folder = settings.CELERY_BROKER_TRANSPORT_OPTIONS.get("processed_folder")
    if folder:
        _remove_older_than(Path(str(folder)), PROCESSED_KEPT_SECONDS)


def _remove_older_than(folder: Path, seconds: float) -> int:
    limit = time.time() - seconds
    old = [path for path in folder.glob("*.msg") if path.stat().st_mtime < limit]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)
