"""Reading an instrument from a file (TOML or JSON) into rows of a draft. Everything that is wrong is said at once, nothing is written.

The shape of a file is the shape of those in ``surveys/shipped/``: the instrument's own fields, ``[version]``, ``[[domain]]``,
``[[item]]``, ``[[band]]``, and own sets of answers in ``[options.CODE]``; the sets of ``option_sets.toml`` are used by name. Wordings
stand under their language's code.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from plumbing.refusals import Invalid, Problem
from surveys.models import (
    Band,
    Domain,
    DomainText,
    Instrument,
    InstrumentVersion,
    Item,
    ItemText,
    ItemWeight,
    LevelDescriptor,
    Option,
    OptionSet,
    OptionText,
    Scheme,
    ShownIf,
)

FOLDER = Path(__file__).resolve().parent / "shipped"
SHARED_SETS = "option_sets"
INSTRUMENT_FIELDS = ("code", "name", "owner", "licence_note", "orientation", "subject")
VERSION_FIELDS = (
    "version", "rule", "weights_mode", "source_citation", "text_note", "is_official_scoring", "needs_official_text", "scale_min", "scale_max",
    "min_answered", "min_applicable",
)  # fmt: skip
LONGEST_FILE = 1_000_000


def shipped() -> list[dict[str, Any]]:
    """The instruments that come with the portal, as read from their files."""
    paths = sorted(path for path in FOLDER.glob("*.toml") if path.stem != SHARED_SETS)
    return [tomllib.loads(path.read_text(encoding="utf-8")) for path in paths]


def read(content: bytes) -> dict[str, Any]:
    """The data of an uploaded file. Raises ``Invalid`` where it is neither TOML nor JSON."""
    if len(content) > LONGEST_FILE:
        raise Invalid([Problem("upload", _("The file is too large for an instrument."), "too_large")])
    try:
        text = content.decode("utf-8-sig")
        data = json.loads(text, parse_float=str) if text.lstrip().startswith("{") else tomllib.loads(text, parse_float=str)
    except (UnicodeDecodeError, ValueError, RecursionError) as wrong:
        raise Invalid([Problem("upload", _("The file is neither TOML nor JSON: %(why)s") % {"why": wrong}, "unreadable")]) from wrong
    if not isinstance(data, dict):
        raise Invalid([Problem("upload", _("The file holds no instrument."), "unreadable")])
    return data


@dataclass
class Draft:
    """The rows of a version, unsaved and in the order in which they are saved."""

    instrument: Instrument
    version: InstrumentVersion
    problems: list[Problem] = field(default_factory=list)
    domains: dict[str, Domain] = field(default_factory=dict)
    sets: dict[str, OptionSet] = field(default_factory=dict)
    options: dict[tuple[str, str], Option] = field(default_factory=dict)
    items: dict[str, Item] = field(default_factory=dict)
    texts: list[DomainText | OptionText | ItemText | LevelDescriptor] = field(default_factory=list)
    weights: list[ItemWeight] = field(default_factory=list)
    shown_if: list[ShownIf] = field(default_factory=list)
    bands: list[Band] = field(default_factory=list)

    def wrong(self, path: str, message: str, code: str = "invalid") -> None:
        self.problems.append(Problem(path, message, code))

    def save(self) -> InstrumentVersion:
        """Write everything; the caller holds the transaction."""
        self.instrument.save()
        self.version.instrument = self.instrument
        self.version.save()
        for rows in (self.domains, self.sets):
            for row in rows.values():
                row.version = self.version
        Domain.objects.bulk_create(self.domains.values())
        OptionSet.objects.bulk_create(self.sets.values())
        for option in self.options.values():
            option.set = option.set
        Option.objects.bulk_create(self.options.values())
        for item in self.items.values():
            item.version, item.domain, item.option_set = self.version, item.domain, item.option_set
        Item.objects.bulk_create(self.items.values())
        for band in self.bands:
            band.version = self.version
        Band.objects.bulk_create(self.bands)
        self._save_what_hangs_on_them()
        return self.version

    def _save_what_hangs_on_them(self) -> None:
        names = {DomainText: ("domain",), OptionText: ("option",), ItemText: ("item",), LevelDescriptor: ("item", "option")}
        for model, relations in names.items():
            rows = [text for text in self.texts if isinstance(text, model)]
            for row in rows:
                _tie(row, *relations)
            model._default_manager.bulk_create(rows)
        for weight in self.weights:
            _tie(weight, "item")
        ItemWeight.objects.bulk_create(self.weights)
        for rule in self.shown_if:
            _tie(rule, "item", "other", "option")
        ShownIf.objects.bulk_create(self.shown_if)


def drafted(data: Mapping[str, Any], instrument: Instrument | None = None) -> Draft:
    """Unsaved rows of what a file says. Raises ``Invalid`` with every problem and its place in the file."""
    version_data = _table(data.get("version"))
    kept = {name: data[name] for name in INSTRUMENT_FIELDS if name in data}
    draft = Draft(instrument or Instrument(**kept), InstrumentVersion(**{k: version_data[k] for k in VERSION_FIELDS if k in version_data}))
    _clean(draft, draft.instrument, "", exclude=["code"] if instrument is not None else [])
    _clean(draft, draft.version, "version/", exclude=["instrument"])
    _domains(draft, data)
    _items(draft, data)
    _bands(draft, data)
    if draft.problems:
        raise Invalid(draft.problems)
    return draft


def _domains(draft: Draft, data: Mapping[str, Any]) -> None:
    for at, row in _tables(data, "domain"):
        words = _words(row)
        domain = Domain(
            code=str(row.get("code", "")), label=words.get("en") or next(iter(words.values()), ""), order=at, weight=_number(draft, f"domain/{at}/weight", row.get("weight", 1)),
        )  # fmt: skip
        _clean(draft, domain, f"domain/{at}/", exclude=["version"])
        if domain.code in draft.domains:
            draft.wrong(f"domain/{at}/code", _("The code %(code)s is there twice.") % {"code": domain.code}, "twice")
        draft.domains[domain.code] = domain
        draft.texts += [DomainText(domain=domain, language=language, text=text) for language, text in words.items()]


def _items(draft: Draft, data: Mapping[str, Any]) -> None:
    own_sets = _table(data.get("options"))
    for at, row in _tables(data, "item"):
        path = f"item/{at}/"
        domain = draft.domains.get(str(row.get("domain", "")))
        if domain is None:
            draft.wrong(f"{path}domain", _("There is no domain %(code)s.") % {"code": row.get("domain", "")}, "unknown")
        name = str(row.get("set", ""))
        options = _set(draft, name, own_sets, path)
        if domain is None or options is None:
            continue
        item = Item(
            domain=domain, code=str(row.get("code", "")), subject=str(row.get("subject", "")), option_set=options, order=at,
            is_required=row.get("required", False), is_scored=row.get("scored", True),
        )  # fmt: skip
        _clean(draft, item, path, exclude=["version", "domain", "option_set"])
        if item.code in draft.items:
            draft.wrong(f"{path}code", _("The code %(code)s is there twice.") % {"code": item.code}, "twice")
        draft.items[item.code] = item
        draft.texts += [ItemText(item=item, language=language, text=text) for language, text in _words(row).items()]
        _levels(draft, item, name, row, path)
        if item.is_scored:
            for scheme in Scheme:
                value = _number(draft, f"{path}weight_{scheme}", row.get(f"weight_{scheme}", 1))
                draft.weights.append(ItemWeight(item=item, scheme=scheme, weight=value))
    for at, row in _tables(data, "item"):
        _shown_if(draft, row, f"item/{at}/shown_if")


def _levels(draft: Draft, item: Item, options: str, row: Mapping[str, Any], path: str) -> None:
    for name, words in row.items():
        if not name.startswith("level_"):
            continue
        option = draft.options.get((options, name.removeprefix("level_")))
        if option is None:
            draft.wrong(f"{path}{name}", _("The set %(set)s has no answer with this code.") % {"set": options}, "unknown")
            continue
        texts = _words(_table(words))
        draft.texts += [LevelDescriptor(item=item, option=option, language=language, text=text) for language, text in texts.items()]


def _shown_if(draft: Draft, row: Mapping[str, Any], path: str) -> None:
    item = draft.items.get(str(row.get("code", "")))
    for pair in row.get("shown_if", []) if item is not None else []:
        other = draft.items.get(str(pair[0])) if isinstance(pair, list) and len(pair) == 2 else None
        option = draft.options.get((other.option_set.code, str(pair[1]))) if other is not None else None
        if item is None or other is None or option is None:
            draft.wrong(path, _("A skip rule names an item of this instrument and one of its answers."), "unknown")
        else:
            draft.shown_if.append(ShownIf(item=item, other=other, option=option))


def _set(draft: Draft, name: str, own: Mapping[str, Any], path: str) -> OptionSet | None:
    if name in draft.sets:
        return draft.sets[name]
    found = _table(own.get(name)) or _table(_shared().get(name))
    rows = found.get("rows")
    if not isinstance(rows, list) or name == "missing":
        draft.wrong(f"{path}set", _("There is no set of answers called “%(name)s”.") % {"name": name}, "unknown")
        return None
    draft.sets[name] = made = OptionSet(code=name)
    if found.get("missing", True):
        rows = [*rows, *_shared()["missing"]["rows"]]
    for order, row in enumerate(_table(row) for row in rows):
        words = _words(row)
        score = row.get("score")
        option = Option(
            set=made, code=str(row.get("code", "")), label=words.get("en") or next(iter(words.values()), ""), kind=row.get("kind", "answer"), order=order,
            score=None if score is None else _number(draft, f"options/{name}/{order}/score", score), is_favourable=row.get("good", False),
        )  # fmt: skip
        _clean(draft, option, f"options/{name}/{order}/", exclude=["set"])
        draft.options[name, option.code] = option
        draft.texts += [OptionText(option=option, language=language, text=text) for language, text in words.items()]
    return made


def _bands(draft: Draft, data: Mapping[str, Any]) -> None:
    for at, row in _tables(data, "band"):
        for line in row.get("rows", []):
            if not isinstance(line, list) or len(line) != 3:
                draft.wrong(f"band/{at}/rows", _("A band is a code, a lower bound and a label."))
                continue
            lower = _number(draft, f"band/{at}/lower", line[1])
            band = Band(scheme=row.get("scheme", ""), purpose=row.get("purpose", ""), code=line[0], lower=lower, label=line[2])
            _clean(draft, band, f"band/{at}/", exclude=["version"])
            draft.bands.append(band)


def _clean(draft: Draft, row: Any, path: str, exclude: list[str]) -> None:
    try:
        row.clean_fields(exclude=exclude)
    except ValidationError as wrong:
        for name, messages in wrong.message_dict.items():
            for message in messages:
                draft.wrong(f"{path}{name}", message)


def _number(draft: Draft, path: str, given: Any) -> Decimal:
    """Numbers stand as whole numbers or as text ("0.25"): a binary fraction is never read."""
    try:
        if isinstance(given, bool | float) or not isinstance(given, int | str):
            raise InvalidOperation
        number = Decimal(given)
        if not number.is_finite():
            raise InvalidOperation
    except InvalidOperation:
        draft.wrong(path, _("“%(value)s” is not a number.") % {"value": given})
        return Decimal(0)
    return number


def _words(row: Mapping[str, Any]) -> dict[str, str]:
    """The wordings of a row: its keys that are language codes, those of the portal or any other two letters."""
    languages = {code for code, _name in settings.LANGUAGES}
    return {
        name: str(text).strip()
        for name, text in row.items()
        if isinstance(text, str) and text.strip() and (name in languages or (len(name) == 2 and name.isalpha()))
    }


def _tables(data: Mapping[str, Any], name: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    rows = data.get(name, [])
    return enumerate(_table(row) for row in rows) if isinstance(rows, list) else enumerate([])


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _tie(row: Any, *relations: str) -> None:
    """Take over the keys that the related rows got when they were saved."""
    for name in relations:
        setattr(row, name, getattr(row, name))


@cache
def _shared() -> dict[str, Any]:
    return tomllib.loads((FOLDER / f"{SHARED_SETS}.toml").read_text(encoding="utf-8"))
