"""A funded project with figures, for the tests of donor reports: training (people, per period) and a share, one partner."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from accounts.models import Organization
from accounts.roles import Role
from programs import framework, grants
from programs.models import Grant, ProjectPartner, ReportRequirement
from reporting import checks, donor_report, drafts, submissions
from reporting.drafts import FigureInput
from reporting.models import DonorReport, Submission
from tests import factories


class Reported:
    def __init__(self, code: str = "PPS-01") -> None:
        self.world = factories.world(code)
        manager, self.project = self.world.manager, self.world.project
        self.mande = self.world.mande
        self.signer = factories.member(Role.PROGRAM_MANAGER, program=self.project.program)
        factories.dimension("sex", "female", "male", "unknown")
        training = factories.definition("LIV-2", counting="people_per_period", breakdowns=(("sex",),), title="Completed training")
        self.training = self.world.indicator(training, baseline_value=Decimal(0))
        self.share = self.world.indicator(
            factories.ratio("OUT-1", counting="people_per_period", title="Would turn down recruitment"),
            baseline_numerator=Decimal(10), baseline_denominator=Decimal(100),
        )  # fmt: skip
        framework.set_target(self.training, by=manager, value=Decimal(400))
        framework.set_target(self.share, by=manager, numerator=Decimal(80), denominator=Decimal(100))
        self.donor = factories.donor("Peacebuilding Fund")
        self.grant = Grant.objects.create(
            donor=self.donor, reference="PBF-SSD-07", title="Pathways", currency="USD", amount=Decimal(1000),
            starts_on=date(2026, 1, 1), ends_on=date(2026, 12, 31), first_transfer_on=date(2026, 1, 5),
        )  # fmt: skip
        grants.approve(self.grant, project=self.project, amount=Decimal(1000), gender_share=30, by=manager)
        self.requirement = ReportRequirement.objects.create(
            grant=self.grant, kind="semiannual", title="Semi-annual report", covers_from=date(2026, 1, 1),
            covers_through=date(2026, 6, 30), cut_off_on=date(2026, 7, 20), due_on=date(2026, 8, 1),
        )  # fmt: skip

    def draft(self, quarter: int, figures: list[FigureInput], *, partner: Organization | None = None) -> Submission:
        period = self.world.open(quarter)
        submission = drafts.start(self.project, partner or self.world.partner, period, by=self.world.reporter)
        drafts.write_figures(submission, figures, by=self.world.reporter)
        return submission

    def accept(self, submission: Submission) -> Submission:
        for flag in checks.check(submission).flags:
            submissions.explain(
                submission, indicator=flag.indicator, place=flag.place, flag=flag.kind, sentence="As expected.", by=self.world.reporter
            )
        submissions.submit(submission, by=self.world.reporter)
        return submissions.accept(submission, by=self.mande)

    def quarter(self, number: int, trained: int, part: int, whole: int, *, women: int | None = None) -> Submission:
        at = self.world.place.code
        figures = [
            FigureInput("LIV-2", at, value=str(trained)),
            FigureInput("OUT-1", at, numerator=str(part), denominator=str(whole)),
        ]
        if women is not None:
            cells = {"female": women, "male": trained - women, "unknown": 0}
            figures += [FigureInput("LIV-2", at, cell={"sex": sex}, value=str(value)) for sex, value in cells.items()]
        return self.accept(self.draft(number, figures))

    def started(self) -> DonorReport:
        return donor_report.start(self.requirement, by=self.mande)

    def written(self, *, frozen: bool = True) -> DonorReport:
        """A report with every part written, rated and explained, ready for sign-off."""
        report = self.started()
        for section in report.sections.exclude(kind__in=["money", "indicators", "breakdowns"]):
            donor_report.edit_section(section, by=self.mande, text="By June {LIV-2} people completed training.", rating="on track")
        report.refresh_from_db()
        if frozen:
            donor_report.freeze(report, by=self.mande)
            for line in report.figures.filter(is_below=True):
                donor_report.explain(line, by=self.mande, reason="Floods closed the road to Leer.")
        report.refresh_from_db()
        return report

    def correct(self, quarter: int, trained: int) -> Submission:
        """A restatement of the training figure of a quarter."""
        period = self.world.periods[quarter]
        submission = submissions.reopen(
            self.project, self.world.partner, period, indicators=[self.training], reason="Double attendance sheet", by=self.world.manager
        )
        drafts.write_figures(
            submission, [FigureInput("LIV-2", self.world.place.code, value=str(trained))], by=self.world.reporter, replace_all=True
        )
        return self.accept(submission)

    def second_partner(self) -> Organization:
        office = factories.partner("WomenLead")
        ProjectPartner.objects.create(project=self.project, organization=office)
        return office
