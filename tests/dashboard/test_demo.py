"""The demo: built by the acts people use, into an empty portal only."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count
from django.test import Client
from django.utils import timezone

from accounts import audit
from accounts.models import AuditEvent, User
from communities.models import Community, Forum
from programs.models import Project, ReportingPeriod
from reintegration.models import Case, ChildHandover, FollowUp, IntakeDraft, Referral, StepProposal
from reporting.models import DonorReport, Figure, Prefill, Submission
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def said(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    out = StringIO()
    call_command("seed_demo", password="a-long-demo-password", stdout=out, stderr=StringIO())
    return out.getvalue()


def test_the_demo_stands_as_on_a_tuesday_before_a_donor_deadline(said):
    assert Project.objects.count() == 6
    assert set(Submission.objects.values_list("state", flat=True)) == {"accepted", "submitted", "returned", "draft"}
    last = ReportingPeriod.objects.filter(project__code="CVR-02", opened_at__isnull=False).order_by("-ends_on")[1]
    assert not Submission.objects.filter(period=last).exists(), "WomenLead's report on the corridor is late"
    assert set(DonorReport.objects.values_list("state", flat=True)) == {"sent", "draft"}
    assert not Figure.objects.counting().exclude(submission__state="accepted").exists()
    # Printed once, so that a person can sign in and a partner's system can call.
    assert "a-long-demo-password" in said
    assert said.count("API key of ") == 4
    assert "reporter@demo.example   (Partner reporter, NYI)" in said
    # Its history has its own dates and an unbroken log.
    while audit.seal():
        pass
    assert audit.verify().broken_at is None
    assert AuditEvent.objects.order_by("at").first().at < Submission.objects.exclude(state="draft").earliest("submitted_at").submitted_at
    # The community of the corridor has its alert, answered by nobody yet, and its forums hang on it.
    town = Community.objects.get()
    assert town.warnings.filter(decided_at__isnull=True).count() == 1
    assert set(Forum.objects.filter(project__code="CVR-02").values_list("community", flat=True)) == {town.pk}
    # The cases stand in every state that somebody waits in, and the reports' figures come out of them.
    stand = dict(Case.objects.values_list("state").annotate(Count("pk")))
    assert set(stand) == {
        "identified", "accepted", "eligible", "deferred", "ineligible", "profiled", "active", "completed", "closed"
    }  # fmt: skip
    assert stand["completed"] + stand["closed"] >= 10, "fewer would be hidden on the page of counts"
    assert set(Referral.objects.values_list("state", flat=True)) == {"sent", "accepted", "declined", "completed", "withdrawn"}
    assert FollowUp.objects.filter(wave=6, outcome__was_reached=False).exists()
    assert (IntakeDraft.objects.count(), StepProposal.objects.count()) == (1, 2)
    assert list(ChildHandover.objects.filter(handed_over_at__isnull=True).values_list("boys")) == [(1,)]
    counted = Prefill.objects.filter(submission__project__code="PPS-01", submission__partner__name="Nile Youth Initiative")
    assert set(counted.values_list("tally", flat=True)) == {
        "cases.in_work_6_months", "cases.registered", "cases.plans_active", "cases.completed"
    }  # fmt: skip
    drafted = counted.filter(submission__state="draft")
    if timezone.localdate() - drafted.first().submission.period.starts_on > timedelta(
        days=9
    ):  # else the draft was opened later than the cases
        assert sorted(drafted.filter(has_drifted=True).values_list("tally", flat=True)) == ["cases.plans_active", "cases.registered"]
    client = Client()
    assert client.login(username="reporter@demo.example", password="a-long-demo-password")


def test_the_demo_never_mixes_with_real_people():
    factories.user()
    with pytest.raises(CommandError, match="empty one only"):
        call_command("seed_demo", stdout=StringIO(), stderr=StringIO())
    assert User.objects.count() == 1
