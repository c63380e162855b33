"""Instruments: loading them as drafts, supplying official wording, putting a version in force, and what it says about scoring.

A draft may be edited. A version becomes active only when its weights, bands, wording and skip rules pass every check; it then stands,
and a change is a new version. ``mark_used`` freezes it at its first response; on PostgreSQL a trigger then refuses every change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from accounts.roles import Permission
from plumbing.refusals import Invalid, Problem, Refused
from programs import access
from surveys import instrument_files, scoring
from surveys.models import Band, Instrument, InstrumentVersion, Item, ItemText, Scheme

KEPT_SECONDS = 3600
TOLERANCE = Decimal("0.000001")


@dataclass
class Loaded:
    """Codes of instruments whose shipped version was ``made`` as a draft, and of those that were ``kept`` as they are."""

    made: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


def load_shipped(*, by: User | None = None) -> Loaded:
    """Load the shipped instruments as drafts. What is there already stays as it is: running it again changes nothing.

    ``by`` is None for what runs from the command line; a person needs the permission to set the portal up.
    """
    if by is not None:
        access.require_word(by, Permission.SET_UP)
    loaded = Loaded()
    have = set(InstrumentVersion.objects.values_list("instrument__code", "version"))
    with transaction.atomic():
        for data in instrument_files.shipped():
            known = (data["code"], data["version"]["version"]) in have
            (loaded.kept if known else loaded.made).append(data["code"])
            if not known:
                _save(data)
        if loaded.made:
            audit.record("instruments.loaded", by=by, made=len(loaded.made))
    return loaded


def load(data: Mapping[str, Any], *, by: User) -> InstrumentVersion:
    """Load one instrument, or a new version of a known one, as a draft. Raises ``Invalid`` with every problem of the file."""
    access.require_word(by, Permission.SET_UP)
    with transaction.atomic():
        version = _save(data)
        audit.record("instrument.loaded", [version, version.instrument], by=by, code=version.instrument.code, version=version.version)
    return version


def supply_text(
    version: InstrumentVersion, *, language: str, texts: Mapping[str, str], by: User, citation: str = "", translation_note: str = ""
) -> InstrumentVersion:
    """Give the wording of a draft's items in one language (item code to text), with where it comes from.

    An empty text leaves what is there. Raises ``Refused`` for a version in force, ``Invalid`` for a code it does not have.
    """
    access.require_word(by, Permission.SET_UP)
    items = {item.code: item for item in version.items.all()}
    unknown = sorted(set(texts) - set(items))
    if unknown:
        raise Invalid([Problem("texts", _("This version has no item %(code)s.") % {"code": ", ".join(unknown)}, "unknown")])
    given = {code: text.strip() for code, text in texts.items() if text.strip()}
    with transaction.atomic():
        _draft(version)
        for code, text in given.items():
            ItemText.objects.update_or_create(item=items[code], language=language, defaults={"text": text})
        if citation.strip():
            version.source_citation = citation.strip()
        if translation_note.strip():
            version.text_note = translation_note.strip()
        version.save(update_fields=["source_citation", "text_note", "updated_at"])
        audit.record("instrument.text_supplied", [version, version.instrument], by=by, language=language, items=len(given))
    return version


def activate(version: InstrumentVersion, *, by: User) -> InstrumentVersion:
    """Put a draft in force; the version it takes over from is retired and keeps its rounds.

    Raises ``Invalid`` with every check that fails, at once; ``Refused`` for what is no draft.
    """
    access.require_word(by, Permission.SET_UP)
    with transaction.atomic():
        row = _draft(version)
        problems = problems_of(row)
        if problems:
            raise Invalid(problems)
        InstrumentVersion.objects.active().filter(instrument=row.instrument_id).update(
            status=InstrumentVersion.Status.RETIRED, updated_at=timezone.now()
        )
        row.status, row.activated_at, row.activated_by = InstrumentVersion.Status.ACTIVE, timezone.now(), by
        row.effective_from = row.effective_from or timezone.localdate()
        row.save(update_fields=["status", "activated_at", "activated_by", "effective_from", "updated_at"])
        audit.record("instrument.activated", [row, row.instrument], by=by, code=row.instrument.code, version=row.version)
    version.refresh_from_db()
    return version


def retire(version: InstrumentVersion, *, by: User) -> None:
    """Offer a version for no more new rounds; rounds that use it go on."""
    access.require_word(by, Permission.SET_UP)
    with transaction.atomic():
        done = (
            InstrumentVersion.objects.active()
            .filter(pk=version.pk)
            .update(status=InstrumentVersion.Status.RETIRED, updated_at=timezone.now())
        )
        if not done:
            raise Refused(_("Only a version in force is retired."))
        audit.record("instrument.retired", [version, version.instrument], by=by, version=version.version)
    version.refresh_from_db()


def drop_draft(version: InstrumentVersion, *, by: User) -> None:
    """Throw a draft away; an instrument that never had another version goes with it."""
    access.require_word(by, Permission.SET_UP)
    with transaction.atomic():
        row = _draft(version)
        audit.record("instrument.draft_dropped", [row.instrument], by=by, code=row.instrument.code, version=row.version)
        instrument = row.instrument
        row.items.all().delete()
        row.delete()
        if not instrument.versions.exists():
            instrument.delete()


def mark_used(version: InstrumentVersion) -> None:
    """Freeze a version at its first response; called, inside its own transaction, by whoever stores answers to it."""
    if version.frozen_at is None:
        now = timezone.now()
        if InstrumentVersion.objects.filter(pk=version.pk, frozen_at__isnull=True).update(frozen_at=now, updated_at=now):
            version.frozen_at = now


def active(code: str) -> InstrumentVersion | None:
    """The version of an instrument that is in force, with everything scoring reads; None where there is none."""
    return InstrumentVersion.objects.active().whole().filter(instrument__code=code).first()


def whole(version: InstrumentVersion) -> InstrumentVersion:
    """The version with everything its pages and scoring read.

    One in force does not change, so it is kept in the cache under the time it was last touched: one query instead of fifteen.
    """
    rows = InstrumentVersion.objects.whole()
    if version.status == InstrumentVersion.Status.DRAFT:
        return rows.get(pk=version.pk)
    key = f"instrument-{version.pk}-{version.updated_at:%Y%m%d%H%M%S%f}"
    kept: InstrumentVersion | None = cache.get(key)
    if kept is None:
        kept = rows.get(pk=version.pk)
        cache.set(key, kept, KEPT_SECONDS)
    return kept


def definition_of(version: InstrumentVersion) -> scoring.Definition:
    """What ``scoring.score`` needs of a version; take it from ``whole`` to keep the queries few."""
    choices = {
        options.pk: {
            option.code: scoring.Choice(option.code, option.score, option.kind, option.is_favourable)  # type: ignore[arg-type]
            for option in options.options.all()
        }
        for options in version.option_sets.all()
    }
    domains = {domain.pk: domain.code for domain in version.domains.all()}
    return scoring.Definition(
        key=f"{version.instrument.code}/{version.version}",
        rule=version.rule,  # type: ignore[arg-type]
        questions=tuple(_question(item, domains[item.domain_id], choices[item.option_set_id]) for item in version.items.all()),
        parts=tuple(scoring.Part(domain.code, domain.weight) for domain in version.domains.all()),
        bands=tuple(scoring.BandLine(band.scheme, band.purpose, band.code, band.lower) for band in version.bands.all()),  # type: ignore[arg-type]
        scale_min=version.scale_min,
        scale_max=version.scale_max,
        min_answered=version.min_answered,
        min_applicable=version.min_applicable,
    )


def languages_of(version: InstrumentVersion) -> list[str]:
    """The languages in which every item is worded, English first."""
    per_item = [{text.language for text in item.texts.all()} for item in version.items.all()]
    whole = set.intersection(*per_item) if per_item else set()
    return sorted(whole, key=lambda language: (language != "en", language))


# What must hold before a version is in force


def problems_of(version: InstrumentVersion) -> list[Problem]:
    """Every check of a version that fails, each with what to do; empty: it may be activated."""
    whole = InstrumentVersion.objects.whole().get(pk=version.pk)
    definition = definition_of(whole)
    checks = (
        _missing_parts(whole),
        _wording(whole),
        _answers(whole),
        _weights(whole, definition),
        _skips(whole),
        _bands(whole, definition),
    )
    return [problem for found in checks for problem in found]


def _missing_parts(version: InstrumentVersion) -> Iterator[Problem]:
    if not version.source_citation.strip():
        yield Problem("source_citation", _("Say where the items and their scoring come from."), "required")
    used = {item.domain_id for item in version.items.all() if item.is_scored}
    if not used:
        yield Problem("items", _("No item is scored."), "required")
    for domain in version.domains.all():
        if domain.pk not in used:
            yield Problem(f"domains/{domain.code}", _("The domain %(domain)s has no scored item.") % {"domain": domain.label}, "empty")


def _wording(version: InstrumentVersion) -> Iterator[Problem]:
    without = [item.code for item in version.items.all() if not item.texts.all()]
    if without and version.needs_official_text:
        text = _("The official wording is not given for: %(codes)s. Supply it first.")
        yield Problem("texts", text % {"codes": ", ".join(without)}, "text_needed")
    elif without:
        yield Problem("texts", _("These items have no wording: %(codes)s.") % {"codes": ", ".join(without)}, "required")
    elif version.items.all() and not languages_of(version):
        yield Problem("texts", _("No language has the wording of every item."), "required")


def _answers(version: InstrumentVersion) -> Iterator[Problem]:
    used = {item.option_set_id: item.is_scored for item in sorted(version.items.all(), key=lambda item: item.is_scored)}
    for options in version.option_sets.all():
        rows = [option for option in options.options.all() if option.kind == "answer"]
        path = f"options/{options.code}"
        if options.pk in used and len(rows) < 2:
            yield Problem(path, _("The set %(set)s offers fewer than two answers.") % {"set": options.code}, "too_few")
        if not used.get(options.pk):
            continue
        for option in rows:
            if option.score is None:
                text = _("The answer “%(answer)s” of the scored set %(set)s has no score.")
                yield Problem(path, text % {"answer": option.label, "set": options.code}, "required")
            elif not version.scale_min <= option.score <= version.scale_max:
                text = _("The score of “%(answer)s” in %(set)s lies outside %(low)s to %(high)s.")
                limits = {"answer": option.label, "set": options.code, "low": version.scale_min, "high": version.scale_max}
                yield Problem(path, text % limits, "out_of_scale")


def _weights(version: InstrumentVersion, definition: scoring.Definition) -> Iterator[Problem]:
    scored = [item for item in version.items.all() if item.is_scored]
    weights = {(weight.item_id, weight.scheme): weight.weight for item in version.items.all() for weight in item.weights.all()}
    without = sorted({item.code for item in scored for scheme in Scheme if (item.pk, scheme) not in weights})
    if without:
        yield Problem("weights", _("These scored items have no weight: %(codes)s.") % {"codes": ", ".join(without)}, "required")
    elif version.weights_mode == InstrumentVersion.WeightsMode.EQUAL:
        uneven = sorted({item.code for item in scored for scheme in Scheme if weights[item.pk, scheme] != 1})
        if uneven:
            yield Problem("weights", _("With equal weights every item weighs 1; these do not: %(codes)s.") % {"codes": ", ".join(uneven)})
    else:
        yield from _sums(version, scored, weights)
    if definition.rule == "bad_index":
        total = sum((domain.weight for domain in version.domains.all()), Decimal(0))
        if abs(total - 1) > TOLERANCE:
            yield Problem("domains", _("The shares of the domains add up to %(sum)s, not to 1.") % {"sum": total.normalize()}, "sum")


def _sums(version: InstrumentVersion, scored: list[Item], weights: Mapping[tuple[int, str], Decimal]) -> Iterator[Problem]:
    """Tabled weights sum to 1: in the composite over all items, by domain within each."""
    stretches = [(_("the composite"), Scheme.COMPOSITE, scored)]
    stretches += [
        (domain.label, Scheme.DOMAIN, [item for item in scored if item.domain_id == domain.pk]) for domain in version.domains.all()
    ]
    for name, scheme, items in stretches:
        total = sum((weights[item.pk, scheme] for item in items), Decimal(0))
        if abs(total - 1) > TOLERANCE:
            text = _("The weights of %(name)s add up to %(sum)s, not to 1.")
            yield Problem(f"weights/{scheme}", text % {"name": name, "sum": total.normalize()}, "sum")


def _skips(version: InstrumentVersion) -> Iterator[Problem]:
    order = {item.pk: at for at, item in enumerate(version.items.all())}
    for item in version.items.all():
        for rule in item.shown_if.all():
            if order.get(rule.other_id, len(order)) >= order[item.pk]:
                text = _("%(item)s is shown after the answer to %(other)s, which comes later.")
                yield Problem(f"items/{item.code}/shown_if", text % {"item": item.code, "other": rule.other.code}, "order")
            if rule.option.set_id != rule.other.option_set_id:
                text = _("The skip rule of %(item)s names an answer that %(other)s does not offer.")
                yield Problem(f"items/{item.code}/shown_if", text % {"item": item.code, "other": rule.other.code}, "unknown")


def _bands(version: InstrumentVersion, definition: scoring.Definition) -> Iterator[Problem]:
    """Lower bounds alone leave no gap between bands: what is checked is the start, the end and that none begins twice."""
    low, high = definition.range
    found: dict[tuple[str, str], list[Band]] = {}
    for band in version.bands.all():
        found.setdefault((band.scheme, band.purpose), []).append(band)
    for (scheme, purpose), bands in found.items():
        path = f"bands/{scheme}/{purpose}"
        lowers = [band.lower for band in bands]
        if min(lowers) != low:
            text = _("The lowest band begins at %(lower)s; the scale begins at %(low)s.")
            yield Problem(path, text % {"lower": min(lowers), "low": low}, "gap")
        if max(lowers) > high:
            yield Problem(path, _("A band begins above the end of the scale, %(high)s.") % {"high": high}, "out_of_scale")
        if len(set(lowers)) != len(lowers):
            yield Problem(path, _("Two bands begin at the same value."), "overlap")


def _question(item: Item, domain: str, choices: Mapping[str, scoring.Choice]) -> scoring.Question:
    weights = {weight.scheme: weight.weight for weight in item.weights.all()}
    return scoring.Question(
        code=item.code,
        domain=domain,
        choices=choices,
        is_scored=item.is_scored,
        weight=weights.get(Scheme.DOMAIN, Decimal(1)),
        composite_weight=weights.get(Scheme.COMPOSITE, Decimal(1)),
        shown_if=tuple((rule.other.code, rule.option.code) for rule in item.shown_if.all()),
    )


def _save(data: Mapping[str, Any]) -> InstrumentVersion:
    known = Instrument.objects.filter(code=str(data.get("code", ""))).first()
    draft = instrument_files.drafted(data, known)
    if known is not None and known.versions.filter(version=draft.version.version).exists():
        text = _("%(name)s already has a version %(version)s: give the new one another name.")
        raise Invalid([Problem("version/version", text % {"name": known.name, "version": draft.version.version}, "twice")])
    return draft.save()


def _draft(version: InstrumentVersion) -> InstrumentVersion:
    """The row, locked, while it is still a draft."""
    row = InstrumentVersion.objects.select_for_update(of=("self",)).select_related("instrument").get(pk=version.pk)
    if row.status != InstrumentVersion.Status.DRAFT:
        raise Refused(_("This version is in force or retired, so it stands as it is. Load a new version."))
    return row
