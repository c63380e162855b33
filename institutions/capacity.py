"""Capacity of an institution over its rounds, moderated and self-scored apart; weak areas become action points.

Only rounds of the version last used stand beside each other, and an institution is compared with itself alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.db.models import OuterRef, Subquery, TextField
from django.db.models.functions import Coalesce
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Actor, User
from accounts.roles import Permission
from institutions.models import CapacityAction, Institution
from plumbing import formats
from plumbing.refusals import Invalid, Problem
from programs import access, actionpoints
from surveys import results
from surveys.models import Answer, Domain, InstrumentVersion, ItemText, SurveyRound

Assessor = SurveyRound.Assessor


@dataclass(frozen=True)
class Dot:
    """A score on a strip from 0 to 100: ``first`` hollow, ``last`` full, those between pale."""

    at: str
    kind: str


@dataclass(frozen=True)
class Area:
    """One area with its scores in percent of the range, a place for each round; None where it was not scored."""

    domain: Domain | None  # None: all areas together
    moderated: tuple[Decimal | None, ...]
    own: tuple[Decimal | None, ...]

    @property
    def last(self) -> Decimal | None:
        return _last(self.moderated)

    @property
    def own_last(self) -> Decimal | None:
        return _last(self.own)

    @property
    def last_words(self) -> str:
        return formats.percent(self.last)

    @property
    def own_words(self) -> str:
        return formats.percent(self.own_last)

    @property
    def gap(self) -> Decimal | None:
        """By how much the institution scored itself above the moderated score in the last round."""
        if not self.own or not self.moderated or self.own[-1] is None or self.moderated[-1] is None:
            return None
        return self.own[-1] - self.moderated[-1]

    @property
    def moderated_dots(self) -> list[Dot]:
        return _dots(self.moderated)

    @property
    def own_dots(self) -> list[Dot]:
        return _dots(self.own)


@dataclass(frozen=True)
class Noted:
    """One statement of the last moderated round: the level given and the note that it rests on."""

    area: str
    statement: str
    level: str
    note: str


@dataclass(frozen=True)
class Capacity:
    moderated: tuple[SurveyRound, ...]
    own: tuple[SurveyRound, ...]
    areas: tuple[Area, ...]  # weakest first
    overall: Area | None

    @property
    def version(self) -> InstrumentVersion | None:
        """The one version that all rounds here were scored with."""
        return next((row.version for row in (*self.moderated, *self.own)), None)

    @property
    def last(self) -> SurveyRound | None:
        return self.moderated[-1] if self.moderated else None


NOTHING = Capacity((), (), (), None)


def of(institution: Institution, reader: Actor) -> Capacity:
    """The approved rounds that the reader may see, oldest first, of the version last used."""
    rows = SurveyRound.objects.visible_to(reader).approved().filter(organization=institution.organization, version__rule="capacity")
    return among(list(rows.exclude(assessor=Assessor.NONE).select_related("version__instrument").order_by("held_on", "id")))


def among(rounds: Sequence[SurveyRound]) -> Capacity:
    """Of the capacity rounds of one institution, oldest first: those of the version last used, with their scores, in one query."""
    if not rounds:
        return NOTHING
    version = rounds[-1].version
    same = [row for row in rounds if row.version_id == version.pk]
    moderated = tuple(row for row in same if row.assessor == Assessor.MODERATED)
    own = tuple(row for row in same if row.assessor == Assessor.SELF)
    found, domains = results.of_domains([*moderated, *own])

    def area(domain: Domain | None) -> Area:
        code = domain.code if domain is not None else ""
        scores = [tuple(found[row.pk, code].mean if (row.pk, code) in found else None for row in group) for group in (moderated, own)]
        return Area(domain, *scores)

    areas = [area(domain) for domain in sorted(domains.values(), key=lambda domain: (domain.order, domain.pk))]
    areas.sort(key=lambda one: (one.last is None, one.last))
    return Capacity(moderated, own, tuple(areas), area(None))


def notes(survey_round: SurveyRound) -> list[Noted]:
    """What each score of a round rests on, in the order of the scale. One query."""
    said = ItemText.objects.filter(item=OuterRef("item"))
    texts = [Subquery(said.filter(language=language).values("text")[:1]) for language in ((get_language() or "en")[:2], "en")]
    rows = Answer.objects.filter(response__survey_round=survey_round).annotate(
        statement=Coalesce(*texts, "item__subject", output_field=TextField())
    )
    columns = rows.order_by("item__order", "item_id").values_list("item__domain__label", "statement", "option__label", "evidence")
    return [Noted(*row) for row in columns]


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


def _last(values: Sequence[Decimal | None]) -> Decimal | None:
    return next((value for value in reversed(values) if value is not None), None)


def _dots(values: Sequence[Decimal | None]) -> list[Dot]:
    """In the order in which they are drawn: the last one on top."""
    there = [value for value in values if value is not None]
    kinds = ["first", *["between"] * (len(there) - 2), "last"] if len(there) > 1 else ["last"] * len(there)
    return [Dot(f"{value:.2f}", kind) for value, kind in zip(there, kinds, strict=True)]
