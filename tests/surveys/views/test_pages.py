"""Pages of surveys: the list, entry, results with their intervals, comparison, instruments."""

from __future__ import annotations

import re
from datetime import date
from io import BytesIO

import pytest

from accounts.roles import Role
from programs import shipped_library
from programs.models import Category, Dimension, ExpectedReport
from reporting import prefill
from reporting.models import Figure
from surveys import rounds
from surveys.models import InstrumentVersion, SurveyResponse
from tests import factories
from tests.surveys import making

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return factories.world("PPS-01")


@pytest.fixture
def version():
    return making.loaded()


@pytest.fixture
def as_mande(client, world):
    client.force_login(world.mande)
    return client


def words(answer) -> str:
    return " ".join(re.sub(r"</?b(di)?( [^>]*)?>", "", answer.content.decode()).split())


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_asks_the_database_the_same_few_times(as_mande, world, version, rows, django_assert_num_queries):
    for day in range(1, rows + 1):
        making.planned(world, version, held_on=date(2026, 2, day))
    with django_assert_num_queries(6):
        assert as_mande.get("/surveys/").content.decode().count('<td class="wide">') == rows


def test_the_list_filters_and_exports_with_its_sampling(as_mande, world, version):
    making.planned(world, version, frame="Market days")
    assert as_mande.get(f"/surveys/?place={world.place.code}").content.decode().count('<td class="wide">') == 1
    assert as_mande.get("/surveys/?status=approved").content.decode().count('<td class="wide">') == 0
    text = b"".join(as_mande.get("/surveys/?export=csv").streaming_content).decode()
    assert "adaptation" in text
    assert "Market days" in text
    assert "Random sample" in text


def test_a_round_is_planned_opened_and_entered_one_response_after_another(as_mande, world, version):
    Dimension.objects.create(code="sex", name="Sex")
    Category.objects.create(dimension=Dimension.objects.get(code="sex"), code="female", name="Women")
    answer = as_mande.post(
        "/surveys/new/",
        {
            "version": version.pk, "pair": f"{world.project.pk}:{world.partner.pk}", "place": world.place.code, "subject": "sample",
            "stage": "baseline", "held_on": "2026-02-10", "mode": "face_to_face", "method": "random", "planned_n": 20,
        },
    )  # fmt: skip
    assert answer.status_code == 303, words(answer)
    page = answer.headers["Location"]
    as_mande.post(f"{page}act/open/")
    form = as_mande.get(f"{page}enter/")
    assert "0 entered so far of 20" in words(form)
    assert "Statement 1 about trust" in words(form)
    answer = as_mande.post(f"{page}enter/", {"T1": "agree", "T2": "agree", "S1": "disagree", "S2": "neither", "who_sex": "female"})
    assert answer.status_code == 303
    assert "Response 1 is saved." in words(as_mande.get(answer.headers["Location"]))
    response = SurveyResponse.objects.get()
    assert response.respondent.key == "sex=female"
    assert response.answers.count() == 4


def test_the_languages_of_the_questions_stand_by_name(as_mande, world):
    row = making.opened(world, making.shipped("perception-of-police"))
    page = as_mande.get(f"/surveys/{row.pk}/enter/?language=fr").content.decode()
    assert '<option value="fr" selected>French</option>' in page
    assert '<option value="en">English</option>' in page


def test_the_same_form_sent_twice_is_one_response(as_mande, world, version):
    row = making.opened(world, version)
    form = {"T1": "agree", "external_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7"}
    for _time in range(2):
        as_mande.post(f"/surveys/{row.pk}/enter/", form)
    assert SurveyResponse.objects.count() == 1


def test_entry_into_a_closed_round_says_so_and_keeps_what_was_chosen(as_mande, world, version):
    row = making.answered(world, version, ["agree"])
    rounds.close(row, by=world.mande)
    answer = as_mande.post(f"/surveys/{row.pk}/enter/", {"T1": "agree"})
    assert answer.status_code == 422
    assert "This round is closed" in words(answer)
    assert "checked" in words(answer)


def test_results_show_n_interval_what_was_not_scored_and_the_word_adaptation(as_mande, world, version):
    row = making.answered(world, version, ["agree"] * 12 + ["disagree"] * 12, design_effect=2)
    rounds.respond(row, answers={"T1": "agree"}, by=world.mande)
    text = words(as_mande.get(f"/surveys/{row.pk}/"))
    assert "50.00" in text
    assert "14.4" in text  # 1.96 x 25.54 / sqrt 24 x sqrt 2
    assert "Adaptation" in text
    assert "Entry has not ended" in text
    assert "13 / 25" in text


def test_the_results_page_stays_within_its_queries(as_mande, world, version, django_assert_max_num_queries):
    row = making.answered(world, version, ["agree"] * 3)
    as_mande.get(f"/surveys/{row.pk}/")
    with django_assert_max_num_queries(12):
        as_mande.get(f"/surveys/{row.pk}/")
    with django_assert_max_num_queries(12):
        as_mande.get(f"/surveys/{row.pk}/enter/")


def test_whoever_lacks_raw_figures_sees_no_small_group(client, world, version):
    row = making.answered(world, version, ["agree"] * 9 + ["disagree"])
    officer = factories.member(Role.COMMUNITY_OFFICER, program=world.project.program)
    client.force_login(officer)
    text = words(client.get(f"/surveys/{row.pk}/"))
    assert "Small numbers of people are hidden here." in text
    assert "9 / 10" not in text
    client.force_login(world.mande)
    assert "9 / 10" in words(client.get(f"/surveys/{row.pk}/"))


