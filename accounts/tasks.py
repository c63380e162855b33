"""What runs by itself for the people of the portal."""

from celery import shared_task

from accounts import audit, outbox


@shared_task
def seal_audit() -> int:
    return audit.seal_all()


@shared_task
def send_messages() -> int:
    """Send what waits in the outbox."""
    return outbox.send_due()
