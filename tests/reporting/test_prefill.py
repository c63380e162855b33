"""Counts from the records in a draft: exact, never over a person's own typing, and honest about what changed since."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse

from accounts.models import AuditEvent
from plumbing.refusals import Refused, Stale
from programs import activities, disaggregations, framework
from programs.models import ActivityRecord, Disaggregation, ExpectedReport
from reporting import checks, drafts, prefill, submissions
from reporting.drafts import FigureInput
from reporting.models import Figure, Prefill, RecordsCheck, Submission
from tests import cases, factories
from tests.reintegration import making

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
# Registered before categories were asked for, and ended since.
CLOSED = {"state": "closed", "closed_on": NOW.date(), "exit_reason": "withdrew"}


@pytest.fixture
def world():
    with time_machine.travel(NOW, tick=False):
        factories.dimension("sex", "female", "male", "unknown")
        made = factories.world()
        made.held = made.indicator(factories.definition("CON-1", computed_by="activities.dialogue.held"))
        made.people = made.indicator(
            factories.definition("COM-2", counting="contacts", computed_by="activities.dialogue.people", breakdowns=(("sex",),))
        )
        made.typed = made.indicator(factories.definition("CON-4"))
        made.open()
        yield made


def hold(world, people=None, *, women=None, men=None, place=None, on=NOW) -> ActivityRecord:
    ids = disaggregations.ensure(["sex=female", "sex=male"])
    cells = {
        Disaggregation.objects.get(pk=ids[key]): n for key, n in (("sex=female", women), ("sex=male", men)) if n is not None
    }  # fmt: skip
    return activities.record(
        project=world.project, partner=world.partner, kind="dialogue", happened_on=on.date(), place=place or world.place,
        people_present=people, cells=cells, by=world.reporter,
    ).activity  # fmt: skip


def later(hours: float = 2) -> datetime:
    return NOW + timedelta(hours=hours)


def said(submission: Submission) -> dict[tuple[str, str], Decimal | None]:
    rows = submission.figures.select_related("indicator", "disaggregation")
    return {(row.indicator.code, row.disaggregation.key): row.value for row in rows}


def test_an_open_period_without_a_draft_is_prefilled_from_the_records(world):
    hold(world, 30, women=12, men=18)
    hold(world, 10, women=10)
    assert prefill.sweep(now=NOW) == 1
    draft = Submission.objects.get()
    assert (draft.state, draft.created_by, draft.edited_by) == ("draft", None, None)
    assert said(draft) == {
        ("CON-1", ""): 2, ("COM-2", ""): 40, ("COM-2", "sex=female"): 22, ("COM-2", "sex=male"): 18, ("COM-2", "sex=unknown"): 0,
    }  # fmt: skip
    figure = draft.figures.filter(indicator=world.held).get()
    kept = Prefill.objects.get(indicator=world.held)
    assert (figure.source, figure.entered_by, figure.source_detail) == ("records", None, kept.digest[:12])
    assert (kept.tally, kept.filled_at, kept.has_drifted) == ("activities.dialogue.held", NOW, False)
    assert "Plans do not count" in kept.definition
    assert ExpectedReport.objects.get(period=world.period).prepared_at is not None


def test_where_nothing_was_recorded_nothing_is_prefilled_and_no_draft_is_made(world):
    assert prefill.sweep(now=NOW) == 1
    assert not Submission.objects.exists()
    assert RecordsCheck.objects.get().due_at == later(1)


def test_what_the_records_cannot_say_says_why_on_the_entry_page_and_in_the_api(world, client):
    definition = factories.definition(
        "CVR-3", measure="percentage", per=10000, over_time="snapshot", across="weighted_ratio", computed_by="communities.incidents.per_10_000"
    )  # fmt: skip
    rate = world.indicator(definition)
    hold(world)
    prefill.sweep(now=NOW)
    whys = dict(Prefill.objects.values_list("indicator__code", "why_nothing"))
    assert whys == {"CON-1": "", "COM-2": "nothing_recorded", "CVR-3": "nobody_watches"}
    community = factories.community(world, monitors=3)
    prefill.sweep(now=later())
    assert Prefill.objects.get(indicator=rate).why_nothing == "no_population"
    client.force_login(world.reporter)
    draft = Submission.objects.get()
    rows = {row["indicator"]: row for row in client.get(f"/api/v1/submissions/{draft.public_id}/").json()["records"]}
    assert (rows["CVR-3"]["latest"], rows["CVR-3"]["filled_at"], rows["CVR-3"]["why_nothing"]) == ({}, None, "no_population")
    address = reverse("report_records", args=[world.project.code, world.period.code, world.partner.pk])
    for headers in ({}, {"HX-Request": "true"}):
        assert "No community here has a population count" in client.get(address, headers=headers).content.decode()
    with pytest.raises(Refused, match="nothing to take"):
        prefill.take(Prefill.objects.get(indicator=rate), by=world.reporter)
    community.population.create(group="host", people=5000, observed_on=NOW.date(), source="county", recorded_by=world.reporter)
    prefill.sweep(now=later(4))
    kept = Prefill.objects.get(indicator=rate)
    assert (kept.why_nothing, kept.cells.get().latest_denominator) == ("", 5000)


def test_the_sweep_does_each_report_once_an_hour_and_leaves_leased_ones(world):
    hold(world)
    assert prefill.sweep(now=NOW) == 1
    assert prefill.sweep(now=NOW) == 0
    RecordsCheck.objects.update(due_at=NOW, lease_until=later(1))
    assert prefill.sweep(now=NOW) == 0, "another worker has it"
    assert prefill.sweep(now=later(1)) == 1, "a worker that died leaves it to the next"


def test_every_breakdown_that_the_tally_knows_is_filled_and_one_it_does_not_know_is_left(world):
    factories.dimension("category", "XC", "unknown")
    factories.dimension("stream", "economic", "social")
    definition = factories.definition(
        "DDR-1c", counting="people_ever", over_time="running_total", computed_by="cases.registered",
        breakdowns=(("sex",), ("category",), ("stream",)),
    )  # fmt: skip
    world.indicator(definition)
    hold(world)
    worker = cases.caseworker(world)
    for sex, category in (("female", "XC"), ("male", "XC"), ("female", "")):
        row = cases.case(world, caseworker=worker, sex=sex, category=category, **({"state": "eligible"} if category else CLOSED))
        making.steps(row, ("identified", 9), ("eligible", 5))
    prefill.sweep(now=NOW)
    found = {key: value for (code, key), value in said(Submission.objects.get()).items() if code == "DDR-1c"}
    assert found == {
        "": 3, "sex=female": 2, "sex=male": 1, "sex=unknown": 0, "category=XC": 2, "category=unknown": 1,
    }  # fmt: skip


def test_a_part_that_no_sheet_breaks_down_leaves_the_other_cells_empty(world):
    hold(world, 30, women=12)
    prefill.sweep(now=NOW)
    assert said(Submission.objects.get()) == {("CON-1", ""): 1, ("COM-2", ""): 30, ("COM-2", "sex=female"): 12}


def test_records_below_an_assigned_place_count_for_the_nearest_one_above(world):
    payam = factories.place("SS070301", parent=world.place)
    village = factories.place("SS07030101", parent=payam)
    framework.assign(
        world.held, by=world.manager, partner=world.partner, places=[payam], starts_on=world.period.starts_on
    )  # fmt: skip
    hold(world)
    hold(world, place=village)
    hold(world, place=village)
    prefill.sweep(now=NOW)
    draft = Submission.objects.get()
    assert dict(draft.figures.filter(indicator=world.held).values_list("place__code", "value")) == {world.place.code: 1, payam.code: 2}


def test_the_portals_own_draft_follows_the_records_until_somebody_saves_it(world):
    first = hold(world, 5)
    prefill.sweep(now=NOW)
    hold(world, 7)
    prefill.sweep(now=later())
    draft = Submission.objects.get()
    assert said(draft)["CON-1", ""] == 2
    ActivityRecord.objects.exclude(pk=first.pk).delete()
    ActivityRecord.objects.filter(pk=first.pk).update(people_present=None)
    prefill.sweep(now=later(4))
    assert said(draft) == {("CON-1", ""): 1}
    drafts.write_figures(draft, [FigureInput("CON-4", world.place.code, value="3")], by=world.reporter)
    hold(world, 9)
    prefill.sweep(now=later(6))
    assert said(draft) == {("CON-1", ""): 1, ("CON-4", ""): 3}
    kept = Prefill.objects.get(indicator=world.held)
    assert kept.has_drifted
    assert [(c.value, c.latest_value) for c in kept.cells.all()] == [(1, 2)]


def test_what_a_person_typed_is_never_overwritten(world):
    draft = drafts.start(world.project, world.partner, world.period, by=world.reporter)
    drafts.write_figures(draft, [FigureInput("CON-1", world.place.code, value="9")], by=world.reporter)
    hold(world, 5)
    prefill.sweep(now=NOW)
    assert said(draft) == {("CON-1", ""): 9}
    offered = Prefill.objects.get(indicator=world.held)
    assert (offered.filled_at, offered.has_drifted) == (None, False)
    assert [(c.value, c.latest_value) for c in offered.cells.all()] == [(None, 1)]


def test_taking_the_number_is_a_persons_act_and_that_person_stands_behind_it(world):
    hold(world, 30, women=12, men=18)
    prefill.sweep(now=NOW)
    draft = Submission.objects.get()
    at = world.place.code
    drafts.write_figures(draft, [FigureInput("COM-2", at, value="31")], by=world.reporter)
    hold(world, 10)
    prefill.sweep(now=later())
    kept = prefill.of(draft)
    people = next(row for row in kept if row.indicator_id == world.people.pk)
    with pytest.raises(Stale):
        prefill.take(people, by=world.reporter, version=1)
    prefill.take(people, by=world.reporter)
    assert said(draft) == {("CON-1", ""): 1, ("COM-2", ""): 40, ("COM-2", "sex=female"): 12, ("COM-2", "sex=male"): 18}
    people.refresh_from_db()
    assert (people.person, people.has_drifted) == (world.reporter, False)
    figure = draft.figures.get(indicator=world.people, disaggregation__key="")
    assert (figure.source, figure.entered_by, figure.source_detail) == ("records", world.reporter, people.digest[:12])
    ActivityRecord.objects.all().delete()
    with pytest.raises(Refused, match="say nothing"):
        prefill.take(people, by=world.reporter)


def test_the_reviewer_sees_drift_after_submission_and_the_portal_never_submits(world):
    hold(world)
    prefill.sweep(now=NOW)
    draft = Submission.objects.get()
    drafts.write_figures(draft, [FigureInput("CON-4", world.place.code, value="0")], by=world.reporter)
    drafts.write_figures(draft, [FigureInput("COM-2", world.place.code, reason="data_late")], by=world.reporter)
    for flag in checks.check(draft).flags:
        submissions.explain(draft, indicator=flag.indicator, place=flag.place, flag=flag.kind, sentence="So.", by=world.reporter)
    submissions.submit(draft, by=world.reporter)
    hold(world)
    prefill.sweep(now=later())
    assert prefill.drifted(draft) == 1
    submissions.accept(draft, by=world.mande)
    hold(world)
    assert prefill.sweep(now=later(9)) == 0, "an accepted report is counted no longer"
    assert Figure.objects.get(indicator=world.held, counts=True).value == 1


def test_a_report_is_opened_by_taking_up_the_portals_draft(world):
    hold(world)
    prefill.sweep(now=NOW)
    draft = drafts.start(world.project, world.partner, world.period, by=world.mande, origin=Submission.Origin.ON_BEHALF)
    assert (draft.created_by, draft.origin, said(draft)) == (world.mande, "on_behalf", {("CON-1", ""): 1})
    with pytest.raises(drafts.AlreadyOpen):
        drafts.start(world.project, world.partner, world.period, by=world.reporter)


def test_one_count_that_fails_is_shown_and_does_not_stop_the_others(world, monkeypatch):
    hold(world)
    monkeypatch.setattr(prefill, "count", lambda expected, now=None: 1 / 0)
    assert prefill.sweep(now=NOW) == 1
    check = RecordsCheck.objects.get()
    assert check.problem.startswith("ZeroDivisionError")
    monkeypatch.undo()
    prefill.sweep(now=later())
    check.refresh_from_db()
    assert check.problem == ""


def test_filling_in_is_one_event_without_a_person(world):
    hold(world)
    prefill.sweep(now=NOW)
    assert [e.actor for e in AuditEvent.objects.filter(event="submission.filled_from_records")] == ["system"]


def url(world, name="report", *more):
    return reverse(name, args=[world.project.code, world.period.code, world.partner.pk, *more])


def test_the_entry_page_marks_what_was_counted_and_offers_what_the_records_say_now(world, client):
    hold(world)
    prefill.sweep(now=NOW)
    client.force_login(world.reporter)
    page = client.get(url(world)).content.decode()
    assert "/library/tallies/activities.dialogue.held/" in page
    assert "counted from the records" in page
    assert "The records say" not in page
    drafts.write_figures(Submission.objects.get(), [FigureInput("CON-4", world.place.code, value="3")], by=world.reporter)
    hold(world)
    prefill.sweep(now=later())
    assert "The records say 2 now." in client.get(url(world)).content.decode()
    kept = Prefill.objects.get(indicator=world.held)
    panel = client.get(url(world, "report_records"), headers={"HX-Request": "true"}).content.decode()
    assert "filled in with 1 on 20 March 2026; the records say 2 now." in panel
    assert url(world, "report_take", kept.pk) in panel
    full = client.get(url(world, "report_records")).content.decode()
    assert kept.digest[:12] in full
    assert "Plans do not count" in full


def test_taking_from_the_sheet_keeps_what_was_typed_beside_it(world, client):
    hold(world)
    prefill.sweep(now=NOW)
    client.force_login(world.reporter)
    draft = Submission.objects.get()
    drafts.write_figures(draft, [FigureInput("CON-1", world.place.code, value="7")], by=world.reporter)
    kept = Prefill.objects.get(indicator=world.held)
    typed = {f"f:{world.typed.pk}:{world.place.pk}:": "4", f"f:{world.held.pk}:{world.place.pk}:": "7"}
    draft.refresh_from_db()
    answer = client.post(url(world, "report_take", kept.pk), {**typed, "version": draft.draft_version}, follow=True)
    assert "now holds what the records say" in answer.content.decode()
    assert said(draft) == {("CON-1", ""): 1, ("CON-4", ""): 4}
    stranger = factories.member("partner_reporter", organization=factories.partner())
    client.force_login(stranger)
    assert client.post(url(world, "report_take", kept.pk)).status_code == 404


def test_a_reviewer_takes_no_number_into_the_partners_report(world, client):
    hold(world)
    prefill.sweep(now=NOW)
    auditor = factories.member("auditor")
    client.force_login(auditor)
    kept = Prefill.objects.get(indicator=world.held)
    client.post(url(world, "report_take", kept.pk))
    assert Figure.objects.get(indicator=world.held).entered_by is None


def test_the_review_page_says_which_tally_counted_and_what_changed(world, client):
    hold(world)
    prefill.sweep(now=NOW)
    draft = Submission.objects.get()
    inputs = [FigureInput("CON-4", world.place.code, value="0"), FigureInput("COM-2", world.place.code, reason="data_late")]
    drafts.write_figures(draft, inputs, by=world.reporter)
    submissions.submit(draft, by=world.reporter)
    hold(world)
    prefill.sweep(now=later())
    client.force_login(world.mande)
    page = client.get(url(world, "review")).content.decode()
    assert "counted from the records, 20 March 2026" in page
    assert "The records say 2 now." in page
    assert "changed since" in client.get(url(world, "report_records")).content.decode()


@pytest.mark.parametrize("rows", [1, 3])
def test_the_records_page_asks_the_same_questions_however_long_it_is(world, client, django_assert_num_queries, rows):
    for number in range(rows):
        world.indicator(factories.definition(f"CON-1{number}", computed_by="activities.dialogue.held"))
    hold(world)
    prefill.sweep(now=NOW)
    client.force_login(world.reporter)
    with django_assert_num_queries(10):
        client.get(url(world, "report_records"))


def test_the_api_shows_where_a_number_came_from_and_takes_the_new_one(world, client):
    hold(world, 30, women=12, men=18)
    prefill.sweep(now=NOW)
    draft = Submission.objects.get()
    drafts.write_figures(draft, [FigureInput("CON-4", world.place.code, value="0")], by=world.reporter)
    hold(world)
    prefill.sweep(now=later())
    client.force_login(world.reporter)
    address = f"/api/v1/submissions/{draft.public_id}/"
    rows = {row["indicator"]: row for row in client.get(address).json()["records"]}
    assert rows["CON-1"] == {
        "indicator": "CON-1", "place": world.place.code, "tally": "activities.dialogue.held",
        "definition": rows["CON-1"]["definition"], "filled_at": "2026-03-20T12:00:00Z", "taken_by_a_person": False,
        "digest": rows["CON-1"]["digest"], "filled": {"value": "1"}, "latest_at": "2026-03-20T14:00:00Z", "latest": {"value": "2"},
        "why_nothing": "", "has_drifted": True,
    }  # fmt: skip
    assert rows["COM-2"]["has_drifted"] is False
    taken = client.post(f"{address}take-records/", {"indicator": "CON-1", "place": world.place.code}, "application/json")
    assert taken.status_code == 200, taken.content
    figure = next(f for f in taken.json()["figures"] if f["indicator"] == "CON-1")
    assert figure["value"] == "2"
    refused = client.post(f"{address}take-records/", {"indicator": "CON-4", "place": world.place.code}, "application/json")
    assert refused.status_code == 422
    stale = client.post(
        f"{address}take-records/", {"indicator": "CON-1", "place": world.place.code}, "application/json", headers={"If-Match": '"1"'}
    )
    assert stale.status_code == 412
