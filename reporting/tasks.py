"""What reporting does by itself."""

from celery import shared_task

from reporting import reminders


@shared_task
def remind() -> int:
    """Write the reminders that are due now."""
    return reminders.remind()
