"""From first contact to a case. Before any row: the child check, then the notice and the legal basis."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit, practice
from accounts.models import Organization, User
from accounts.roles import Permission
from locations.models import Place, PlaceTree
from plumbing.refusals import Invalid, Problem, Refused
from programs import access
from programs.access import NotAllowed
from programs.models import Project, ProjectPartner
from reintegration import codes, opening, pathways
from reintegration.models import (
    AgeBand,
    Case,
    CaseAccess,
    CaseAssignment,
    ErasureReceipt,
    IntakeDraft,
    Notice,
    ProtectionContact,
    Referral,
    State,
    Transition,
)
from reintegration.models.cases import ADULT_BY_YEAR

# What a safe-contact rule answers; everything of it is encrypted.
SAFE_CONTACT = ("may_call", "call_when", "who_may_answer", "visit", "visit_where", "unmarked_car", "never_mention")


class MayBeChild(Refused):
    """The person may be under 18: nothing is written down. The same words on the page and in the API."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "This person may be under 18. Nothing was written down. Do not ask further questions: stay with the child, "
                "call child protection now and hand over."
            )
        )


class NotSealed(Refused):
    def __init__(self) -> None:
        super().__init__(_("This case is not sealed."))


class SecondPersonNeeded(Refused):
    def __init__(self, message: str = "") -> None:
        super().__init__(message or _("A second person does this, not the one who began it."))


def child_check(*, adult_beyond_doubt: bool, birth_year: int | None, age_band: str | None, on: date) -> None:
    """The one check before any row. Any doubt, any answer that leaves room for 17, and an age that is not given: ``MayBeChild``.

    Somebody born 18 years before the year of opening may not have had the birthday yet, so the year must lie 19 years back.
    """
    if adult_beyond_doubt is not True or (birth_year is None and not age_band):
        raise MayBeChild()
    if birth_year is not None and on.year - birth_year < ADULT_BY_YEAR:
        raise MayBeChild()
    if age_band and age_band not in AgeBand.values:
        raise MayBeChild()


def protection_contacts(project: Project) -> list[ProtectionContact]:
    """Whom to call: those for places of the project and what they lie in, then those for everywhere."""
    around = set(PlaceTree.objects.filter(descendant__projects__project=project).values_list("ancestor", flat=True))
    rows = list(ProtectionContact.objects.select_related("place"))
    return [row for row in rows if row.place_id in around] + [row for row in rows if row.place_id is None]


def begin(
    *, project: Project, partner: Organization, pathway: str, notice: Notice, notice_given_on: date, notice_method: str, basis: str,
    adult_beyond_doubt: bool, birth_year: int | None, age_band: str | None, by: User,
) -> IntakeDraft:  # fmt: skip
    """Begin an intake that can be left and resumed: the person is an adult beyond doubt, has heard the notice, and there is a basis.

    Raises ``MayBeChild``, ``NotAllowed``, ``Invalid``.
    """
    access.require(by, Permission.WORK_CASES, project=project, partner=partner)
    child_check(adult_beyond_doubt=adult_beyond_doubt, birth_year=birth_year, age_band=age_band, on=timezone.localdate())
    _refuse(_setting_problems(project, partner, pathway, notice, notice_given_on))
    row = IntakeDraft(
        project=project, partner=partner, pathway=pathway, notice=notice, notice_given_on=notice_given_on, notice_method=notice_method,
        basis=basis, answers={"birth_year": birth_year, "age_band": age_band or None}, started_by=by,
        expires_at=timezone.now() + timedelta(days=practice.whole("intake-draft-days")),
    )  # fmt: skip
    row.full_clean()
    with transaction.atomic():
        row.save()
        audit.record("intake.begun", [row, project, partner], by=by)
    return row


def keep(draft: IntakeDraft, *, answers: Mapping[str, Any], by: User) -> IntakeDraft:
    """Keep what was answered so far; the age stays as the child check heard it."""
    _require_own(draft, by)
    aged = {name: draft.answers.get(name) for name in ("birth_year", "age_band")}
    draft.answers = {**answers, **aged}
    with transaction.atomic():
        draft.save()
        audit.record("intake.kept", [draft], by=by)
    return draft


