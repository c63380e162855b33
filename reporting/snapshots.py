"""Two sent versions of a report beside each other: what changed figure by figure, and in the words."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from locations.models import Place
from plumbing import formats
from plumbing.shipped_names import shipped_name
from programs import disaggregations
from programs.models import Category, Indicator, Project
from reporting.models import NarrativeQuestion, Submission, SubmissionSnapshot
from reporting.models.figures import EmptyReason

Key = tuple[str, str, str]  # codes of indicator and place, key of the disaggregation
WORTH = ("value", "numerator", "denominator", "share", "answer", "text", "reason")  # where it came from is no change


@dataclass(frozen=True)
class Changed:
    """One figure that differs; ``before`` or ``after`` empty where only the other version has it."""

    code: str
    title: str
    place: str
    cell: str
    before: str
    after: str
    difference: Decimal | None  # after minus before, where both are plain values

    @property
    def kind(self) -> str:
        return "new" if not self.before else "gone" if not self.after else "changed"


@dataclass(frozen=True)
class Reworded:
    heading: str
    before: str
    after: str


@dataclass(frozen=True)
class Comparison:
    earlier: SubmissionSnapshot
    later: SubmissionSnapshot
    figures: tuple[Changed, ...]
    words: tuple[Reworded, ...]
    unchanged: int
    left_out: int  # figures of the earlier one that a reopening did not touch: they stand as accepted


def of_report(submission: Submission) -> QuerySet[SubmissionSnapshot]:
    """Every version that was sent of this project, partner and period, over all revisions, the oldest first; without its content."""
    rows = SubmissionSnapshot.objects.filter(
        submission__project=submission.project_id, submission__partner=submission.partner_id, submission__period=submission.period_id
    )
    rows = rows.exclude(submission__state=Submission.State.WITHDRAWN).select_related("submission", "taken_by")
    return rows.defer("content").order_by("submission__revision", "number")


def compare(earlier: SubmissionSnapshot, later: SubmissionSnapshot, *, project: Project) -> Comparison:
    """What the later version says otherwise than the earlier one. Both are of one report."""
    contents = dict(SubmissionSnapshot.objects.filter(pk__in=[earlier.pk, later.pk]).values_list("pk", "content"))
    before, after = (json.loads(contents[row.pk]) for row in (earlier, later))
    old, new = _by_key(before["figures"]), _by_key(after["figures"])
    reopened = _reopened(earlier, later)
    kept = {key: row for key, row in old.items() if reopened is None or key[0] in reopened or key in new}
    differing = sorted(key for key in kept.keys() | new.keys() if _worth(kept.get(key)) != _worth(new.get(key)))
    return Comparison(
        earlier=earlier,
        later=later,
        figures=tuple(_changed(differing, kept, new, project)),
        words=tuple(_reworded(before, after)),
        unchanged=len(kept.keys() | new.keys()) - len(differing),
        left_out=len(old) - len(kept),
    )


def _by_key(rows: Iterable[dict[str, str]]) -> dict[Key, dict[str, str]]:
    return {(row["code"], row["at"], row.get("cell", "")): row for row in rows}


def _worth(row: Mapping[str, str] | None) -> tuple[str | None, ...] | None:
    return None if row is None else tuple(row.get(name) for name in WORTH)


def _reopened(earlier: SubmissionSnapshot, later: SubmissionSnapshot) -> set[str] | None:
    """The codes that the later version could hold, where it belongs to a reopening of some figures; None: all of them."""
    one = later.submission
    if one.reopening_id is None or earlier.submission_id == one.pk:
        return None
    return set(Indicator.objects.filter(reopenings=one.reopening_id).values_list("code", flat=True))


def _changed(
    keys: list[Key], old: Mapping[Key, Mapping[str, str]], new: Mapping[Key, Mapping[str, str]], project: Project
) -> Iterable[Changed]:
    if not keys:
        return
    rows = Indicator.objects.filter(project=project, code__in={key[0] for key in keys}).select_related("definition")
    titles = {row.code: row.title or row.definition.title for row in rows}
    places = dict(Place.objects.filter(code__in={key[1] for key in keys}).values_list("code", "name"))
    names: dict[tuple[str, str], str] = {}
    if any(key[2] for key in keys):
        names = {
            (dimension, code): shipped_name(name)
            for dimension, code, name in Category.objects.values_list("dimension__code", "code", "name")
        }
    for key in keys:
        code, place, cell = key
        parts = disaggregations.cell_of(cell).items() if cell else ()
        words = ", ".join(names.get(part, part[1]) for part in parts)
        yield Changed(
            code, titles.get(code, code), places.get(place, place), words, _words(old.get(key)), _words(new.get(key)),
            _difference(old.get(key), new.get(key)),
        )  # fmt: skip


def _words(row: Mapping[str, str] | None) -> str:
    if row is None:
        return ""
    if "numerator" in row:
        return f"{formats.number(Decimal(row['numerator']))} / {formats.number(Decimal(row['denominator']))}"
    if "share" in row:
        return f"{formats.number(Decimal(row['share']))} %"
    if "value" in row:
        return formats.number(Decimal(row["value"]))
    if "reason" in row:
        return str(EmptyReason(row["reason"]).label)
    return row.get("answer") or row.get("text", "")


def _difference(old: Mapping[str, str] | None, new: Mapping[str, str] | None) -> Decimal | None:
    if old is None or new is None or "value" not in old or "value" not in new:
        return None
    return Decimal(new["value"]) - Decimal(old["value"])


def _reworded(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterable[Reworded]:
    old, new = before["narrative"], after["narrative"]
    differing = sorted({key for key in old.keys() | new.keys() if old.get(key, "") != new.get(key, "")}, key=int)
    if differing:
        headings = {str(key): heading for key, heading in NarrativeQuestion.objects.filter(pk__in=differing).values_list("pk", "heading")}
        for key in differing:
            yield Reworded(headings.get(key, ""), old.get(key, ""), new.get(key, ""))
    for name, heading in (("challenges", _("Challenges")), ("nil", _("Why there is nothing to report"))):
        if (before.get(name) or "") != (after.get(name) or ""):
            yield Reworded(heading, before.get(name) or "", after.get(name) or "")
