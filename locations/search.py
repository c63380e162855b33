"""Finding a place by what people type, and matching the places that a file names.

Search offers; matching decides. A match that rests on likeness alone is never taken without a person who confirms it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.utils import timezone
from rapidfuzz import fuzz

from locations.gazetteer import code_of, fold, sound, spoken
from locations.models import Country, Place, PlaceName

LIKE_ENOUGH = 80
CLEARLY_AHEAD = 4
# A bearing alone names half the country; likeness says nothing about it.
_BEARINGS = frozenset(
    [
        "nord",
        "sud",
        "est",
        "ouest",
        "north",
        "south",
        "east",
        "west",
        "norte",
        "sur",
        "este",
        "oeste",
        "central",
        "centre",
        "northern",
        "southern",
        "eastern",
        "western",
    ]
)
_CODE = re.compile(r"([A-Z]{2,3})-?([0-9]{1,12})")


def search(
    text: str, *, country: str = "", levels: Iterable[int] = (), below: Place | None = None, day: date | None = None, limit: int = 20
) -> list[Place]:
    """Places whose name, other name or code begins like ``text``, or holds it: the likeliest first, retired ones left out.

    Where spelling finds nothing, the sound of the name is tried, so that "ملكال" finds Malakal. One query, two at most.
    """
    folded, code = fold(text), code_of(text)
    if not folded:
        return []
    places = Place.objects.valid_on(day or timezone.localdate()).prefetch_related("names").select_related("parent")
    if country:
        places = places.filter(country=country)
    if levels := tuple(levels):
        places = places.filter(level__in=levels)
    if below is not None:
        places = places.below(below)
    found = _ranked(places, folded, code, limit)
    heard = sound(folded)
    if not found and heard:
        named = PlaceName.objects.filter(sound=heard).values("place")
        found = list(places.filter(Q(sound=heard) | Q(pk__in=named)).order_by("level", "name", "code")[:limit])
    return found


def _ranked(places: QuerySet[Place], folded: str, code: str, limit: int) -> list[Place]:
    def named(**how: str) -> Q:
        return Q(pk__in=PlaceName.objects.filter(**how).values("place"))

    whole = Q(folded=folded) | named(folded=folded)
    begins = Q(folded__startswith=folded) | named(folded__startswith=folded)
    inside = Q(folded__contains=f" {folded}") | named(folded__contains=f" {folded}")
    rank = Case(
        When(code=code, then=Value(0)), When(whole, then=Value(1)), When(code__startswith=code, then=Value(2)),
        When(begins, then=Value(3)), default=Value(4), output_field=IntegerField(),
    )  # fmt: skip
    hits = places.filter(Q(code__startswith=code) | begins | inside)
    return list(hits.annotate(rank=rank).order_by("rank", "level", "name", "code")[:limit])


@dataclass(frozen=True)
class Match:
    """``place`` is None where nothing, or more than one place, fits; ``candidates`` are then what a person may choose from.

    ``exact`` is False where a person must confirm. ``score`` is 100 for an exact match, else the likeness of the names (0 to 100).
    """

    place: Place | None
    exact: bool
    method: str  # code, code_variant, name, alias, likeness, or empty
    score: int = 0
    candidates: tuple[Place, ...] = ()


NOTHING = Match(None, exact=False, method="")


def match(text: str, *, country: str, level: int | None = None, guess: bool = True, day: date | None = None) -> Match:
    """The one place that ``text`` names in a country. For many rows make one ``Matcher``."""
    return Matcher(country, level=level, guess=guess, day=day).match(text)


class Matcher:
    """The names and codes of one country (and level), read once: two queries, then none."""

    def __init__(self, country: str, *, level: int | None = None, guess: bool = True, day: date | None = None) -> None:
        places = Place.objects.filter(country=country, level__gt=0).valid_on(day or timezone.localdate()).select_related("parent")
        if level is not None:
            places = places.filter(level=level)
        self._guess = guess
        self._places = {place.pk: place for place in places}
        self._by_code = {place.code: place for place in self._places.values()}
        self._names: dict[str, set[int]] = defaultdict(set)
        self._aliases: dict[str, set[int]] = defaultdict(set)
        for place in self._places.values():
            self._names[place.folded].add(place.pk)
        for place_id, folded in PlaceName.objects.filter(place__country=country).values_list("place_id", "folded"):
            if place_id in self._places:
                self._aliases[folded].add(place_id)
        self._prefixes = self._country_prefixes(country)

    def match(self, text: str) -> Match:
        """Code, code as others write it, name, other name, and last likeness: the first that says something decides."""
        code = code_of(text)
        if code in self._by_code:
            return Match(self._by_code[code], exact=True, method="code", score=100)
        if variant := self._written_otherwise(code):
            return Match(variant, exact=True, method="code_variant", score=100)
        folded = fold(text)
        if not folded:
            return NOTHING
        for method, names in (("name", self._names), ("alias", self._aliases)):
            if folded in names:
                return self._decided(names[folded], method)
        return self._likest(text) if self._guess else NOTHING

    def _decided(self, found: set[int], method: str) -> Match:
        places = tuple(sorted((self._places[key] for key in found), key=lambda place: place.code))
        if len(places) == 1:
            return Match(places[0], exact=True, method=method, score=100)
        return Match(None, exact=False, method=method, candidates=places)

    def _written_otherwise(self, code: str) -> Place | None:
        """YEM030 and YEM30 for YE30: another prefix of the same country, zeros more or less, and only one such place."""
        form = _CODE.fullmatch(code)
        if form is None or form[1] not in self._prefixes:
            return None
        digits = form[2].lstrip("0")
        same = [place for known, place in self._by_code.items() if (it := _CODE.fullmatch(known)) and it[2].lstrip("0") == digits]
        return same[0] if len(same) == 1 else None

    def _likest(self, text: str) -> Match:
        best: dict[int, float] = {}
        for part in {text, *re.split(r"[/()]", text)}:
            folded = fold(part)
            heard = spoken(folded)
            if len(heard) < 3 or set(folded.split()) <= _BEARINGS:
                continue
            for names in (self._names, self._aliases):
                for name, keys in names.items():
                    score = fuzz.ratio(heard, spoken(name), score_cutoff=LIKE_ENOUGH)
                    for key in keys if score else ():
                        best[key] = max(best.get(key, 0), score)
        ranked = sorted(best.items(), key=lambda pair: (-pair[1], self._places[pair[0]].code))
        candidates = tuple(self._places[key] for key, _score in ranked[:5])
        if not ranked or (len(ranked) > 1 and ranked[0][1] - ranked[1][1] < CLEARLY_AHEAD):
            return Match(None, exact=False, method="likeness" if ranked else "", candidates=candidates)
        return Match(candidates[0], exact=False, method="likeness", score=round(ranked[0][1]), candidates=candidates)

    def _country_prefixes(self, country: str) -> set[str]:
        """How codes of this country begin: as its own codes do, and with its ISO codes."""
        own = {form[1] for code in self._by_code if (form := _CODE.fullmatch(code))}
        iso = Country.objects.filter(place__code=country).values_list("alpha2", "alpha3").first() or ()
        return {prefix for prefix in (*own, *iso) if prefix}
