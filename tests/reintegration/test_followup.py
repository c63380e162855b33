"""Follow-up: what it found, what the person answered, and what waits for the caseworker."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from accounts.models import Message
from accounts.roles import Role
from plumbing.refusals import Invalid
from reintegration import concerns, contacts, followup, todo
from reintegration.models import Assessment, Concern, FollowUp
from reintegration.profile import factors_of
from reintegration.profile import save as save_profile
from surveys import instruments
from surveys.models import InstrumentVersion
from tests import cases, factories

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


@pytest.fixture
def world():
    return factories.world()


@pytest.fixture
def case(world):
    return cases.case(world, state="closed", completed_on=TODAY - timedelta(days=90), closed_on=TODAY, exit_reason="completed")


@pytest.fixture
def wave(case):
    return FollowUp.objects.create(case=case, wave=3, due_on=TODAY)


@pytest.fixture
def survey():
    instruments.load_shipped()
    version = InstrumentVersion.objects.get(instrument__code=followup.INSTRUMENT)
    return instruments.activate(version, by=factories.member(Role.ADMINISTRATOR))


def answers(**changes):
    """Every scored question answered with its first option (the best one in every set but those of yes and no)."""
    sheet = followup.sheet()
    given = {code: next(iter(question.choices)) for code, question in sheet.questions.items()}
    return given | changes


def test_a_follow_up_goes_on_after_closure_and_is_settled_once(case, wave):
    found = followup.settle(wave, on=TODAY, livelihood="self_employed", movement="stayed", by=case.caseworker)
    assert (wave.state, wave.settled_on, found.was_reached, found.livelihood) == ("done", TODAY, True, "self_employed")
    with pytest.raises(followup.FollowUpSettled):
        followup.not_found(wave, on=TODAY, by=case.caseworker)


def test_not_found_is_an_outcome_without_a_livelihood(case, wave):
    found = followup.not_found(wave, on=TODAY, movement="abroad", by=case.caseworker)
    assert (wave.state, found.was_reached, found.livelihood, found.movement) == ("missed", False, "", "abroad")


def test_who_was_reached_has_a_livelihood_even_if_it_is_unknown(case, wave):
    with pytest.raises(ValidationError):
        followup.settle(wave, on=TODAY, livelihood="", by=case.caseworker)
    with pytest.raises(Invalid):
        followup.settle(wave, on=TODAY + timedelta(days=1), livelihood="none", by=case.caseworker)


def test_answers_are_kept_encrypted_and_scored_per_domain(case, wave, survey):
    done = followup.assess(wave, answers=answers(), held_on=TODAY, safety={"feels_safe": "yes"}, by=case.caseworker)
    scores = {row.dimension: row.value for row in done.assessment.scores.all()}
    assert set(scores) == {"economic", "social", "psychosocial", "all"}
    assert all(value is not None and 0 <= value <= 1 for value in scores.values())
    kept = Assessment.objects.get()
    assert (kept.answers["R01"], kept.safety) == (answers()["R01"], {"feels_safe": "yes"})
    with connection.cursor() as cursor:
        cursor.execute("SELECT answers FROM reintegration_assessment")
        assert b"R01" not in bytes(cursor.fetchone()[0])


def test_too_few_answers_give_no_score_and_never_a_zero(case, wave, survey):
    done = followup.assess(wave, answers={"R01": answers()["R01"]}, held_on=TODAY, by=case.caseworker)
    assert {row.value for row in done.assessment.scores.all()} == {None}
    assert not done.assessment.is_complete


def test_what_the_skip_rules_hide_is_not_kept(case, wave, survey):
    hidden = answers(R09="no", R29="yes")
    kept = followup.assess(wave, answers=hidden, held_on=TODAY, by=case.caseworker).assessment.answers
    assert not {"R10", "R30"} & set(kept)


def test_an_answer_that_the_survey_does_not_offer_is_refused(case, wave, survey):
    with pytest.raises(Invalid):
        followup.assess(wave, answers={"R01": "perhaps"}, held_on=TODAY, by=case.caseworker)
    assert not Assessment.objects.exists()


def test_the_same_round_again_corrects_it(case, wave, survey):
    followup.assess(wave, answers=answers(), held_on=TODAY, by=case.caseworker)
    again = followup.assess(wave, answers=answers(R01="very_dissatisfied"), held_on=TODAY, by=case.caseworker).assessment
    assert (Assessment.objects.count(), again.corrected_by, again.scores.count()) == (1, case.caseworker, 4)


@pytest.mark.parametrize(("item", "option"), [("R27", "very_often"), ("R27", "often"), ("R28", "yes")])
def test_signs_of_distress_offer_a_talk_and_not_a_score(client, case, wave, survey, item, option):
    case.state = "active"
    case.closed_on, case.exit_reason, case.completed_on = None, "", None
    case.save()
    client.force_login(case.caseworker)
    typed = answers(R28="no", R27="never") | {item: option, "held_on": TODAY.isoformat()}
    answer = client.post(reverse("assess", args=[case.code, wave.pk]), typed)
    assert answer["Location"] == reverse("send_referral", args=[case.code]) + "?service=psychosocial"


def test_without_distress_the_page_goes_back_to_the_rounds_and_compares_them(client, case, wave, survey):
    client.force_login(case.caseworker)
    calm = answers(R28="no", R27="never") | {"held_on": TODAY.isoformat()}
    answer = client.post(reverse("assess", args=[case.code, wave.pk]), calm)
    assert answer["Location"] == reverse("case_follow_ups", args=[case.code])
    later = FollowUp.objects.create(case=case, wave=6, due_on=TODAY)
    followup.assess(later, answers=answers(), held_on=TODAY, by=case.caseworker)
    (rounds,) = followup.rounds(case)
    assert [len(line.values) for line in rounds.lines] == [2, 2, 2, 2]
    page = client.get(answer["Location"]).content.decode()
    assert "Scores, 0 to 1" in page
    assert "adaptation" in page


def test_the_survey_opens_on_one_page(client, case, wave, survey):
    client.force_login(case.caseworker)
    page = client.get(reverse("assess", args=[case.code, wave.pk])).content.decode()
    assert page.count("<fieldset") == 34
    assert "not scored" in page


# Contacts, concerns, to-dos


def test_a_concern_is_read_by_its_writer_and_the_supervisor_and_is_erased_by_itself(world, case):
    concerns.raise_concern(case, note="Somebody waits at her door", by=case.caseworker)
    assert [one.note for one in concerns.read(case, by=cases.supervisor(world))] == ["Somebody waits at her door"]
    assert len(concerns.read(case, by=case.caseworker)) == 1
    with pytest.raises(PermissionDenied):
        concerns.raise_concern(case, note="Mine", by=cases.caseworker(world))
    over = TODAY + timedelta(days=31)
    assert concerns.read(case, by=case.caseworker, today=over) == []
    assert (concerns.erase_expired(today=TODAY), concerns.erase_expired(today=over)) == (0, 1)
    assert not Concern.objects.exists()


def test_factors_belong_to_prevention_and_are_never_a_score(world):
    case = cases.case(world, state="accepted", pathway="prevention")
    profile = concerns.set_factors(case, push="No work", pull="Cousins", protective="Mother", by=case.caseworker)
    words = {"push": "No work", "pull": "Cousins", "protective": "Mother"}
    assert profile.factors == {"words": words}
    chosen = {"push": ["no_income"], "pull": [], "protects": ["family"]}
    kept = save_profile(case, answers={}, factors=chosen, by=case.caseworker)
    assert kept.factors == {"words": words, **chosen}, "the words and the codes stand beside each other"
    assert [[list(map(str, labels)), said] for _title, labels, said in factors_of(kept)] == [
        [["No income"], "No work"], [[], "Cousins"], [["Family"], "Mother"]
    ]  # fmt: skip
    with pytest.raises(Invalid):
        concerns.set_factors(cases.case(world, state="active"), push="", pull="", protective="", by=cases.supervisor(world))


def test_my_work_shows_what_is_due_in_ones_own_cases_with_the_rule(client, case, wave):
    client.force_login(case.caseworker)
    page = client.get(reverse("my_work")).content.decode()
    assert "Follow-up at 3 months" in page
    assert "You may call." in page
    client.force_login(cases.caseworker(factories.world()))
    assert "Follow-up at 3 months" not in client.get(reverse("my_work")).content.decode()


def test_a_mail_says_how_many_are_due_and_nothing_else(case, wave):
    morning = datetime.combine(TODAY, datetime.min.time(), ZoneInfo("UTC")) + timedelta(hours=8)
    assert todo.remind(now=morning - timedelta(hours=5)) == 0
    assert (todo.remind(now=morning), todo.remind(now=morning)) == (1, 0)
    line = Message.objects.get(recipient=case.caseworker)
    assert line.line == "1 thing is due in your cases."
    assert str(case) not in line.line + line.path + line.item + line.step


@pytest.mark.parametrize("rows", [1, 3])
def test_to_dos_take_the_same_queries_at_one_and_at_three_rows(world, rows, django_assert_num_queries):
    worker = cases.caseworker(world)
    for _row in range(rows):
        case = cases.case(world, state="active", caseworker=worker)
        FollowUp.objects.create(case=case, wave=3, due_on=TODAY)
        contacts.record(case, happened_on=TODAY, kind="phone", result="done", next_step="contact", next_on=TODAY, by=worker)
    todo.due_for(worker)
    with django_assert_num_queries(5):
        assert len(todo.due_for(worker)) == 2 * rows
