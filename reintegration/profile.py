"""The profile: what a person told of life and plans, by block, as codes. It is encrypted whole and complete once every block is answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from plumbing.refusals import Invalid, Problem
from reintegration import casework, opening
from reintegration.models import Case, Profile

YES_NO = (("yes", _("Yes")), ("no", _("No")), ("unknown", _("Not asked or not answered")))
HEALTH_REFERRAL = "needs_health_referral"


@dataclass(frozen=True)
class Question:
    """``choices`` empty: a few words. A question that is ``needed`` must be answered before the profile is complete."""

    key: str
    label: str | Promise
    choices: tuple[tuple[str, Any], ...] = ()
    needed: bool = True


def _counted(most: int) -> tuple[tuple[str, str], ...]:
    return (*((str(n), str(n)) for n in range(most)), (f"{most}+", f"{most}+"))


BLOCKS: tuple[tuple[str | Promise, tuple[Question, ...]], ...] = (
    (
        _("Motive and plan"),
        (
            Question("joined_because", _("Reason for joining"), (
                ("forced", _("Was forced or abducted")), ("protection", _("Protection of self or family")), ("income", _("Income")),
                ("belief", _("Belief or cause")), ("peers", _("Family or friends")), ("not_a_member", _("Did not join")),
                ("no_answer", _("No answer")))),
            Question("aspiration", _("What the person wants to do"), needed=False),
            Question("return_to", _("Preferred place of return"), (
                ("here", _("Stay here")), ("home", _("Place of origin")), ("elsewhere", _("Elsewhere")), ("undecided", _("Not decided")))),
            Question("livelihood", _("Intended livelihood"), (
                ("farming", _("Farming or livestock")), ("trade", _("Trade")), ("craft", _("Craft")), ("employment", _("Employment")),
                ("school", _("School or training")), ("care", _("Care for the family")), ("undecided", _("Not decided")))),
        ),
    ),
    (
        _("Skills"),
        (
            Question("reads", _("Reads and writes"), YES_NO),
            Question("education", _("School"), (
                ("none", _("None")), ("some_primary", _("Some primary school")), ("primary", _("Primary school finished")),
                ("secondary", _("Secondary school finished")), ("higher", _("Higher")))),
            Question("skill", _("Vocational skill"), (
                ("none", _("None")), ("farming", _("Farming")), ("metal", _("Metal work")), ("building", _("Building")),
                ("tailoring", _("Tailoring")), ("driving", _("Driving, mechanics")), ("trade", _("Trade")), ("other", _("Other")))),
        ),
    ),
    (
        _("Household"),
        (
            Question("marital", _("Marital status"), (
                ("single", _("Single")), ("married", _("Married or in union")), ("widowed", _("Widowed")),
                ("separated", _("Separated")), ("no_answer", _("No answer")))),
            Question("children_under_5", _("Dependants under 5"), _counted(6)),
            Question("children_5_17", _("Dependants of 5 to 17"), _counted(6)),
            Question("adults", _("Adult dependants"), _counted(6)),
            Question("heads_household", _("Head of the household"), YES_NO),
            Question("child_care", _("Needs child care to take part"), YES_NO),
        ),
    ),
    (
        _("Health: flags only"),
        (
            Question(HEALTH_REFERRAL, _("Needs a referral to a health service"), YES_NO),
            Question("needs_psychosocial", _("Needs psychosocial support"), YES_NO),
            Question("disability", _("Disability by the Washington Group questions"), YES_NO),
        ),
    ),
    (
        _("Economic"),
        (
            Question("income", _("Source of income"), (
                ("none", _("None")), ("own_work", _("Own work")), ("wage", _("Wage")), ("family", _("Family")), ("aid", _("Aid")))),
            Question("debt", _("Has debts"), YES_NO),
            Question("land", _("Has access to land"), YES_NO),
            Question("housing", _("Housing"), (
                ("own", _("Own")), ("rented", _("Rented")), ("family", _("With family")), ("none", _("None of these")))),
        ),
    ),
    (
        _("Security"),
        (
            Question("fears_reprisal", _("Fears reprisal"), YES_NO),
            Question("needs_relocation", _("Needs to be relocated"), YES_NO),
        ),
    ),
)  # fmt: skip

FACTORS: tuple[tuple[str, str | Promise, tuple[tuple[str, Any], ...]], ...] = (
    ("push", _("What pushes"), (
        ("grievance", _("Grievance")), ("no_income", _("No income")), ("insecurity", _("Insecurity")), ("exclusion", _("Exclusion")))),
    ("pull", _("What pulls"), (
        ("money", _("Money offered")), ("status", _("Status")), ("belonging", _("Belonging")), ("revenge", _("Revenge")))),
    ("protects", _("What protects"), (
        ("family", _("Family")), ("mentor", _("A mentor")), ("work", _("Work or school")), ("faith", _("Faith or community group")))),
)  # fmt: skip


def save(case: Case, *, answers: Mapping[str, str], by: User, factors: Mapping[str, list[str]] | None = None) -> Profile:
    """Keep the answers; the profile is complete once every needed question is answered. No score is made of a person.

    Raises ``NotAdmitted`` before the decision, ``CaseEnded``, ``Invalid`` for an answer that is not on its list.
    """
    opening.require_work(case, by)
    casework.require_open(case)
    kept = {question.key: str(answers[question.key]).strip() for question in questions() if answers.get(question.key)}
    wrong = [q.key for q in questions() if q.choices and kept.get(q.key, q.choices[0][0]) not in dict(q.choices)]
    if wrong:
        raise Invalid([Problem(key, gettext("Choose one of the answers."), "not_listed") for key in wrong])
    listed = {kind: dict(choices) for kind, _label, choices in FACTORS}
    with transaction.atomic():
        Case.objects.select_for_update().get(pk=case.pk)
        row = Profile.objects.filter(case=case).first() or Profile(case=case)
        row.answers, row.updated_by = kept, by
        if factors is not None:
            chosen = {kind: [code for code in factors.get(kind, []) if code in listed[kind]] for kind in listed}
            row.factors = {**(row.factors or {}), **chosen}  # the words that stand beside them stay
        whole = not _unanswered(kept)
        row.completed_at, row.completed_by = (row.completed_at or timezone.now(), row.completed_by or by) if whole else (None, None)
        row.save()
        audit.record("case.profile_saved", [case, case.project, case.partner], by=by, complete=whole)
    return row


def unanswered(case: Case) -> list[str]:
    """The questions that still stand open before the profile is complete, as the page words them."""
    return open_in(Profile.objects.filter(case=case).first())


def open_in(row: Profile | None) -> list[str]:
    return _unanswered(row.answers if row is not None else {})


def _unanswered(kept: Mapping[str, str]) -> list[str]:
    return [str(question.label) for question in questions() if question.needed and question.key not in kept]


def put_health_referral(case: Case, *, needed: bool, by: User) -> None:
    """The one thing that a health screening leaves, with the other flags: whether it leads to a referral."""
    row = Profile.objects.filter(case=case).first() or Profile(case=case)
    row.answers, row.updated_by = {**(row.answers or {}), HEALTH_REFERRAL: "yes" if needed else "no"}, by
    row.save()


def told(row: Profile | None) -> list[tuple[Any, Any]]:
    """What a page shows beside the case: what the person wants and what bears on an offer, in words; nothing on security or health."""
    answers = row.answers if row is not None else {}
    by_key = {question.key: question for question in questions()}
    shown = ("aspiration", "livelihood", "return_to", "education", "skill", "income", "child_care")
    return [
        (by_key[key].label, dict(by_key[key].choices).get(answers[key], answers[key]))
        for key in shown
        if answers.get(key) not in (None, "", "unknown")
    ]


def factors_of(row: Profile | None) -> list[tuple[Any, list[Any], str]]:
    """What pushes, pulls and protects: each with the factors that were chosen and the person's words; empty where nothing is known."""
    kept = (row.factors if row is not None else None) or {}
    words = kept.get("words") or {}
    words = {**words, "protects": words.get("protective", "")}
    found = [
        (title, [label for code, label in choices if code in kept.get(kind, ())], words.get(kind, "")) for kind, title, choices in FACTORS
    ]
    return found if any(chosen or said for _title, chosen, said in found) else []


def questions() -> list[Question]:
    return [question for _title, block in BLOCKS for question in block]
