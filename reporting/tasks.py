"""What reporting does by itself."""

from celery import shared_task

from programs.models import Project
from reporting import prefill, published, reminders, report_files
from reporting.models import DonorReportFile


@shared_task
def remind() -> int:
    """Write the reminders that are due now."""
    return reminders.remind()


@shared_task
def count_records() -> int:
    """Prefill drafts of open periods from the records, and note where the records changed since."""
    return prefill.sweep()


@shared_task
def build_report_file(file_id: int) -> bool:
    """Build one file of a donor report."""
    file = DonorReportFile.objects.filter(pk=file_id).first()
    return file is not None and report_files.build(file)


@shared_task
def build_report_files() -> int:
    """Build whatever files of donor reports were asked for and are not there."""
    return report_files.build_waiting()


@shared_task
def keep_totals() -> int:
    """Bring kept totals and published numbers in line with assignments, hand-overs and periods that changed."""
    return sum(published.refresh(project) for project in Project.objects.order_by("pk"))
