"""Recording what happened, looking at it a second time, and deciding what was told twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit, practice
from accounts.models import Organization, User
from accounts.roles import Permission
from communities import taxonomy
from communities.models import Community, Harm, Incident, IncidentWords, Likeness, ViolationCount
from locations.models import Place
from plumbing.refusals import Invalid, Problem, Refused
from privacy import suppression
from privacy.suppression import Shown
from programs import access, gates
from programs.models import Project, ProjectPartner

if TYPE_CHECKING:
    from accounts.models import Actor

NEAR = timedelta(days=1)
# What a recorder tells beyond where, when, what and from whom.
FACTS = frozenset(
    {
        "date_precision", "geo_precision", "sub_type", "actor_1", "actor_2", "fatalities_low", "fatalities_best", "fatalities_high",
        "civilians_targeted", "displaced", "displaced_from", "displaced_to", "source_ref", "reliability", "credibility", "sensitivity",
    }
)  # fmt: skip
WORDS = ("text", "source_detail")  # what it tells in free words, kept encrypted beside the row
LONGEST = 10_000  # characters
HarmCells = Mapping[tuple[str, str, str], int]  # (what, sex, age band) -> adults


class VerifiedAlready(Refused):
    """A verified incident is changed by nobody; what was wrong is told anew and the two are decided upon."""


class NotASecondPerson(Refused):
    """Who recorded an incident does not verify it."""


class DecidedAlready(Refused):
    """Somebody decided on this pair before."""


@dataclass(frozen=True)
class Recorded:
    """``is_new`` is false where the source had told of it before under the same number; it is then left as it was."""

    incident: Incident
    is_new: bool


def record(
    *, organization: Organization, type: str, event_date: date, place: Place, source: str, by: User, community: Community | None = None,
    harm: HarmCells | None = None, **facts: Any,
) -> Recorded:  # fmt: skip
    """Record an incident once per source and its number. Likely duplicates are proposed; violence asks for the area's reviews anew.

    ``facts`` are those of ``FACTS`` and ``WORDS``. Raises ``NotAllowed`` and ``Invalid`` with every problem.
    """
    words = _words(facts)
    if unknown := set(facts) - FACTS:
        raise TypeError(f"an incident has no {', '.join(sorted(unknown))}")
    community = community or nearest_community(place, organization)
    projects = _require(by, Permission.RECORD_COMMUNITIES, organization, place, community)
    before = _told_before(organization, source, facts.get("source_ref", ""))
    if before is not None:
        return Recorded(before, is_new=False)
    row = Incident(
        organization=organization, type=type, event_date=event_date, place=place, area=area_of(place), source=source.strip(),
        community=community, recorded_by=by, **facts,
    )  # fmt: skip
    _check(row)
    try:
        with transaction.atomic():
            row.save()
            _fill(row, harm)
            _write(row, words)
            likely = _propose(row)
            if row.type in taxonomy.VIOLENT:
                gates.ask_for_review(projects, on=row.event_date)
            audit.record("incident.recorded", [row, organization, *([community] if community else [])], by=by, type=type, likely=likely)
    except IntegrityError:  # the same was being saved at the same moment
        before = _told_before(organization, row.source, row.source_ref)
        if before is None:
            raise
        return Recorded(before, is_new=False)
    return Recorded(row, is_new=True)


def record_many(rows: Sequence[Mapping[str, Any]], *, by: User) -> list[Recorded]:
    """Record many at once: all of them or, with every problem of every row, none."""
    done, problems = [], []
    with transaction.atomic():
        for number, row in enumerate(rows):
            try:
                with transaction.atomic():
                    done.append(record(**row, by=by))
            except Invalid as refused:
                problems += [Problem(f"incidents/{number}/{one.path}", one.message, one.code) for one in refused.problems]
            except ValidationError as refused:
                problems += [
                    Problem(f"incidents/{number}/{name}", " ".join(texts), "invalid") for name, texts in refused.message_dict.items()
                ]
        if problems:
            raise Invalid(problems)
    return done


def correct(
    incident: Incident, *, type: str, event_date: date, place: Place, source: str, by: User, community: Community | None = None,
    harm: HarmCells | None = None, **facts: Any,
) -> Incident:  # fmt: skip
    """Correct what is not verified yet; the whole content is given anew, except that facts left out stay as they are."""
    _require(by, Permission.RECORD_COMMUNITIES, incident.organization, incident.place, incident.community)
    _require(by, Permission.RECORD_COMMUNITIES, incident.organization, place, community)
    if incident.is_verified:
        raise VerifiedAlready(_("It is verified. Record what you know now as a new incident and decide that the two are the same."))
    words = _words(facts)
    incident.type, incident.event_date, incident.place, incident.source = type, event_date, place, source.strip()
    incident.area, incident.community = area_of(place), community or nearest_community(place, incident.organization)
    for name, value in facts.items():
        if name not in FACTS:
            raise TypeError(f"an incident has no {name}")
        setattr(incident, name, value)
    _check(incident)
    with transaction.atomic():
        incident.save()
        if harm is not None:
            incident.harm.all().delete()
            _fill(incident, harm)
        _write(incident, words)
        _propose(incident)
        audit.record("incident.corrected", [incident, incident.organization], by=by)
    return incident


def verify(incident: Incident, *, by: User, reliability: str, credibility: int) -> Incident:
    """A second person looks and says how far source and content can be trusted. From then on nothing changes."""
    _require(by, Permission.VERIFY_INCIDENTS, incident.organization, incident.place, incident.community)
    if incident.recorded_by_id == by.pk:
        raise NotASecondPerson(_("You recorded it: somebody else verifies it."))
    with transaction.atomic():
        row = Incident.objects.select_for_update().get(pk=incident.pk)
        if row.is_verified:
            raise VerifiedAlready(_("It is verified already."))
        row.reliability, row.credibility = reliability, credibility
        row.verified_at, row.verified_by = timezone.now(), by
        row.clean_fields()
        row.save()
        audit.record("incident.verified", [row], by=by, reliability=reliability, credibility=credibility)
    return row


def decide_likeness(likeness: Likeness, *, same: bool, by: User) -> Likeness:
    """Say whether two are one. Where they are, the earlier one counts; both stay as they were told."""
    for one in (likeness.first, likeness.second):
        _require(by, Permission.VERIFY_INCIDENTS, one.organization, one.place, one.community)
    with transaction.atomic():
        row = Likeness.objects.select_for_update().get(pk=likeness.pk)
        if row.decided_at is not None:
            raise DecidedAlready(_("Somebody decided on this pair already."))
        row.decision = Likeness.Decision.SAME if same else Likeness.Decision.DIFFERENT
        row.decided_at, row.decided_by = timezone.now(), by
        row.save()
        if same:
            first = Incident.objects.get(pk=row.first_id)
            root = first.same_as_id or first.pk
            if root != row.second_id:
                Incident.objects.filter(same_as=row.second_id).update(same_as=root, updated_at=timezone.now())
                Incident.objects.filter(pk=row.second_id).update(same_as=root, updated_at=timezone.now())
        audit.record("incident.likeness_decided", [row.first, row.second], by=by, decision=row.decision)
    return row


def count_violations(
    *, organization: Organization, kind: str, area: Place, starts_on: date, number: int, source: str, by: User
) -> ViolationCount:
    """Keep a number for an admin 1 and a month, or a quarter for sexual violence. Given again, it is replaced."""
    if area.level != Place.Level.ADMIN_1:
        raise Invalid([Problem("area", _("Give the admin 1: a smaller area could show who was harmed."), "too_close")])
    projects = Project.objects.filter(places__place__above__ancestor=area).distinct()
    if not any(access.allows(by, Permission.RECORD_COMMUNITIES, project=one, partner=organization) for one in projects):
        access.require(by, Permission.RECORD_COMMUNITIES, partner=organization, place=area)
    key = {"organization": organization, "kind": kind, "area": area, "starts_on": starts_on, "source": source.strip()}
    row = ViolationCount.objects.filter(**key).first() or ViolationCount(**key)
    row.number, row.recorded_by, row.recorded_at = number, by, timezone.now()
    row.full_clean()
    with transaction.atomic():
        row.save()
        audit.record("violations.counted", [row, organization], by=by, kind=kind)
    return row


def shown_counts(counts: Sequence[int], *, reader: Actor) -> dict[int, Shown]:
    """Counts of violations by key, as the reader may see them: strict, so a small number or a zero is hidden without raw figures."""
    rows = ViolationCount.objects.filter(pk__in=counts)
    raw = set(rows.visible_to(reader, Permission.READ_RAW).values_list("pk", flat=True))
    smallest = practice.whole("suppression-threshold-sensitive")
    return {
        pk: Shown(number) if pk in raw else suppression.protect_total(number, threshold=smallest, hide_zeros=True)
        for pk, number in rows.values_list("pk", "number")
    }


def area_of(place: Place) -> Place:
    """The admin 2 that a place lies in; a place above admin 2 stands for itself."""
    found = Place.objects.filter(below_me__descendant=place, level=Place.Level.ADMIN_2).first()
    return found or place


def nearest_community(place: Place, organization: Organization) -> Community | None:
    """The community at the place, or around it: the closest one, if there is only one."""
    rows = list(
        Community.objects.filter(place__below_me__descendant=place, place__level__gt=Place.Level.COUNTRY)
        .order_by("-place__level", "pk")
        .select_related("place")[:2]
    )
    if not rows or (len(rows) == 2 and rows[0].place_id == rows[1].place_id):
        return None
    return rows[0]


def may_verify(incident: Incident, user: Any) -> bool:
    return Incident.objects.visible_to(user, Permission.VERIFY_INCIDENTS).filter(pk=incident.pk).exists()


def _require(by: User, permission: Permission, organization: Organization, place: Place, community: Community | None) -> list[Project]:
    """The projects that work in the area; refuses with NotAllowed where none of them lets the person do this."""
    projects = list(Project.objects.filter(places__place__below_me__descendant=place).distinct())
    if community is not None:
        projects += [one for one in community.projects.all() if one not in projects]
    for project in projects:
        if access.allows(by, permission, project=project, partner=organization, place=place):
            access.require(by, permission, project=project, partner=organization, place=place)
            _is_at_work(organization, projects)
            return projects
    access.require(by, permission, partner=organization, place=place)
    _is_at_work(organization, projects)
    return projects


def _is_at_work(organization: Organization, projects: Sequence[Project]) -> None:
    if organization.kind == Organization.Kind.AGENCY:
        return
    if not ProjectPartner.objects.filter(project__in=projects, organization=organization).exists():
        text = _("%(partner)s works in no project there.") % {"partner": organization}
        raise Invalid([Problem("place", text, "not_at_work_there")])


def _told_before(organization: Organization, source: str, source_ref: str) -> Incident | None:
    if not source_ref:
        return None
    return Incident.objects.filter(organization=organization, source=source.strip(), source_ref=source_ref).first()


def _check(row: Incident) -> None:
    problems = []
    if row.event_date > timezone.localdate():
        problems.append(Problem("event_date", _("The date lies in the future. Record it once it has happened."), "in_the_future"))
    if row.sub_type and row.sub_type not in taxonomy.SUB_TYPES.get(row.type, ()):
        problems.append(Problem("sub_type", _("This kind has no such sub-type."), "unknown"))
    if row.source.strip() == "":
        problems.append(Problem("source", _("Say what kind of source told of it."), "required"))
    if problems:
        raise Invalid(problems)
    row.full_clean(validate_unique=False)


def _fill(row: Incident, harm: HarmCells | None) -> None:
    cells = [Harm(incident=row, what=what, sex=sex, band=band, number=n) for (what, sex, band), n in (harm or {}).items()]
    for cell in cells:
        cell.clean_fields(exclude=["incident"])
    Harm.objects.bulk_create(cells)


def _words(facts: dict[str, Any]) -> dict[str, str]:
    """The free words among what was told, taken out of it."""
    words = {name: str(facts.pop(name) or "").strip() for name in WORDS if name in facts}
    long = [name for name, said in words.items() if len(said) > LONGEST]
    if long:
        text = _("At most %(most)s characters.") % {"most": LONGEST}
        raise Invalid([Problem(name, text, "max_length") for name in long])
    return words


def _write(row: Incident, words: dict[str, str]) -> None:
    """Keep the free words; those left out stay as they were, and an incident without any has no row."""
    told = IncidentWords.objects.filter(incident=row).first() or IncidentWords(incident=row)
    for name, said in words.items():
        setattr(told, name, said)
    if any(words.values()) or not told._state.adding:
        told.save()


def _propose(row: Incident) -> int:
    """Same kind, same admin 2, a day apart at most: may be one event. Pairs that somebody decided on stay decided."""
    others = Incident.objects.filter(
        type=row.type, area=row.area, event_date__range=(row.event_date - NEAR, row.event_date + NEAR)
    ).exclude(pk=row.pk)  # fmt: skip
    pairs = [(min(row.pk, pk), max(row.pk, pk)) for pk in others.order_by("pk").values_list("pk", flat=True)[:20]]
    stale = Likeness.objects.open().filter(first=row) | Likeness.objects.open().filter(second=row)
    stale.exclude(pk__in=[one.pk for one in stale if (one.first_id, one.second_id) in set(pairs)]).delete()
    made = [Likeness(first_id=first, second_id=second) for first, second in pairs]
    Likeness.objects.bulk_create(made, ignore_conflicts=True)
    return len(pairs)
