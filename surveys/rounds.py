"""Survey rounds: planned, opened, entered response by response, closed, approved. After that no answer changes."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit, practice
from accounts.models import Organization, User
from accounts.roles import Permission
from locations.models import Place
from plumbing.refusals import Invalid, Problem, Refused
from programs import access
from programs.models import Disaggregation, Project, ProjectPartner
from surveys import instruments, scoring
from surveys.models import Answer, Domain, InstrumentVersion, Item, Option, Score, SurveyResponse, SurveyRound

CHANGEABLE = (
    "held_on", "stage", "number", "mode", "assessor", "frame", "method", "planned_n", "design_effect", "approached", "note",
)  # fmt: skip


class RoundNotOpen(Refused):
    """Answers are taken while a round is open."""


@dataclass(frozen=True)
class Given:
    """One response as it comes: item code to option code, evidence notes of a capacity scale, who answered as categories at most.

    ``external_id`` is the sender's own id: the same one again is the same response.
    """

    answers: Mapping[str, str]
    evidence: Mapping[str, str] = field(default_factory=dict)
    respondent: Disaggregation | None = None
    external_id: uuid.UUID | None = None


@dataclass(frozen=True)
class Responded:
    """``is_new`` is false where the same response had come before; it is then left as it was."""

    response: SurveyResponse
    scored: scoring.Scored | None
    is_new: bool


def plan(
    *, version: InstrumentVersion, project: Project, partner: Organization, place: Place, stage: str, held_on: date, by: User,
    subject: str = SurveyRound.Subject.SAMPLE, organization: Organization | None = None, number: int | None = None,
    mode: str = SurveyRound.Mode.FACE_TO_FACE, assessor: str = "", frame: str = "", method: str = "", planned_n: int | None = None,
    design_effect: Decimal | None = None, approached: int | None = None, note: str = "",
) -> SurveyRound:  # fmt: skip
    """Plan a round with an active version at a place, for a project, carried out by one of its partners or the agency.

    ``subject`` "sample": anonymous people; "community": key informants or a forum; "institution": ``organization``, with ``assessor``
    "self", "facilitator" or "moderated" where the version is a capacity scale. ``stage`` "baseline", "midline", "endline" or
    "followup" with its ``number``. Raises ``NotAllowed`` and ``Invalid`` with every problem.
    """
    access.require(by, Permission.RECORD_SURVEYS, project=project, partner=partner, place=place)
    row = SurveyRound(
        version=version, project=project, partner=partner, place=place, subject=subject, organization=organization, stage=stage, number=number,
        held_on=held_on, mode=mode, assessor=assessor, frame=frame.strip(), method=method, planned_n=planned_n, design_effect=design_effect,
        approached=approached, note=note.strip(), planned_by=by,
    )  # fmt: skip
    _check(row)
    with transaction.atomic():
        row.save()
        audit.record("survey_round.planned", [row, project, partner], by=by, instrument=version.instrument.code, stage=row.stage_code)
    return row


def change(survey_round: SurveyRound, *, by: User, **fields: Any) -> SurveyRound:
    """Change what was planned (``CHANGEABLE``) until the round is approved: sampling fields are often known only afterwards."""
    require(survey_round, by)
    unknown = fields.keys() - set(CHANGEABLE)
    if unknown:
        raise TypeError(f"{sorted(unknown)} of a round is not changed")
    with transaction.atomic():
        row = _locked(survey_round)
        if row.status == SurveyRound.Status.APPROVED:
            raise Refused(_("This round is approved: it stands as it is."))
        changed = sorted(name for name, value in fields.items() if getattr(row, name) != value)
        for name, value in fields.items():
            setattr(row, name, value)
        _check(row)
        row.save()
        audit.record("survey_round.changed", [row, row.project], by=by, changed=changed)
    survey_round.refresh_from_db()
    return survey_round


def open(survey_round: SurveyRound, *, by: User) -> SurveyRound:
    """Open a planned round for entry, or a closed one again while it is not approved."""
    require(survey_round, by)
    Status = SurveyRound.Status
    _move(
        survey_round, [Status.PLANNED, Status.CLOSED], _("Only a planned or a closed round is opened."), "survey_round.opened", by,
        status=Status.OPEN, opened_at=timezone.now(), opened_by=by, closed_at=None, closed_by=None,
    )  # fmt: skip
    return survey_round


def respond(
    survey_round: SurveyRound, *, answers: Mapping[str, str], by: User, evidence: Mapping[str, str] | None = None,
    respondent: Disaggregation | None = None, external_id: uuid.UUID | None = None,
) -> Responded:  # fmt: skip
    """Enter one response into an open round and score it. Sent again with the same ``external_id`` it stays one.

    ``answers`` maps item codes to option codes; an item left out is not answered. A capacity scale takes one response a round, and
    ``evidence`` notes by item. Raises ``RoundNotOpen``, ``NotAllowed``, and ``Invalid`` with every answer that does not fit.
    """
    require(survey_round, by)
    if external_id is not None:
        before = SurveyResponse.objects.filter(survey_round=survey_round, external_id=external_id).first()
        if before is not None:
            return Responded(before, None, is_new=False)
    given = Given(answers, evidence or {}, respondent, external_id)
    try:
        with transaction.atomic():
            made = _enter(survey_round, [given], by)
            audit.record("survey_response.entered", [survey_round], by=by, number=made[0].response.number)
    except IntegrityError:  # the same response was being saved at the same moment
        if external_id is None:
            raise
        before = SurveyResponse.objects.filter(survey_round=survey_round, external_id=external_id).first()
        if before is None:
            raise
        return Responded(before, None, is_new=False)
    return made[0]


def respond_many(survey_round: SurveyRound, *, responses: Sequence[Given], by: User) -> list[Responded]:
    """Enter many responses at once, all or none, such as those of a file; one event. Known ``external_id`` are left as they were."""
    require(survey_round, by)
    with transaction.atomic():
        _locked(survey_round)
        wanted = [given.external_id for given in responses if given.external_id is not None]
        known = {row.external_id: row for row in SurveyResponse.objects.filter(survey_round=survey_round, external_id__in=wanted)}
        new = [given for given in responses if given.external_id not in known]
        made = iter(_enter(survey_round, new, by) if new else [])
        audit.record("survey_response.entered_many", [survey_round], by=by, responses=len(new))
        return [
            Responded(known[given.external_id], None, is_new=False) if given.external_id in known else next(made)
            for given in responses
        ]  # fmt: skip


def correct(
    response: SurveyResponse, *, answers: Mapping[str, str], by: User, evidence: Mapping[str, str] | None = None,
    respondent: Disaggregation | None = None,
) -> tuple[str, ...]:  # fmt: skip
    """Give the whole response anew while its round is open; gives back what changed, nothing where it says what stood there.

    What changed is told, and kept in the event, as codes of items and ``respondent``: never as the answers themselves, which stay
    single answers of people. Raises ``RoundNotOpen``, ``NotAllowed``, and ``Invalid`` with every answer that does not fit.
    """
    survey_round = response.survey_round
    require(survey_round, by)
    with transaction.atomic():
        _must_be_open(_locked(survey_round))
        sheet = Sheet(survey_round.version)
        given = Given(answers, evidence or {}, respondent)
        sheet.check([given])
        changed = _changed(response, given)
        if changed:
            response.answers.all().delete()
            response.scores.all().delete()
            response.respondent = respondent
            response.save(update_fields=["respondent", "updated_at"])
            sheet.fill([(response, given)])
            audit.record("survey_response.corrected", [survey_round], by=by, number=response.number, changed=list(changed))
    return changed


def sent_by(survey_round: SurveyRound, external_id: uuid.UUID, user: User) -> SurveyResponse | None:
    """The response that this caller's own organization sent under its id; none where it is unknown or somebody else's."""
    rows = SurveyResponse.objects.filter(survey_round=survey_round, external_id=external_id, entered_by__organization=user.organization_id)
    return rows.select_related("respondent").first() if user.organization_id is not None else None


def withdraw(response: SurveyResponse, *, reason: str, by: User) -> None:
    """Take out a response that should not be there, such as a test or one entered twice, while its round is open."""
    survey_round = response.survey_round
    require(survey_round, by)
    if not reason.strip():
        raise Invalid([Problem("reason", _("Say why this response is taken out."), "required")])
    with transaction.atomic():
        _must_be_open(_locked(survey_round))
        audit.record("survey_response.withdrawn", [survey_round], by=by, number=response.number, reason=reason.strip())
        response.delete()


def close(survey_round: SurveyRound, *, by: User) -> SurveyRound:
    """End entry. Raises ``Invalid`` for a round without responses, or a verified capacity score without its evidence note."""
    require(survey_round, by)
    problems = list(_unfinished(survey_round))
    if problems:
        raise Invalid(problems)
    _move(
        survey_round, [SurveyRound.Status.OPEN], _("Only an open round is closed."), "survey_round.closed", by,
        status=SurveyRound.Status.CLOSED, closed_at=timezone.now(), closed_by=by,
    )  # fmt: skip
    return survey_round


def approve(survey_round: SurveyRound, *, by: User) -> SurveyRound:
    """Approve a closed round: its answers never change again. By setting a second person does it, not the one who closed it."""
    require(survey_round, by)
    closer = survey_round.closed_by
    if closer is not None and access.behind(closer) & access.behind(by) and practice.whole("survey-second-person"):
        raise Refused(_("A second person approves a round, not the one who closed it."))
    _move(
        survey_round, [SurveyRound.Status.CLOSED], _("Only a closed round is approved."), "survey_round.approved", by,
        status=SurveyRound.Status.APPROVED, approved_at=timezone.now(), approved_by=by,
    )  # fmt: skip
    return survey_round


def may_record(survey_round: SurveyRound, user: User) -> bool:
    return access.allows(
        user, Permission.RECORD_SURVEYS, project=survey_round.project, partner=survey_round.partner_id, place=survey_round.place
    )


class Sheet:
    """What a version asks, read once: checks responses and writes their answers and scores in bulk."""

    def __init__(self, version: InstrumentVersion) -> None:
        self.version = instruments.whole(version)
        self.definition = instruments.definition_of(self.version)
        self.items: dict[str, Item] = {item.code: item for item in self.version.items.all()}
        self.domains: dict[str, Domain] = {domain.code: domain for domain in self.version.domains.all()}
        self.options: dict[tuple[int, str], Option] = {
            (options.pk, option.code): option for options in self.version.option_sets.all() for option in options.options.all()
        }

    def check(self, responses: Sequence[Given]) -> None:
        """Raise ``Invalid`` with every answer that is not of this version, is not asked, or is missing though required."""
        problems: list[Problem] = []
        for at, given in enumerate(responses):
            problems += self._wrong(given, f"responses/{at}/answers/" if len(responses) > 1 else "answers/")
        if problems:
            raise Invalid(problems)

    def fill(self, pairs: Sequence[tuple[SurveyResponse, Given]]) -> list[scoring.Scored]:
        """Write answers and scores of saved responses, in three queries and a few batches."""
        scored = [scoring.score(self.definition, given.answers) for _response, given in pairs]
        Answer.objects.bulk_create(
            (
                Answer(response=response, item=self.items[code], option=self._option(code, option), evidence=given.evidence.get(code, "").strip())
                for response, given in pairs
                for code, option in given.answers.items()
                if option
            ),
            batch_size=500,
        )  # fmt: skip
        Score.objects.bulk_create(
            (
                Score(
                    response=response, scheme=value.scheme, domain=self.domains.get(value.domain), value=value.value, answered=value.answered,
                    applicable=value.applicable, reason=value.reason,
                )
                for (response, _given), one in zip(pairs, scored, strict=True)
                for value in one.values
            ),
            batch_size=500,
        )  # fmt: skip
        return scored

    def _wrong(self, given: Given, path: str) -> Iterable[Problem]:
        fitting = {}
        for code, option in given.answers.items():
            item = self.items.get(code)
            if item is None:
                yield Problem(f"{path}{code}", _("There is no item %(code)s in this version.") % {"code": code}, "unknown")
            elif option and (item.option_set_id, option) not in self.options:
                text = _("%(code)s does not offer the answer “%(option)s”.")
                yield Problem(f"{path}{code}", text % {"code": code, "option": option}, "unknown")
            elif option:
                fitting[code] = option
        asked = {question.code for question in scoring.applicable(self.definition, fitting)}
        for code in fitting:
            if code not in asked:
                yield Problem(f"{path}{code}", _("%(code)s is not asked after the answers before it.") % {"code": code}, "not_asked")
        for item in self.items.values():
            if item.is_required and item.code in asked and item.code not in fitting:
                yield Problem(f"{path}{item.code}", _("%(code)s must be answered.") % {"code": item.code}, "required")
        for code in given.evidence:
            if code not in self.items:
                yield Problem(f"{path}{code}", _("There is no item %(code)s in this version.") % {"code": code}, "unknown")
        if self.version.rule != InstrumentVersion.Rule.CAPACITY and any(text.strip() for text in given.evidence.values()):
            yield Problem(f"{path}evidence", _("Free text is not kept here: it could name a person."), "free_text")

    def _option(self, item: str, option: str) -> Option:
        return self.options[self.items[item].option_set_id, option]


def _enter(survey_round: SurveyRound, responses: Sequence[Given], by: User) -> list[Responded]:
    row = _locked(survey_round)
    _must_be_open(row)
    sheet = Sheet(row.version)
    sheet.check(responses)
    last = SurveyResponse.objects.filter(survey_round=row).aggregate(last=Max("number"))["last"] or 0
    if sheet.version.rule == InstrumentVersion.Rule.CAPACITY and last + len(responses) > 1:
        raise Refused(_("A round of a capacity scale holds one assessment: correct that one."))
    made = SurveyResponse.objects.bulk_create(
        [
            SurveyResponse(
                survey_round=row, number=number, external_id=given.external_id or uuid.uuid4(), respondent=given.respondent, entered_by=by
            )
            for number, given in enumerate(responses, start=last + 1)
        ]
    )
    scored = sheet.fill(list(zip(made, responses, strict=True)))
    instruments.mark_used(sheet.version)
    SurveyRound.objects.filter(pk=row.pk).update(updated_at=timezone.now())
    return [Responded(response, one, is_new=True) for response, one in zip(made, scored, strict=True)]


def _check(row: SurveyRound) -> None:
    problems = []
    if row._state.adding and row.version.status != InstrumentVersion.Status.ACTIVE:
        problems.append(Problem("version", _("This version is not in force. Choose an active one."), "not_active"))
    if row.version.instrument.subject == "person":
        problems.append(
            Problem("version", _("This instrument is about a person: it is answered in a case, not in a survey round."), "person")
        )
    is_partner = ProjectPartner.objects.filter(project=row.project_id, organization=row.partner_id).exists()
    if not is_partner and row.partner.kind != Organization.Kind.AGENCY:
        text = _("%(partner)s is not a partner of %(project)s.") % {"partner": row.partner, "project": row.project.code}
        problems.append(Problem("partner", text, "not_a_partner"))
    is_capacity = row.version.rule == InstrumentVersion.Rule.CAPACITY
    if is_capacity and row.subject != SurveyRound.Subject.INSTITUTION:
        problems.append(Problem("subject", _("A capacity scale assesses an institution: name it."), "institution_needed"))
    if is_capacity and not row.assessor:
        problems.append(Problem("assessor", _("Say whose score it is: they are kept apart."), "required"))
    if not is_capacity and row.assessor:
        problems.append(Problem("assessor", _("Whose score it is, is said of a capacity scale only."), "invalid"))
    if row.subject == SurveyRound.Subject.SAMPLE and not row.method:
        problems.append(Problem("method", _("Say how the people were chosen: an interval means nothing without it."), "required"))
    if problems:
        raise Invalid(problems)
    row.full_clean(validate_unique=False)


def _unfinished(survey_round: SurveyRound) -> Iterable[Problem]:
    if not SurveyResponse.objects.filter(survey_round=survey_round).exists():
        yield Problem("responses", _("This round has no response yet."), "empty")
    if survey_round.assessor in {SurveyRound.Assessor.FACILITATOR, SurveyRound.Assessor.MODERATED}:
        bare = Answer.objects.filter(response__survey_round=survey_round, evidence="", option__score__isnull=False)
        codes = list(bare.order_by("item__order").values_list("item__code", flat=True))
        if codes:
            text = _("These scores have no evidence note: %(codes)s.") % {"codes": ", ".join(codes)}
            yield Problem("evidence", text, "required")


def _move(survey_round: SurveyRound, before: Sequence[str], refusal: str, event: str, by: User, **fields: Any) -> None:
    """Compare and swap: two people at once make one change."""
    with transaction.atomic():
        done = SurveyRound.objects.filter(pk=survey_round.pk, status__in=before).update(updated_at=timezone.now(), **fields)
        if not done:
            raise Refused(refusal)
        number = SurveyResponse.objects.filter(survey_round=survey_round).count()
        audit.record(event, [survey_round, survey_round.project, survey_round.partner], by=by, responses=number)
    survey_round.refresh_from_db()


def require(survey_round: SurveyRound, by: User) -> None:
    """Refuse with ``NotAllowed`` whoever may not work on this round."""
    access.require(by, Permission.RECORD_SURVEYS, project=survey_round.project, partner=survey_round.partner, place=survey_round.place)


def _locked(survey_round: SurveyRound) -> SurveyRound:
    """The round, locked, so that numbers of responses follow each other and nothing is entered while it is closed."""
    rows = SurveyRound.objects.select_for_update(of=("self",))
    return rows.select_related("version__instrument", "project", "partner", "place").get(pk=survey_round.pk)


def _changed(response: SurveyResponse, given: Given) -> tuple[str, ...]:
    """Codes of the items whose answer or evidence is another one, and ``respondent``."""
    kept = {code: (option, note) for code, option, note in response.answers.values_list("item__code", "option__code", "evidence")}
    told = {code: (option, given.evidence.get(code, "").strip()) for code, option in given.answers.items() if option}
    items = sorted(code for code in kept.keys() | told.keys() if kept.get(code) != told.get(code))
    who = given.respondent.pk if given.respondent is not None else None
    return (*items, *(["respondent"] if who != response.respondent_id else []))


def _must_be_open(row: SurveyRound) -> None:
    if row.status == SurveyRound.Status.PLANNED:
        raise RoundNotOpen(_("This round is not open yet: open it for entry first."))
    if row.status != SurveyRound.Status.OPEN:
        raise RoundNotOpen(_("This round is closed: its answers stand."))
