"""What communities do by themselves."""

from celery import shared_task

from communities import due, early_warnings


@shared_task
def remind() -> int:
    """Tell each officer once a week how much is due: counts only."""
    return due.remind()


@shared_task
def watch() -> int:
    """Raise early warnings and tell of those that nobody answered; a sweep, so a lost message costs one interval."""
    return early_warnings.sweep() + early_warnings.escalate()
