"""Keeping the map of opportunities and services, and why an offer fits somebody. The map itself holds nothing about a person."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Organization, User
from accounts.roles import Permission
from plumbing.refusals import Invalid, Problem
from programs import access
from programs.models import Program, Project, ProjectPartner
from reintegration.models import AgeBand, Case, MappedService, Opportunity, Requirement

Entry = TypeVar("Entry", Opportunity, MappedService)

SHARED_FIELDS = ("organization", "provider", "place", "status")
OPPORTUNITY_FIELDS = (
    "title", "sector", "kind", *SHARED_FIELDS, "free_places", "has_no_limit", "starts_on", "ends_on", "cost", "currency", "for_women",
    "for_youth", "for_disabled", "child_care", "housing", "demand", "inputs", "note",
)  # fmt: skip
SERVICE_FIELDS = ("kind", *SHARED_FIELDS, "eligibility", "capacity", "focal_role", "route", "hours")


def record(*, program: Program, kept_by: Organization, by: User, requirements: Iterable[str] = (), **fields: Any) -> Opportunity:
    """Put an opportunity on the program's map; whoever records it has just asked, so it counts as verified today.

    Raises ``NotAllowed``, ``Invalid``, ``ValidationError``.
    """
    return _put(Opportunity(program=program, kept_by=kept_by, recorded_by=by), OPPORTUNITY_FIELDS, fields, by, requirements)


def record_service(*, program: Program, kept_by: Organization, by: User, **fields: Any) -> MappedService:
    return _put(MappedService(program=program, kept_by=kept_by, recorded_by=by), SERVICE_FIELDS, fields, by, ())


def change(opportunity: Opportunity, *, by: User, requirements: Iterable[str] | None = None, **fields: Any) -> Opportunity:
    """Change what stands on the map; ``requirements`` replace the old ones where they are given. Only who keeps the entry may."""
    return _change(opportunity, OPPORTUNITY_FIELDS, fields, by, requirements)


def change_service(service: MappedService, *, by: User, **fields: Any) -> MappedService:
    return _change(service, SERVICE_FIELDS, fields, by, None)


def verify(entry: Entry, *, by: User, status: str, free_places: int | None = None) -> Entry:
    """Somebody asked the provider today: the entry is right, with this status (and, of an opportunity, these free places)."""
    project = _project(by, entry.program)
    access.require(by, Permission.RECORD_ACTIVITIES, project=project)
    entry.status, entry.verified_on, entry.verified_by = status, timezone.localdate(), by
    if isinstance(entry, Opportunity):
        entry.free_places = None if entry.has_no_limit else free_places
    entry.full_clean()
    with transaction.atomic():
        entry.save()
        audit.record(f"{entry._meta.model_name}.verified", [entry, entry.program], by=by, status=status)
    return entry


def may_change(entry: Opportunity | MappedService, user: User) -> bool:
    project = Project.objects.visible_to(user, Permission.RECORD_ACTIVITIES).filter(program=entry.program_id).order_by("pk").first()
    return project is not None and access.allows(user, Permission.RECORD_ACTIVITIES, project=project, partner=entry.kept_by_id)


# Why an offer fits

# The sectors that an intended livelihood or a skill of the profile speaks for.
WANTED: Mapping[str, frozenset[str]] = {
    "farming": frozenset({"farming", "livestock"}), "trade": frozenset({"trade", "food"}), "school": frozenset({"schooling"}),
    "metal": frozenset({"metal"}), "building": frozenset({"building"}), "tailoring": frozenset({"tailoring"}),
    "driving": frozenset({"repair", "transport"}),
}  # fmt: skip


@dataclass(frozen=True)
class Wishes:
    """What is known of a person, as facts and never as a score. None means that nobody asked yet."""

    sectors: Collection[str] = ()
    facts: Mapping[str, bool | None] = field(default_factory=dict)  # Requirement.Fact -> has it
    is_woman: bool | None = None
    is_young: bool | None = None
    has_disability: bool | None = None
    needs_child_care: bool | None = None


@dataclass(frozen=True)
class Reason:
    """``speaks`` is "for", "against" or "ask": something to find out first."""

    speaks: str
    words: str


def reasons(wishes: Wishes, offer: Opportunity, asked: Iterable[str], *, is_near: bool, today: date) -> list[Reason]:
    """Why this offer fits, why not, and what is to be asked. ``asked`` are the facts it requires; ``is_near``: same area as the person."""
    found: list[Reason] = []
    if offer.sector in wishes.sectors:
        found.append(Reason("for", _("wants: %(sector)s") % {"sector": offer.get_sector_display()}))
    for fact in asked:
        found.append(_of_fact(Requirement.Fact(fact), wishes.facts.get(fact)))
    found += _of_place(offer, is_near)
    found += _of_people(wishes, offer)
    if wishes.needs_child_care:
        found.append(_answered(offer.child_care, _("child care is there"), _("no child care"), _("child care: ask first")))
    if offer.free_places == 0 or offer.status == Opportunity.Status.FULL:
        found.append(Reason("against", _("no free place now")))
    if offer.status in (Opportunity.Status.PAUSED, Opportunity.Status.ENDED) or (offer.ends_on is not None and offer.ends_on < today):
        found.append(Reason("against", _("not on offer now")))
    if offer.cost:
        found.append(Reason("ask", _("costs %(amount)s %(currency)s") % {"amount": offer.cost, "currency": offer.currency}))
    return found


def wishes_of(case: Case, answers: Mapping[str, Any]) -> Wishes:
    """What the case and its profile say, as facts; what the profile does not say stays unknown."""
    schooling = answers.get("education")
    facts: dict[str, bool | None] = {
        Requirement.Fact.READS_AND_WRITES: _yes(answers.get("reads")),
        Requirement.Fact.PRIMARY: None if schooling is None else schooling in ("primary", "secondary", "higher"),
        Requirement.Fact.SECONDARY: None if schooling is None else schooling in ("secondary", "higher"),
        Requirement.Fact.LAND: _yes(answers.get("land")),
    }
    return Wishes(
        sectors=WANTED.get(str(answers.get("livelihood")), frozenset()) | WANTED.get(str(answers.get("skill")), frozenset()),
        facts=facts,
        is_woman=None if case.sex in ("unknown", "other") else case.sex == "female",
        is_young=None if case.age_band is None else case.age_band == AgeBand.FROM_18,
        has_disability=_yes(answers.get("disability")),
        needs_child_care=_yes(answers.get("child_care")),
    )


def suits(found: Iterable[Reason]) -> bool:
    """Nothing speaks against it. The person chooses; this only orders the list."""
    return all(one.speaks != "against" for one in found)


def weight(found: Iterable[Reason]) -> tuple[int, int]:
    """Sorts offers: what suits first, then by how much speaks for it."""
    rows = list(found)
    return (sum(one.speaks == "against" for one in rows), -sum(one.speaks == "for" for one in rows))


def _yes(answer: Any) -> bool | None:
    return {"yes": True, "no": False, True: True, False: False}.get(answer)


def _of_fact(fact: Requirement.Fact, known: bool | None) -> Reason:
    if known is None:
        return Reason("ask", _("ask whether: %(fact)s") % {"fact": fact.label})
    return Reason("for", str(fact.label)) if known else Reason("against", _("asked for, not there yet: %(fact)s") % {"fact": fact.label})


def _of_place(offer: Opportunity, is_near: bool) -> list[Reason]:
    if is_near:
        return [Reason("for", _("in the same area"))]
    return [_answered(offer.housing, _("elsewhere, with housing"), _("elsewhere, no housing"), _("elsewhere; ask about housing"))]


def _of_people(wishes: Wishes, offer: Opportunity) -> list[Reason]:
    """Being open to somebody says little for an offer; being closed says all against it."""
    closed = [
        (wishes.is_woman, offer.for_women, _("not open to women")),
        (wishes.is_young, offer.for_youth, _("not open to youth")),
        (wishes.has_disability, offer.for_disabled, _("not open to people with disabilities")),
    ]
    found = [Reason("against", words) for applies, answer, words in closed if applies and answer == "no"]
    if wishes.has_disability and offer.for_disabled == "unknown":
        found.append(Reason("ask", _("ask how it can be reached with a disability")))
    return found


def _answered(answer: str, yes: str, no: str, unknown: str) -> Reason:
    return {"yes": Reason("for", yes), "no": Reason("against", no)}.get(answer, Reason("ask", unknown))


# Writing


def _put(row: Entry, known: Collection[str], fields: Mapping[str, Any], by: User, requirements: Iterable[str]) -> Entry:
    _require(by, row)
    _fill(row, known, fields)
    row.verified_on, row.verified_by = timezone.localdate(), by
    wanted = _facts(requirements)
    row.full_clean()
    with transaction.atomic():
        row.save()
        _write(row, wanted)
        audit.record(f"{row._meta.model_name}.recorded", [row, row.program, row.kept_by], by=by, kind=row.kind)
    return row


def _change(row: Entry, known: Collection[str], fields: Mapping[str, Any], by: User, requirements: Iterable[str] | None) -> Entry:
    _require(by, row)
    before = {name: getattr(row, name) for name in known}
    _fill(row, known, fields)
    wanted = None if requirements is None else _facts(requirements)
    row.full_clean()
    with transaction.atomic():
        row.save()
        if wanted is not None:
            _write(row, wanted)
        changed = sorted(name for name in known if before[name] != getattr(row, name))
        audit.record(f"{row._meta.model_name}.changed", [row, row.program], by=by, changed=changed)
    return row


def _require(by: User, row: Opportunity | MappedService) -> None:
    project = _project(by, row.program)
    access.require(by, Permission.RECORD_ACTIVITIES, project=project, partner=row.kept_by)
    is_there = ProjectPartner.objects.filter(project__program=row.program, organization=row.kept_by).exists()
    if not is_there and row.kept_by.kind != Organization.Kind.AGENCY:
        words = _("%(office)s takes no part in %(program)s.") % {"office": row.kept_by, "program": row.program.code}
        raise Invalid([Problem("kept_by", words, "not_a_partner")])


def _project(by: User, program: Program) -> Project:
    """A project of the program that this person records for; the map is the program's, the permission a project's."""
    project = Project.objects.visible_to(by, Permission.RECORD_ACTIVITIES).filter(program=program).order_by("pk").first()
    if project is None:
        raise access.NotAllowed(_("You may not do this here: it needs the permission to record activities in this program."))
    return project


def _fill(row: Any, known: Collection[str], fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        if name not in known:
            raise TypeError(f"{name} is not a field of the map")
        setattr(row, name, value)
    row.provider = row.provider.strip() or (str(row.organization) if row.organization else "")
    if isinstance(row, Opportunity):
        row.currency = row.currency.strip().upper()
        if row.has_no_limit:
            row.free_places = None


def _facts(requirements: Iterable[str]) -> list[str]:
    wanted = sorted(set(requirements))
    unknown = [fact for fact in wanted if fact not in Requirement.Fact.values]
    if unknown:
        words = _("There is no such requirement: %(names)s.") % {"names": ", ".join(unknown)}
        raise Invalid([Problem("requirements", words, "unknown")])
    return wanted


def _write(row: Opportunity | MappedService, wanted: list[str]) -> None:
    if isinstance(row, Opportunity):
        row.requirements.exclude(fact__in=wanted).delete()
        held = set(row.requirements.values_list("fact", flat=True))
        Requirement.objects.bulk_create(Requirement(opportunity=row, fact=fact) for fact in wanted if fact not in held)
