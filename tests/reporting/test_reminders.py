"""Who is told what, and when."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.core import mail

from accounts import outbox
from accounts.models import Message
from accounts.roles import Role
from programs import calendar
from programs.models import ExpectedReport
from reporting import drafts, reminders, submissions
from reporting.drafts import FigureInput
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    made = factories.world()
    made.row = made.indicator()
    made.open()
    return made


def at(day, hour=9):
    return datetime.combine(day, time(hour), UTC)


def steps(person):
    return [m.step.split("-", 4)[-1] for m in Message.objects.filter(recipient=person).order_by("id")]


def test_a_reporter_hears_21_14_7_and_1_days_before_and_on_the_day_each_once(world):
    due = ExpectedReport.objects.get().due_on
    for left in range(30, -1, -1):
        for hour in (3, 9, 15):
            reminders.remind(now=at(due - timedelta(days=left), hour))
    assert steps(world.reporter) == ["due-21", "due-14", "due-7", "due-1", "due-0"]
    assert not Message.objects.exclude(recipient=world.reporter).exists()


def test_overdue_repeats_weekly_and_goes_up_to_the_partners_manager_then_the_program_manager(world):
    boss = factories.member(Role.PARTNER_MANAGER, organization=world.partner)
    due = ExpectedReport.objects.get().due_on
    for late in range(1, 16):
        reminders.remind(now=at(due + timedelta(days=late)))
    assert steps(world.reporter) == ["overdue-0", "overdue-1", "overdue-2"]
    assert steps(boss) == ["overdue-0", "overdue-1", "overdue-2"]
    assert steps(world.manager) == ["overdue-0", "overdue-1", "overdue-2"]
    first = Message.objects.filter(recipient=world.manager).earliest("id")
    assert "7 days late" in first.line


def test_more_time_makes_it_quiet_until_the_new_date_comes_near(world):
    expected = ExpectedReport.objects.get()
    reminders.remind(now=at(expected.due_on))
    before = Message.objects.count()
    calendar.extend(expected, to=expected.due_on + timedelta(days=40), reason="Floods.", by=world.manager)
    reminders.remind(now=at(expected.due_on - timedelta(days=35)))
    assert Message.objects.count() == before


def test_nothing_is_written_for_an_exempt_or_accepted_report(world):
    expected = ExpectedReport.objects.get()
    calendar.exempt(expected, reason="Not active.", by=world.manager)
    assert reminders.remind(now=at(expected.due_on)) == 0


def test_once_submitted_the_reviewer_hears_and_the_reporter_does_not(world):
    submission = drafts.start(world.project, world.partner, world.period, by=world.reporter)
    drafts.write_figures(submission, [FigureInput(world.row.code, world.place.code, value="3")], by=world.reporter)
    submissions.submit(submission, by=world.reporter)
    reminders.remind(now=at(ExpectedReport.objects.get().review_due_on))
    assert {m.recipient for m in Message.objects.all()} == {world.mande}
    assert Message.objects.get().line.startswith("Review: ")


def test_the_day_is_the_day_where_the_reader_is(world):
    world.reporter.time_zone = "Pacific/Kiritimati"  # 14 hours ahead
    world.reporter.save()
    due = ExpectedReport.objects.get().due_on
    reminders.remind(now=at(due - timedelta(days=1), 18))  # 08:00 on the due date there
    assert steps(world.reporter) == ["due-0"]


def test_one_mail_per_person_gathers_every_line(world):
    due = ExpectedReport.objects.get().due_on
    reminders.remind(now=at(due))
    outbox.post(world.reporter, outbox.Line("action_point:1", "due-0", "Answer the visit's finding."))
    assert outbox.send_due() == 1
    assert outbox.send_due() == 0
    (sent,) = mail.outbox
    assert sent.to == [world.reporter.email]
    assert sent.subject == "2 things wait for you"
    assert "Answer the visit's finding." in sent.body
    assert f"/reports/{world.project.code}/" in sent.body


def test_a_crash_after_sending_repeats_with_the_same_message_id(world, monkeypatch):
    outbox.post(world.reporter, outbox.Line("x:1", "a", "One."))
    sent = []

    def send_then_die(self):
        sent.append(self.extra_headers["Message-ID"])
        raise KeyboardInterrupt

    monkeypatch.setattr("django.core.mail.EmailMessage.send", send_then_die)
    with pytest.raises(KeyboardInterrupt):
        outbox.send_due()
    monkeypatch.undo()
    assert outbox.send_due() == 0, "the lease still holds"
    outbox.post(world.reporter, outbox.Line("x:2", "a", "Two."))
    Message.objects.filter(envelope__isnull=False).update(lease_until=None)
    assert outbox.send_due() == 1
    assert mail.outbox[0].extra_headers["Message-ID"] == sent[0]
    assert "Two." not in mail.outbox[0].body


def test_a_reminder_by_hand_carries_the_colleagues_line_and_goes_out_once_a_day(world):
    expected = [ExpectedReport.objects.get()]
    assert reminders.remind_now(expected, by=world.mande, note="Is the road open?") == 1
    assert reminders.remind_now(expected, by=world.mande, note="Again") == 0
    outbox.send_due()
    assert "Is the road open?" in mail.outbox[0].body
