"""One report as a page sees it: what is expected, what is there, and what this person may do with it."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import Http404, HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from accounts.models import Organization, User
from accounts.roles import Permission
from plumbing.addresses import number_in
from plumbing.refusals import Refused
from programs import access
from programs.models import ExpectedReport, Project, ReportingPeriod
from reporting import drafts
from reporting.checks import Block, Checklist
from reporting.models import Submission


@dataclass
class Report:
    expected: ExpectedReport
    submission: Submission | None
    user: User

    @property
    def project(self) -> Project:
        return self.expected.project

    @property
    def partner(self) -> Organization:
        return self.expected.partner

    @property
    def period(self) -> ReportingPeriod:
        return self.expected.period

    @cached_property
    def may_enter(self) -> bool:
        """May type figures here now: the partner's own people, or staff on its behalf."""
        return self._holds(Permission.ENTER_FIGURES) or self._holds(Permission.ENTER_ON_BEHALF)

    @cached_property
    def may_review(self) -> bool:
        return self._holds(Permission.REVIEW_FIGURES)

    @cached_property
    def may_sign_off(self) -> bool:
        return self.partner.wants_own_sign_off and self._holds(Permission.SIGN_OFF_FIGURES)

    @property
    def is_editable(self) -> bool:
        if self.period.opened_at is None or self.period.locked_at is not None:
            return False
        return self.submission is None or self.submission.is_editable

    @property
    def is_entry(self) -> bool:
        return self.may_enter and self.is_editable

    @property
    def version(self) -> int:
        return self.submission.draft_version if self.submission is not None else 0

    def url(self, name: str = "report") -> str:
        return reverse(name, args=[self.project.code, self.period.code, self.partner.pk])

    def places_to_solve(self, found: Checklist | None) -> list[tuple[Block, str]]:
        """Every block with the address that leads to where it is solved."""
        return [(block, self.where(block)) for block in found.blocks] if found is not None else []

    def where(self, block: Block) -> str:
        """The field or cell in which this is solved: following the link puts the cursor there."""
        if block.code == "narrative":
            return f"{self.url('report_narrative')}#id_q{block.key}"
        if block.code == "partners_file":
            return f"{self.url('report_attachments')}#id_file"
        if block.indicator is None or block.place is None:
            return self.url("report_check")
        at = f"{block.indicator.pk}-{block.place.pk}"
        return f"{self.url('report_check')}#s{at}-{block.key}" if block.code == "flag" else f"{self.url()}#c{at}"

    def started(self) -> Submission:
        """The submission to write to, opened now where there is none or only the portal's; staff open it on the partner's behalf."""
        if self.submission is not None and not self.submission.is_the_portals:
            return self.submission
        own = self._holds(Permission.ENTER_FIGURES)
        origin = Submission.Origin.PARTNER if own else Submission.Origin.ON_BEHALF
        self.submission = drafts.start(self.project, self.partner, self.period, by=self.user, origin=origin)
        return self.submission

    def crumbs(self, last: str = "") -> list[tuple[str, str]]:
        found = [
            (_("Reporting board"), _board()),
            (f"{self.project.code} {self.project.title}", ""),
            (self.period.code, self.url() if last else ""),
        ]
        return [*found, (last, "")] if last else found

    def tabs(self, current: str) -> list[dict[str, object]]:
        names = [
            ("report", _("Figures")),
            ("report_narrative", _("Narrative")),
            ("report_spending", _("Spending")),
            ("report_attachments", _("Attachments")),
            ("report_check", _("Check and submit")),
            ("report_history", _("History")),
        ]
        return [{"label": label, "url": self.url(name), "current": name == current, "count": None, "tone": ""} for name, label in names]

    def _holds(self, permission: Permission) -> bool:
        return access.allows(self.user, permission, project=self.project, partner=self.partner)


def find(request: HttpRequest, code: str, period: str, partner: int) -> Report:
    """The report at this address, if this person may see its figures; a stranger's is not found, like one that does not exist."""
    assert isinstance(request.user, User)
    expected = (
        ExpectedReport.objects.visible_to(request.user, Permission.READ_RAW)
        .select_related("project__program", "partner", "period")
        .filter(project__code=code, period__code=period, partner=partner)
        .first()
    )
    if expected is None:
        expected = _past(request.user, code, period, partner)
    submission = (
        Submission.objects.filter(project=expected.project_id, partner=partner, period=expected.period_id)
        .exclude(state=Submission.State.WITHDRAWN)
        .select_related("reopening", "submitted_by", "edited_by", "returned_by", "accepted_by", "signed_off_by")
        .with_last_sent()
        .order_by("-revision")
        .first()
    )
    if submission is not None:
        submission.project, submission.partner, submission.period = expected.project, expected.partner, expected.period
    return Report(expected, submission, request.user)


def _past(user: User, code: str, period: str, partner: int) -> ExpectedReport:
    """Past figures that came in with a framework: nobody owed them, so what is expected is taken from their period."""
    came = (
        Submission.objects.visible_to(user, Permission.READ_RAW)
        .filter(project__code=code, period__code=period, partner=partner, period__is_past=True)
        .exclude(state=Submission.State.WITHDRAWN)
        .select_related("project__program", "partner", "period")
        .first()
    )
    if came is None:
        raise Http404
    due, answer = came.period.due_on, came.period.review_due_on
    return ExpectedReport(project=came.project, partner=came.partner, period=came.period, due_on=due, review_due_on=answer)


def refused_words(problem: Refused) -> list[str]:
    """What to show for a refusal: every problem of an invalid one, else its text."""
    found = [str(one.message) for one in getattr(problem, "problems", ())]
    return found or [str(problem)]


def seen_version(request: HttpRequest) -> int | None:
    """The draft version that the form was filled from; None where there was no draft yet."""
    return number_in(request.POST.get("version")) or None


def _board() -> str:
    try:
        return reverse("board")
    except NoReverseMatch:
        return ""
