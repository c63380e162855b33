"""Rounds from plan to approval, and what the database refuses."""

from __future__ import annotations

import uuid
from datetime import date
from decimal import Decimal as D

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction

from accounts.models import AuditEvent
from accounts.roles import Role
from plumbing.refusals import Invalid, Refused
from programs.access import NotAllowed
from surveys import instruments, results, rounds
from surveys.models import Answer, Score, SurveyResponse
from tests import factories
from tests.surveys import making

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return factories.world()


@pytest.fixture
def version():
    return making.loaded()


def everything(option: str = "agree") -> dict[str, str]:
    return dict.fromkeys(("T1", "T2", "T3", "S1", "S2", "S3"), option)


def test_a_round_goes_from_plan_to_approval_each_with_one_event(world, version):
    row = making.planned(world, version)
    rounds.open(row, by=world.mande)
    rounds.respond(row, answers=everything(), by=world.mande)
    rounds.close(row, by=world.mande)
    with pytest.raises(Refused, match="second person"):
        rounds.approve(row, by=world.mande)
    rounds.approve(row, by=world.manager)
    assert (row.status, row.approved_by) == ("approved", world.manager)
    events = AuditEvent.objects.filter(event__startswith="survey_").order_by("id").values_list("event", flat=True)
    assert list(events) == [
        "survey_round.planned", "survey_round.opened", "survey_response.entered", "survey_round.closed", "survey_round.approved",
    ]  # fmt: skip


def test_responses_are_numbered_scored_and_taken_once(world, version):
    row, key = making.opened(world, version), uuid.uuid4()
    first = rounds.respond(row, answers=everything(), external_id=key, by=world.mande)
    again = rounds.respond(row, answers=everything("disagree"), external_id=key, by=world.mande)
    assert (first.response.number, again.is_new, again.response.pk) == (1, False, first.response.pk)
    assert rounds.respond(row, answers={"T1": "agree"}, by=world.mande).response.number == 2
    scores = Score.objects.filter(response=first.response)
    assert {score.value for score in scores} == {D("75.0000")}
    assert Score.objects.get(response__number=2, domain=None).reason == "domain_not_scored"


def test_the_first_response_freezes_the_version(world, version):
    assert version.frozen_at is None
    rounds.respond(making.opened(world, version), answers=everything(), by=world.mande)
    version.refresh_from_db()
    assert version.frozen_at is not None


def test_nothing_is_entered_before_opening_or_after_closing(world, version):
    row = making.planned(world, version)
    with pytest.raises(rounds.RoundNotOpen, match="not open yet"):
        rounds.respond(row, answers=everything(), by=world.mande)
    rounds.open(row, by=world.mande)
    made = rounds.respond(row, answers=everything(), by=world.mande)
    rounds.close(row, by=world.mande)
    with pytest.raises(rounds.RoundNotOpen, match="closed"):
        rounds.respond(row, answers=everything(), by=world.mande)
    with pytest.raises(rounds.RoundNotOpen):
        rounds.correct(made.response, answers=everything("disagree"), by=world.mande)
    with pytest.raises(rounds.RoundNotOpen):
        rounds.withdraw(made.response, reason="A test", by=world.mande)
    assert Answer.objects.filter(response=made.response, option__code="agree").count() == 6


def test_every_answer_that_does_not_fit_is_said_at_once(world, version):
    row = making.opened(world, version)
    with pytest.raises(Invalid) as refused:
        rounds.respond(row, answers={"T1": "splendid", "X9": "agree"}, evidence={"T2": "A man said so"}, by=world.mande)
    assert {problem.code for problem in refused.value.problems} == {"unknown", "free_text"}
    assert len(refused.value.problems) == 3
    assert not SurveyResponse.objects.exists()


def test_a_correction_scores_anew_and_a_withdrawal_needs_a_reason(world, version):
    row = making.opened(world, version)
    response = rounds.respond(row, answers=everything(), by=world.mande).response
    assert rounds.correct(response, answers=everything(), by=world.mande) == ()
    assert len(rounds.correct(response, answers=everything("strongly_agree"), by=world.mande)) == len(everything())
    assert Score.objects.get(response=response, domain=None).value == D(100)
    with pytest.raises(Invalid, match="why"):
        rounds.withdraw(response, reason=" ", by=world.mande)
    rounds.withdraw(response, reason="Entered twice", by=world.mande)
    assert not SurveyResponse.objects.exists()


def test_a_skipped_item_may_not_be_answered(world):
    data = making.small()
    data["item"][1]["shown_if"] = [["T1", "agree"]]
    row = making.opened(world, making.loaded(data))
    with pytest.raises(Invalid, match="not asked"):
        rounds.respond(row, answers=everything("disagree"), by=world.mande)
    rounds.respond(row, answers=everything("agree"), by=world.mande)


