"""What runs by itself for the people of the portal."""

from celery import shared_task

from accounts import audit


@shared_task
def seal_audit() -> int:
    return audit.seal_all()
