"""What runs by itself for the people of the portal."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from accounts import audit, outbox, stored_files
from accounts.models import StoredResponse

ANSWERS_KEPT = timedelta(days=30)


@shared_task
def seal_audit() -> int:
    return audit.seal_all()


@shared_task
def clear_leftover_files() -> int:
    """Remove stored files that no record names."""
    return stored_files.clear().removed


@shared_task
def send_messages() -> int:
    """Send what waits in the outbox."""
    return outbox.send_due()


@shared_task
def forget_answers() -> int:
    """Drop stored answers to writes that nobody repeats any more; returns how many."""
    return StoredResponse.objects.filter(created_at__lt=timezone.now() - ANSWERS_KEPT).delete()[0]