def test_a_round_needs_an_active_version_and_a_partner_of_the_project(world):
    draft = making.loaded(active=False)
    with pytest.raises(Invalid) as refused:
        rounds.plan(
            version=draft, project=world.project, partner=factories.partner(), place=world.place, stage="baseline", held_on=date(2026, 2, 1),
            by=world.mande,
        )  # fmt: skip
    assert {problem.path for problem in refused.value.problems} == {"version", "partner", "method"}


def test_a_person_s_instrument_is_not_asked_in_a_round(world):
    version = making.shipped("reintegration-equal-weights")
    with pytest.raises(Invalid, match="about a person"):
        making.planned(world, version)


def test_whoever_only_reads_plans_nothing(world, version):
    reader = factories.member(Role.CASEWORKER, organization=world.partner)
    with pytest.raises(NotAllowed):
        making.planned(world, version, by=reader)


def test_a_capacity_round_is_one_assessment_of_one_kind_with_evidence(world):
    version = making.shipped("police-capacity")
    with pytest.raises(Invalid, match="whose score"):
        making.capacity(world, version, assessor="")
    row = making.capacity(world, version, assessor="moderated")
    codes = [item.code for item in version.items.all()]
    rounds.respond(row, answers=dict.fromkeys(codes, "2"), evidence={"K01": "Complaint book seen"}, by=world.mande)
    with pytest.raises(Refused, match="one assessment"):
        rounds.respond(row, answers=dict.fromkeys(codes, "3"), by=world.mande)
    with pytest.raises(Invalid, match="no evidence note: K02"):
        rounds.close(row, by=world.mande)
    response = row.responses.get()
    rounds.correct(response, answers=dict.fromkeys(codes, "2"), evidence=dict.fromkeys(codes, "Seen"), by=world.mande)
    rounds.close(row, by=world.mande)
    assert results.of(row).composite.mean == D("33.3333")
    assert results.of(row).composite.low is None


def test_many_responses_are_all_or_none(world, version):
    row = making.opened(world, version)
    with pytest.raises(Invalid):
        rounds.respond_many(row, responses=[rounds.Given(everything()), rounds.Given({"T1": "splendid"})], by=world.mande)
    assert not SurveyResponse.objects.exists()
    key = uuid.uuid4()
    rounds.respond_many(row, responses=[rounds.Given(everything(), external_id=key)], by=world.mande)
    made = rounds.respond_many(row, responses=[rounds.Given(everything(), external_id=key), rounds.Given(everything())], by=world.mande)
    assert [one.is_new for one in made] == [False, True]
    assert row.responses.count() == 2


def test_an_empty_round_is_not_closed_and_a_closed_one_opens_again_until_approved(world, version):
    row = making.opened(world, version)
    with pytest.raises(Invalid, match="no response"):
        rounds.close(row, by=world.mande)
    rounds.respond(row, answers=everything(), by=world.mande)
    rounds.close(row, by=world.mande)
    rounds.open(row, by=world.mande)
    assert row.closed_at is None
    rounds.close(row, by=world.mande)
    rounds.approve(row, by=world.manager)
    with pytest.raises(Refused):
        rounds.open(row, by=world.mande)
    with pytest.raises(Refused, match="approved"):
        rounds.change(row, note="Late", by=world.mande)


@pytest.mark.postgres
def test_the_database_keeps_an_answered_version_and_an_approved_round(world, version):
    row = making.answered(world, version, ["agree"])
    with pytest.raises(DatabaseError, match="stands as it is"), transaction.atomic():
        version.option_sets.get().options.update(score=D("0.1"))
    with pytest.raises(DatabaseError, match="stands as it is"), transaction.atomic():
        version.items.first().weights.all().delete()
    version.items.first().texts.create(language="fr", text="Une autre langue")
    rounds.close(row, by=world.mande)
    rounds.approve(row, by=world.manager)
    with pytest.raises(DatabaseError, match="answers stand"), transaction.atomic():
        Answer.objects.filter(response__survey_round=row).update(evidence="changed")
    with pytest.raises(DatabaseError, match="answers stand"), transaction.atomic():
        row.responses.all().delete()
    instruments.retire(version, by=making.administrator())


def test_a_follow_up_has_its_number_and_no_other_round_has_one(world, version):
    for fields in ({"stage": "followup"}, {"stage": "followup", "number": 0}, {"stage": "midline", "number": 1}):
        with pytest.raises(ValidationError, match="A follow-up has a number"):
            making.planned(world, version, **fields)
    assert making.planned(world, version, stage="followup", number=2).stage_code == "followup_2"
