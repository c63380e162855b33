"""What programs do by themselves."""

from celery import shared_task

from programs import calendar


@shared_task
def open_periods() -> int:
    """Open every reporting period whose day has come; a sweep, so a lost message costs one interval."""
    return len(calendar.open_due())
