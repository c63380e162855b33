"""What casework does by itself."""

from celery import shared_task

from reintegration import concerns, intake, referrals, todo


@shared_task
def look_after_cases() -> int:
    """End referrals that ran out, remind of late answers, erase concerns and left intakes whose time is over."""
    return referrals.sweep() + concerns.erase_expired() + intake.drop_expired()


@shared_task
def remind_caseworkers() -> int:
    """Tell caseworkers how many things are due today."""
    return todo.remind()