def test_two_key_informants_are_hidden_from_everybody(as_mande, world, version):
    row = making.answered(world, version, ["agree"] * 2, subject="community", method="key_informants")
    text = words(as_mande.get(f"/surveys/{row.pk}/"))
    assert "75.00" not in text
    rounds.respond(row, answers=dict.fromkeys(("T1", "T2", "T3", "S1", "S2", "S3"), "agree"), by=world.mande)
    assert "75.00" in words(as_mande.get(f"/surveys/{row.pk}/"))


def test_two_rounds_of_a_version_are_compared_with_attrition_and_others_are_not(as_mande, world, version):
    first = making.answered(world, version, ["disagree"] * 12 + ["agree"] * 3)
    second = making.answered(world, version, ["agree"] * 12, stage="endline", held_on=date(2026, 9, 1))
    text = words(as_mande.get(f"/surveys/{first.pk}/compare/?with={second.pk}"))
    assert "+40.00" in text
    assert "Clear change" in text
    assert "3 fewer" in text
    other = making.answered(world, making.loaded(making.small(version={"version": "2"})), ["agree"], held_on=date(2026, 9, 2))
    text = words(as_mande.get(f"/surveys/{first.pk}/compare/?with={other.pk}"))
    assert "Not comparable" in text
    assert as_mande.get(f"/surveys/{first.pk}/compare/?with=nonsense").status_code == 404


def test_a_capacity_round_shows_what_each_level_looks_like_and_takes_evidence(as_mande, world):
    row = making.capacity(world, making.shipped("police-capacity"))
    text = words(as_mande.get(f"/surveys/{row.pk}/enter/"))
    assert "A complaint book is kept in most posts" in text
    answer = as_mande.post(f"/surveys/{row.pk}/enter/", {"K01": "3", "evidence_K01": "Book seen in two posts"})
    assert answer.headers["Location"] == f"/surveys/{row.pk}/"
    assert row.responses.get().answers.get().evidence == "Book seen in two posts"


def test_the_printed_form_is_blank_and_runs_right_to_left_in_arabic(as_mande):
    version = making.shipped("social-cohesion")
    text = words(as_mande.get(f"/instruments/{version.pk}/form/?language=ar"))
    assert 'dir="rtl" lang="ar"' in text
    assert "أثق بالشرطة." in text
    assert "<input" not in text.split("sv-paper")[1].split("</ol>")[0]
    assert "Adaptation" in text


def test_an_administrator_loads_supplies_text_and_puts_in_force(client):
    client.force_login(making.administrator())
    client.post("/instruments/load-shipped/")
    version = InstrumentVersion.objects.get(instrument__code="washington-group-short-set")
    assert "official wording is not given" in words(client.get(f"/instruments/{version.pk}/"))
    texts = {f"WG{n}": f"Official question {n}" for n in range(1, 7)}
    assert client.post(f"/instruments/{version.pk}/text/", {"language": "en", "citation": "WG, 2020", **texts}).status_code == 303
    client.post(f"/instruments/{version.pk}/act/activate/")
    version.refresh_from_db()
    assert version.status == "active"


def test_a_sustainable_development_indicator_counts_once_an_administrator_gave_the_official_words(client, world):
    """From the shipped file without wording, by page, to the figure in the partner's draft."""
    client.force_login(making.administrator())
    client.post("/instruments/load-shipped/")
    version = InstrumentVersion.objects.get(instrument__code="sdg-16-1-4")
    client.post(f"/instruments/{version.pk}/act/activate/")
    version.refresh_from_db()
    assert version.status == "draft", "not without the official words"
    texts = {item.code: f"Official question {item.code}" for item in version.items.all()}
    client.post(f"/instruments/{version.pk}/text/", {"language": "en", "citation": "UNSD metadata", **texts})
    client.post(f"/instruments/{version.pk}/act/activate/")
    version.refresh_from_db()
    assert version.status == "active"
    row = next(one for one in shipped_library.definitions() if one["code"] == "SDG-16.1.4")
    rules = {name: row[name] for name in ("measure", "over_time", "across", "counting", "per", "computed_by") if row.get(name) is not None}
    bound = world.indicator(factories.definition("SDG-16.1.4", **rules))
    world.open()
    held = making.opened(world, version, held_on=world.period.starts_on)
    client.force_login(world.mande)
    for answer in ("very_safe", "fairly_safe", "bit_unsafe"):
        assert client.post(f"/surveys/{held.pk}/enter/", {"S01": answer}).status_code == 303
    rounds.close(held, by=world.mande)
    expected = ExpectedReport.objects.get(project=world.project, partner=world.partner, period=world.period)
    assert prefill.refresh(expected) == [], "an unapproved round says nothing"
    rounds.approve(held, by=world.manager)
    (counted,) = [one for one in prefill.count(expected) if one.indicator == bound]
    assert (counted.cells[""].numerator, counted.cells[""].denominator) == (2, 3)
    prefill.refresh(expected)
    figure = Figure.objects.get(indicator=bound, disaggregation__key="")
    assert (figure.numerator, figure.denominator, figure.source) == (2, 3, "records")


def test_a_file_with_a_mistake_is_refused_with_where_it_is(client):
    client.force_login(making.administrator())
    upload = BytesIO(b'{"code": "x"}')
    upload.name = "x.json"
    answer = client.post("/instruments/load/", {"upload": upload})
    assert answer.status_code == 422
    assert not InstrumentVersion.objects.exists()