def drop(draft: IntakeDraft, *, by: User) -> None:
    """Throw an intake away with everything in it."""
    _require_own(draft, by)
    with transaction.atomic():
        audit.record("intake.dropped", [draft, draft.project, draft.partner], by=by)
        draft.delete()


def finish(
    draft: IntakeDraft, *, place: Place, source: str, sex: str, safe_contact: Mapping[str, Any], by: User, external_id: uuid.UUID | None = None
) -> Case:  # fmt: skip
    """Make the case of a draft, which goes."""
    _require_own(draft, by)
    with transaction.atomic():
        case = open_case(
            project=draft.project, partner=draft.partner, pathway=draft.pathway, place=place, source=source, sex=sex,
            birth_year=draft.answers.get("birth_year"), age_band=draft.answers.get("age_band"), adult_beyond_doubt=True,
            notice=draft.notice, notice_given_on=draft.notice_given_on, notice_method=draft.notice_method, basis=draft.basis,
            safe_contact=safe_contact, by=by, external_id=external_id,
        )  # fmt: skip
        draft.delete()
    return case


def open_case(
    *, project: Project, partner: Organization, pathway: str, place: Place, source: str, sex: str, birth_year: int | None,
    age_band: str | None, adult_beyond_doubt: bool, notice: Notice, notice_given_on: date, notice_method: str, basis: str,
    safe_contact: Mapping[str, Any], by: User, external_id: uuid.UUID | None = None, opened_on: date | None = None,
) -> Case:  # fmt: skip
    """Open a case under a new random code, at IDENTIFIED: nothing but what that step allows is kept.

    Raises ``MayBeChild`` before anything is written; ``NotAllowed``; ``Invalid``; ValidationError for a second external id.
    """
    access.require(by, Permission.WORK_CASES, project=project, partner=partner, place=place)
    day = opened_on or timezone.localdate()
    child_check(adult_beyond_doubt=adult_beyond_doubt, birth_year=birth_year, age_band=age_band, on=day)
    _refuse(
        [*_setting_problems(project, partner, pathway, notice, notice_given_on), *_place_problems(place), *_contact_problems(safe_contact)]
    )
    case = Case(
        code=codes.mint(), external_id=external_id, project=project, partner=partner, caseworker=by, place=place, pathway=pathway,
        state_since=day, source=source, sex=sex, birth_year=birth_year, age_band=age_band or None, opened_on=day, opened_year=day.year,
        opened_by=by, notice=notice, notice_given_on=notice_given_on, notice_method=notice_method, basis=basis,
        safe_contact={name: safe_contact[name] for name in SAFE_CONTACT if name in safe_contact},
    )  # fmt: skip
    case.full_clean()
    with transaction.atomic():
        case.save(force_insert=True)
        Transition.objects.create(case=case, number=1, to_state=State.IDENTIFIED, happened_on=day, by=by)
        CaseAssignment.objects.create(case=case, caseworker=by, assigned_by=by, reason=CaseAssignment.Reason.OPENED)
        audit.record("case.opened", [case, project, partner], by=by, pathway=pathway, basis=basis)
    return case


def change_safe_contact(case: Case, *, safe_contact: Mapping[str, Any], by: User) -> Case:
    opening.require_work(case, by)
    _refuse(_contact_problems(safe_contact))
    with transaction.atomic():
        row = Case.objects.select_for_update().get(pk=case.pk)
        row.safe_contact = {name: safe_contact[name] for name in SAFE_CONTACT if name in safe_contact}
        row.version += 1
        row.save(update_fields=["safe_contact", "version", "updated_at"])
        audit.record("case.safe_contact_changed", [row, row.project, row.partner], by=by)
    return row


