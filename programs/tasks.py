"""What programs do by themselves."""

from celery import shared_task

from programs import actionpoints, calendar


@shared_task
def open_periods() -> int:
    """Open every reporting period whose day has come; a sweep, so a lost message costs one interval."""
    return len(calendar.open_due())


@shared_task
def remind_of_action_points() -> int:
    """Tell owners once a week how many of their action points are overdue."""
    return actionpoints.remind()
