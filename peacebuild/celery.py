"""Tasks and beat: what runs by itself, and when.

A task takes ids, fetches and calls one act. Work that must not be lost is a row first; the sweeps below pick up whatever is due
and not done, so a killed worker or a lost message costs one interval at most. Each sweep expires before the next one is sent:
a worker that was away finds one message to do, not a queue of stale ones.
"""

import os

import structlog
from celery import Celery
from celery.schedules import crontab
from celery.signals import task_postrun, task_prerun

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "peacebuild.settings")
app = Celery("peacebuild")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

MINUTE = 60

# name -> task, schedule in seconds or as crontab, seconds after which an unstarted message is worthless
BEAT = {
    "note that beat is alive": ("plumbing.tasks.note_beat", MINUTE, MINUTE),
    "seal the audit log": ("accounts.tasks.seal_audit", 10, 10),
    "open reporting periods": ("programs.tasks.open_periods", 5 * MINUTE, 5 * MINUTE),
    "prefill reports from records": ("reporting.tasks.count_records", 5 * MINUTE, 5 * MINUTE),
    "watch for early warnings": ("communities.tasks.watch", 10 * MINUTE, 10 * MINUTE),
    "write reminders": ("reporting.tasks.remind", 15 * MINUTE, 15 * MINUTE),
    "remind of overdue action points": ("programs.tasks.remind_of_action_points", 3600, 3600),
    "tell caseworkers how much is due": ("reintegration.tasks.remind_caseworkers", 15 * MINUTE, 15 * MINUTE),
    "look after referrals, follow-ups and concerns": ("reintegration.tasks.look_after_cases", 30 * MINUTE, 30 * MINUTE),
    "remind of what is due in communities": ("communities.tasks.remind", 3600, 3600),
    "send what waits in the outbox": ("accounts.tasks.send_messages", MINUTE, MINUTE),
    "build files of donor reports that wait": ("reporting.tasks.build_report_files", MINUTE, MINUTE),
    "keep totals in line with assignments": ("reporting.tasks.keep_totals", crontab(hour=2, minute=40), 3600),
    "forget answers that nobody repeats": ("accounts.tasks.forget_answers", crontab(hour=3, minute=40), 3600),
    "remove files that no record names": ("accounts.tasks.clear_leftover_files", crontab(hour=4, minute=10), 3600),
    "clear ended sessions and spent messages": ("plumbing.tasks.clear_out", crontab(hour=3, minute=20), 3600),
}

app.add_defaults(
    lambda: {
        "beat_schedule": {
            name: {"task": task, "schedule": schedule, "options": {"expires": expires}} for name, (task, schedule, expires) in BEAT.items()
        }
    }
)


@task_prerun.connect
def _name_the_task_in_logs(task_id, task, **kwargs):
    structlog.contextvars.bind_contextvars(task=task.name, task_id=task_id)


@task_postrun.connect
def _forget_the_task_in_logs(**kwargs):
    structlog.contextvars.clear_contextvars()
