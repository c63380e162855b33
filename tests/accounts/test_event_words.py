"""Every kind of event that the code records has its words, and every word its kind."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from accounts import event_words
from communities.models import Dispute, LocalProject

ROOT = Path(__file__).parents[2]
APPS = (
    "accounts",
    "locations",
    "programs",
    "surveys",
    "communities",
    "reintegration",
    "institutions",
    "reporting",
    "exchange",
    "dashboard",
)
KIND = re.compile(r"[a-z_]+\.[a-z_]+")
NO_KINDS = {"allauth.mfa", "countries.csv"}
# Kinds put together where they are recorded, and what can stand there. A kind without its own words is one of the set-up.
PUT_TOGETHER = {
    "f'dispute.{to}'": {f"dispute.{state}" for state in Dispute.State.values if state != "opened"},
    "f'local_project.{to}'": {f"local_project.{state}" for state in LocalProject.State.values if state != "proposed"},
    "f'concern.{event}'": {"concern.assigned", "concern.resolved"},
    "f'referral.{event}'": {f"referral.{word}" for word in ("accepted", "declined", "completed", "withdrawn", "expired")},
    "f'{row._meta.model_name}.removed'": {"conflictissue.removed", "peacefactor.removed"},
    "f'{row._meta.model_name}.recorded'": {"opportunity.recorded", "mappedservice.recorded"},
    "f'{row._meta.model_name}.changed'": {"opportunity.changed", "mappedservice.changed"},
    "f'{entry._meta.model_name}.verified'": {"opportunity.verified", "mappedservice.verified"},
    """f"{obj._meta.model_name}.{('changed' if change else 'added')}\"""": set(),
}


def sources() -> Iterator[ast.Module]:
    for app in APPS:
        for path in (ROOT / app).rglob("*.py"):
            text = path.read_text()
            if "migrations" not in path.parts and "audit.record(" in text:
                yield ast.parse(text)


def recorded() -> tuple[set[str], set[str]]:
    """Kinds written out, and the expressions that put one together."""
    kinds, together = {"audit.verified"}, set()
    for tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and KIND.fullmatch(node.value):
                kinds.add(node.value)
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "audit.record":
                together |= {ast.unparse(part) for part in ast.walk(node.args[0]) if isinstance(part, ast.JoinedStr)}
    return kinds - NO_KINDS, together


def test_every_kind_that_is_recorded_has_words_and_no_words_are_left_over():
    kinds, together = recorded()
    assert together == set(PUT_TOGETHER)
    kinds = kinds.union(*PUT_TOGETHER.values())
    assert len(kinds) > 250
    assert kinds == set(event_words.WORDS)


def test_no_two_kinds_have_the_same_words():
    words = [str(one) for one in event_words.WORDS.values()]
    assert len(words) == len(set(words))


@pytest.mark.parametrize(
    ("kind", "words"),
    [("case.read", "Case file read"), ("place.added", "Set-up, added: place"), ("place.eaten", ""), ("thing.changed", ""), ("", "")],
)
def test_a_kind_is_said_in_words(kind, words):
    assert event_words.said(kind) == words
