"""Totals through the API: the numbers of ``rollup.progress``, and only those the caller may see."""

from __future__ import annotations

from datetime import date

import pytest

from accounts.roles import Role
from programs import framework
from programs.models import Indicator
from reporting import drafts, promises, rollup, submissions
from reporting.drafts import FigureInput
from tests import factories
from tests.callers import as_person, key_of, with_key

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    world = factories.world("PPS-01", sensitivity=1)
    factories.dimension("sex", "female", "male", "unknown")
    world.people = world.indicator(factories.definition("DDR-6", breakdowns=(("sex",),), counting="people_per_period"))
    world.things = world.indicator(factories.definition("CVR-2", counting="things"))
    world.share = world.indicator(factories.ratio("DDR-9"))
    return world


def report(world, number, people, things, women=None):
    at = world.place.code
    submission = drafts.start(world.project, world.partner, world.open(number), by=world.reporter)
    figures = [
        FigureInput("DDR-6", at, value=people),
        FigureInput("CVR-2", at, value=things),
        FigureInput("DDR-9", at, numerator="1", denominator="3"),
    ]
    if women is not None:
        figures.append(FigureInput("DDR-6", at, {"sex": "female"}, value=women))
        figures.append(FigureInput("DDR-6", at, {"sex": "male"}, value=str(int(people) - int(women))))
        figures.append(FigureInput("DDR-6", at, {"sex": "unknown"}, value="0"))
    drafts.write_figures(submission, figures, by=world.reporter)
    for flag in submissions.checks.check(submission).flags:
        submissions.explain(submission, indicator=flag.indicator, place=flag.place, flag=flag.kind, sentence="Checked.", by=world.reporter)
    submissions.submit(submission, by=world.reporter)
    submissions.accept(submission, by=world.mande)


def lines(caller, **query):
    answer = caller.get("/progress/", query)
    assert answer.status_code == 200, answer.json()
    return {one["indicator"]: one for one in answer.json()["results"]}


def test_the_numbers_are_those_of_the_roll_up(world):
    framework.set_target(world.things, by=world.manager, value="10")
    Indicator.objects.filter(pk=world.things.pk).update(baseline_value=0)
    report(world, 0, "40", "3", women="22")
    report(world, 1, "45", "4", women="25")
    told = lines(as_person(world.mande), project="PPS-01", through="2026-12-31")
    asked = promises.promised(promises.indicators(world.mande, project=world.project))
    for line in rollup.progress(asked, through=date(2026, 12, 31)):
        one = told[line.definition.code]
        assert one["value"] == f"{line.progress.value:f}"
        assert one["status"] == "shown"
    assert (told["CVR-2"]["value"], told["CVR-2"]["standing"]["progress"]) == ("7", "0.7")
    assert (told["DDR-9"]["numerator"], told["DDR-9"]["denominator"], told["DDR-9"]["value"]) == ("1", "3", "33.333333")


def test_a_total_is_split_by_a_dimension_a_place_a_partner_and_a_period(world):
    report(world, 0, "40", "3", women="22")
    caller = as_person(world.mande)
    by_sex = lines(caller, indicator="DDR-6", project="PPS-01", by="sex")["DDR-6"]["parts"]
    assert {part["key"]: part["value"] for part in by_sex} == {"female": "22", "male": "18", "unknown": "0"}
    for by, key in (("place", world.place.code), ("partner", str(world.partner.pk)), ("project", "PPS-01"), ("period", "2026-03-31")):
        parts = lines(caller, indicator="CVR-2", project="PPS-01", by=by)["CVR-2"]["parts"]
        assert [(part["key"], part["value"]) for part in parts] == [(key, "3")], by


def test_a_reader_without_raw_figures_sees_no_small_number_of_people(world):
    report(world, 0, "3", "3")
    auditor = as_person(factories.member(Role.AUDITOR))
    told = lines(auditor, project="PPS-01")
    assert (told["DDR-6"]["status"], told["DDR-6"]["value"]) == ("suppressed", None)
    assert (told["CVR-2"]["status"], told["CVR-2"]["value"]) == ("shown", "3")
    for by in ("place", "partner", "project", "period"):
        parts = lines(auditor, indicator="DDR-6", project="PPS-01", by=by)["DDR-6"]["parts"]
        assert all(part["value"] is None for part in parts), by
    mine = lines(as_person(world.mande), project="PPS-01")
    assert mine["DDR-6"]["value"] == "3"


def test_a_partner_sees_its_own_people_and_not_the_others(world):
    report(world, 0, "3", "3")
    caller = with_key(key_of(world.partner, by=factories.member(Role.PARTNER_MANAGER, organization=world.partner)))
    assert lines(caller, project="PPS-01", partner=world.partner.pk)["DDR-6"]["value"] == "3"
    assert lines(caller, project="PPS-01")["DDR-6"]["value"] is None


def test_strangers_and_absent_projects_give_nothing_alike(world):
    report(world, 0, "40", "3")
    other = factories.world("STRANGE")
    caller = with_key(key_of(other.partner, by=factories.member(Role.PARTNER_MANAGER, organization=other.partner)))
    for project in ("PPS-01", "NONE"):
        assert lines(caller, project=project) == {}
    assert lines(caller, indicator="DDR-6") == {}


@pytest.mark.parametrize("role", list(Role))
def test_no_role_reads_totals_of_a_project_it_cannot_read(role, world):
    report(world, 0, "40", "3")
    other = factories.world("STRANGE")
    scope = {"organization": factories.donor()} if role == Role.DONOR_VIEWER else {"project": other.project}
    if role in (Role.PARTNER_MANAGER, Role.PARTNER_REPORTER):
        scope = {"organization": other.partner}
    assert lines(as_person(factories.member(role, **scope)), project="PPS-01") == {}


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"project": ""},
        {"project": "PPS-01", "through": "soon"},
        {"project": "PPS-01", "through": "0001-01-01"},
        {"project": "PPS-01", "by": "colour"},
        {"project": "PPS-01", "place": "NOWHERE"},
        {"project": "PPS-01", "partner": "x"},
        {"project": "PPS-01", "colour": "red"},
        {"project": ["PPS-01", "PPS-02"]},
    ],
)
def test_a_question_that_cannot_be_answered_is_422(wrong, world):
    answer = as_person(world.mande).get("/progress/", wrong)
    assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")


def test_the_number_of_queries_does_not_follow_the_number_of_indicators(world, django_assert_num_queries):
    report(world, 0, "40", "3")
    caller = as_person(world.mande)
    caller.get("/me/")
    with django_assert_num_queries(11) as before:
        caller.get("/progress/", {"project": "PPS-01"})
    for number in range(5):
        world.indicator(factories.definition(f"X-{number}"))
    with django_assert_num_queries(len(before.captured_queries)):
        caller.get("/progress/", {"project": "PPS-01"})
