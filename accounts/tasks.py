"""What runs by itself for the people of the portal."""

from datetime import timedelta

from celery import shared_task
from django.core.cache import cache
from django.utils import timezone

from accounts import audit, outbox, stored_files
from accounts.models import StoredResponse, User

ANSWERS_KEPT = timedelta(days=30)
BEING_VERIFIED = "accounts.audit_being_verified"  # set from asking until the walk has ended, so that one walk runs at a time


@shared_task
def seal_audit() -> int:
    return audit.seal_all()


@shared_task
def verify_audit(person: int) -> int:
    """Walk the audit log for somebody who asked on its page; returns how many sealed events held."""
    try:
        return audit.note_verification(by=User.objects.get(pk=person), via="task").checked
    finally:
        cache.delete(BEING_VERIFIED)


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