def seal_possible_child(case: Case, *, by: User) -> Case:
    """The person may be a child after all: from now on nobody reads the case, and its referrals end. One person is enough."""
    if not Case.objects.visible_to(by).filter(pk=case.pk).exists():
        raise NotAllowed(_("You may not do this with this case."))
    now = timezone.now()
    with transaction.atomic():
        row = Case.objects.select_for_update().get(pk=case.pk)
        if row.sealed_at is not None:
            return row
        row.sealed_at, row.sealed_by, row.erase_by = now, by, now + timedelta(hours=practice.whole("erase-child-hours"))
        row.save(update_fields=["sealed_at", "sealed_by", "erase_by", "updated_at"])
        CaseAccess.objects.filter(case=row, ends_at__gt=now, starts_at__lt=now).update(ends_at=now)
        ended = (
            Referral.objects.filter(case=row)
            .open()
            .update(state=Referral.State.WITHDRAWN, ended_at=now, deletion_asked_at=now, updated_at=now)
        )
        audit.record("case.sealed", [row, row.project, row.partner], by=by, referrals_ended=ended)
    return row


def erase_sealed(case: Case, *, by: User, at: datetime | None = None) -> ErasureReceipt:
    """Erase a sealed case with everything under it; a receipt and the events stay. By somebody else than who sealed it."""
    if not Case.objects.sealed_in_scope(by).filter(pk=case.pk).exists():
        raise NotAllowed(_("You may not do this with this case."))
    with transaction.atomic():
        row = Case.objects.select_for_update().select_related("project", "partner").get(pk=case.pk)
        if row.sealed_at is None or row.sealed_by is None or row.erase_by is None:
            raise NotSealed()
        if row.sealed_by_id == by.pk:
            raise SecondPersonNeeded(_("You sealed this case. A second person erases it."))
        receipt = ErasureReceipt.objects.create(
            project=row.project, partner=row.partner, sealed_at=row.sealed_at, sealed_by=row.sealed_by, erase_by=row.erase_by,
            erased_at=at or timezone.now(), erased_by=by,
        )  # fmt: skip
        audit.record("case.erased", [row, receipt, row.project, row.partner], by=by, in_time=receipt.erased_at <= receipt.erase_by)
        row.referrals.all().delete()  # before the consents that they stand on
        row.delete()
    return receipt


def drop_expired() -> int:
    """Erase intakes that were left for too long."""
    with transaction.atomic():
        gone, _each = IntakeDraft.objects.filter(expires_at__lte=timezone.now()).delete()
        if gone:
            audit.record("intake.expired", by=None, drafts=gone)
    return gone


def _require_own(draft: IntakeDraft, by: User) -> None:
    if not IntakeDraft.objects.visible_to(by).filter(pk=draft.pk).exists():
        raise NotAllowed(_("This intake is somebody else's, or it has ended."))


def _setting_problems(project: Project, partner: Organization, pathway: str, notice: Notice, given_on: date) -> list[Problem]:
    found = []
    if not ProjectPartner.objects.filter(project=project, organization=partner).exists():
        found.append(Problem("partner", _("%(partner)s is not a partner of %(project)s.") % {"partner": partner, "project": project.code}))
    if pathway not in pathways.offered(project.program):
        found.append(Problem("pathway", _("The program does not offer this pathway."), "not_offered"))
    if not notice.in_use:
        found.append(Problem("notice", _("This version of the notice is no longer in use."), "not_in_use"))
    if given_on > timezone.localdate():
        found.append(Problem("notice_given_on", _("The notice is given before anything is written down."), "in_the_future"))
    return found


def _place_problems(place: Place) -> list[Problem]:
    if place.level <= Place.Level.ADMIN_2:
        return []
    return [Problem("place", _("Choose the county (admin 2): nothing more exact is kept."), "too_exact")]


def _contact_problems(rule: Mapping[str, Any]) -> list[Problem]:
    if isinstance(rule.get("may_call"), bool) and isinstance(rule.get("visit"), bool):
        return []
    return [Problem("safe_contact", _("Say whether we may call and whether we may visit."), "missing")]


def _refuse(problems: list[Problem]) -> None:
    if problems:
        raise Invalid(problems)
