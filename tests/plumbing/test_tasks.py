"""Housekeeping."""

import os
import time

import pytest
from django.core.cache import cache

from plumbing import tasks


@pytest.mark.django_db
def test_beat_is_seen_after_its_note():
    tasks.note_beat()
    assert cache.get(tasks.BEAT_SEEN).startswith("20")


@pytest.mark.django_db
def test_spent_messages_are_removed_after_a_day(settings, tmp_path):
    settings.CELERY_BROKER_TRANSPORT_OPTIONS = {"processed_folder": str(tmp_path)}
    old, fresh, other = (tmp_path / name for name in ("1_old.celery.msg", "2_fresh.celery.msg", "notes.txt"))
    for file in (old, fresh, other):
        file.touch()
    for file in (old, other):
        os.utime(file, (time.time() - 25 * 3600,) * 2)
    tasks.clear_out()
    assert not old.exists()
    assert fresh.exists()
    assert other.exists()
