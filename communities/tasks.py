"""What communities do by themselves."""

from celery import shared_task

from communities import due


@shared_task
def remind() -> int:
    """Tell each officer once a week how much is due: counts only."""
    return due.remind()
