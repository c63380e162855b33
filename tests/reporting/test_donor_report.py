from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import AuditEvent, Message
from accounts.roles import Role
from plumbing.refusals import Invalid, Stale
from programs import framework, grants
from programs.access import NotAllowed
from programs.models import Grant, Indicator, ReportRequirement
from reporting import donor_report, drafts, report_checks, report_text, submissions
from reporting.models import DonorReport, DonorReportFile, RestatedReport
from tests import factories
from tests.programs.test_grants import grant as make_grant

pytestmark = pytest.mark.django_db
State = DonorReport.State


class Reported:
    """A funded project with one training indicator (per period, people) and one share, reported for two quarters."""

    def __init__(self):
        self.world = factories.world("PPS-01", first_ends_on=date(2026, 12, 31))
        manager = self.world.manager
        self.signer = factories.member(Role.PROGRAM_MANAGER, program=self.world.project.program)
        self.training = self.world.indicator(factories.definition("LIV-2", counting="people_per_period"), baseline_value=Decimal(0))
        self.share = self.world.indicator(
            factories.ratio("OUT-1", counting="people_per_period"), baseline_numerator=Decimal(10), baseline_denominator=Decimal(100)
        )
        framework.set_target(self.training, by=manager, value=Decimal(400))
        framework.set_target(self.share, by=manager, numerator=Decimal(80), denominator=Decimal(100))
        self.grant = make_grant(first_transfer_on=date(2026, 1, 5))
        grants.approve(self.grant, project=self.world.project, amount=Decimal(1000), by=manager)
        self.requirement = ReportRequirement.objects.create(
            grant=self.grant, kind="semiannual", title="Semi-annual report", covers_from=date(2026, 1, 1), covers_through=date(2026, 6, 30),
            cut_off_on=date(2026, 7, 20), due_on=date(2026, 8, 1),
        )  # fmt: skip

    def accept(self, quarter, trained, part, whole):
        period = self.world.open(quarter)
        submission = drafts.open_draft(self.world.project, partner=self.world.partner, period=period, by=self.world.reporter)
        self.fill(submission, trained, part, whole)
        return submission

    def fill(self, submission, trained, part, whole):
        figures = {self.training: {"value": Decimal(trained)}, self.share: {"numerator": Decimal(part), "denominator": Decimal(whole)}}
        for indicator, number in figures.items():
            drafts.save_figure(submission, indicator=indicator, place=self.world.place, by=self.world.reporter, **number)
        for flag in ("jump", "fell", "same", "zero", "late"):
            for indicator in figures:
                submissions.explain(
                    submission, indicator=indicator, place=self.world.place, flag=flag, sentence="As expected.", by=self.world.reporter
                )
        submissions.submit(submission, by=self.world.reporter)
        submissions.accept(submission, by=self.world.mande)
