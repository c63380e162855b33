"""Capacity of an institution over its rounds, moderated and self-scored apart; weak areas become action points.

Only rounds of the version last used stand beside each other, and an institution is compared with itself alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Actor, User
from accounts.roles import Permission
from institutions.models import CapacityAction, Institution
from plumbing.refusals import Invalid, Problem
from programs import access, actionpoints
from surveys import results
from surveys.models import Domain, SurveyRound

Assessor = SurveyRound.Assessor


@dataclass(frozen=True)
class Area:
    """One area with its scores in percent of the range, a place for each round; None where it was not scored."""

    domain: Domain | None  # None: all areas together
    moderated: tuple[Decimal | None, ...]
    own: tuple[Decimal | None, ...]

    @property
    def last(self) -> Decimal | None:
        return next((value for value in reversed(self.moderated) if value is not None), None)

    @property
    def gap(self) -> Decimal | None:
        """By how much the institution scored itself above the moderated score in the last round."""
        if not self.own or not self.moderated or self.own[-1] is None or self.moderated[-1] is None:
            return None
        return self.own[-1] - self.moderated[-1]


@dataclass(frozen=True)
class Capacity:
    moderated: tuple[SurveyRound, ...]
    own: tuple[SurveyRound, ...]
    areas: tuple[Area, ...]  # weakest first
    overall: Area | None

    @property
    def last(self) -> SurveyRound | None:
        return self.moderated[-1] if self.moderated else None


def of(institution: Institution, reader: Actor) -> Capacity:
    """The approved rounds that the reader may see, oldest first, of the version last used."""
    rows = SurveyRound.objects.visible_to(reader).approved().filter(organization=institution.organization, version__rule="capacity")
    rounds = list(rows.exclude(assessor=Assessor.NONE).select_related("version__instrument").order_by("held_on", "id"))
    if not rounds:
        return Capacity((), (), (), None)
    version = rounds[-1].version
    same = [row for row in rounds if row.version_id == version.pk]
    moderated = tuple(row for row in same if row.assessor == Assessor.MODERATED)
    own = tuple(row for row in same if row.assessor == Assessor.SELF)
    domains = list(version.domains.all())
    areas = [_area(domain, moderated, own) for domain in domains]
    areas.sort(key=lambda area: (area.last is None, area.last))
    return Capacity(moderated, own, tuple(areas), _area(None, moderated, own))


def act_on(
    institution: Institution, *, survey_round: SurveyRound, domain: Domain, text: str, owner: User, due_on: date, by: User
) -> CapacityAction:  # fmt: skip
    """Owe something because of a weak area of a moderated round."""
    where = {"project": survey_round.project, "partner": survey_round.partner, "place": institution.place}
    access.require(by, Permission.RECORD_INSTITUTIONS, **where)  # type: ignore[arg-type]
    if survey_round.organization_id != institution.organization_id or survey_round.assessor != Assessor.MODERATED:
        raise Invalid([Problem("domain", _("An action answers a moderated round of this institution."), "another_round")])
    if domain.version_id != survey_round.version_id:
        raise Invalid([Problem("domain", _("This area belongs to another instrument."), "another_instrument")])
    with transaction.atomic():
        point = actionpoints.raise_point(
            text=text, owner=owner, due_on=due_on, by=by, project=survey_round.project,
            origin=_("Capacity of %(institution)s: %(area)s") % {"institution": institution, "area": domain.worded()},
            origin_path=f"/institutions/{institution.pk}/measured/",
        )  # fmt: skip
        row = CapacityAction.objects.create(institution=institution, survey_round=survey_round, domain=domain, action_point=point)
        audit.record("capacity.acted_on", [institution, point, survey_round], by=by, area=domain.code)
    return row


def _area(domain: Domain | None, moderated: Sequence[SurveyRound], own: Sequence[SurveyRound]) -> Area:
    code = domain.code if domain is not None else ""
    found = results.of_many([*moderated, *own], domain=code)
    return Area(domain, tuple(found[row.pk].mean for row in moderated), tuple(found[row.pk].mean for row in own))
