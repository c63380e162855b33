"""The pages on which a partner reports and a reviewer decides."""

import json
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.roles import Role
from programs import framework
from reporting import checks, drafts, submissions
from reporting.drafts import FigureInput
from reporting.models import Attachment, Figure, Submission
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    made = factories.world()
    made.row = made.indicator(factories.definition("DDR-6", title="Participants with an active plan"))
    made.open()
    return made


def url(world, name="report", *more):
    return reverse(name, args=[world.project.code, world.period.code, world.partner.pk, *more])


def field(world, row=None, cell=""):
    return f"f:{(row or world.row).pk}:{world.place.pk}:{cell}"


def submitted(world, value="12"):
    submission = drafts.start(world.project, world.partner, world.period, by=world.reporter)
    drafts.write_figures(submission, [FigureInput(world.row.code, world.place.code, value=value)], by=world.reporter)
    return submissions.submit(submission, by=world.reporter)


def test_the_entry_page_shows_only_what_is_assigned(world, client):
    other = world.indicator(factories.definition("NOT-MINE"), assigned=False)
    client.force_login(world.reporter)
    page = client.get(url(world)).content.decode()
    assert "Participants with an active plan" in page
    assert other.code not in page


def test_entry_and_review_lead_to_the_definition_of_each_number(world, client):
    definition = reverse("definition", args=[world.row.definition_id])
    client.force_login(world.reporter)
    assert f'href="{definition}"' in client.get(url(world)).content.decode()
    assert client.get(definition).status_code == 200
    submitted(world)
    client.force_login(world.mande)
    assert f'href="{definition}"' in client.get(url(world, "review")).content.decode()


def test_looking_at_the_entry_page_opens_no_draft(world, client):
    client.force_login(world.reporter)
    client.get(url(world))
    assert not Submission.objects.exists()


def test_shipped_categories_and_answers_are_said_in_the_readers_language_and_those_of_people_as_they_wrote_them(world, client, french):
    french({"Women": "Femmes", "Men": "Hommes", "Drafted": "Rédigée"})
    sex = factories.dimension("sex", "female", "male")
    sex.categories.filter(code="female").update(name="Women")
    sex.categories.filter(code="male").update(name="Men and boys")
    world.indicator(factories.definition("SPLIT", breakdowns=(("sex",),)))
    stages = factories.definition("STAGE", measure="ordinal", across="not_computable")
    stages.options.create(code="drafted", label="Drafted")
    world.indicator(stages)
    world.reporter.language = "fr"
    world.reporter.save()
    client.force_login(world.reporter)
    page = client.get(url(world)).content.decode()
    assert "Femmes" in page
    assert "Men and boys" in page
    assert "Hommes" not in page
    assert '<option value="drafted">Rédigée</option>' in page
    client.force_login(world.manager)
    assert "Women" in client.get(url(world)).content.decode()


@pytest.mark.parametrize("rows", [1, 3, 25])
def test_the_entry_page_asks_twelve_questions_however_long_it_is(world, client, django_assert_num_queries, rows):
    factories.dimension("sex", "female", "male", "unknown")
    for number in range(rows - 1):
        world.indicator(factories.definition(f"MORE-{number}", breakdowns=(("sex",),)))
    submission = drafts.start(world.project, world.partner, world.period, by=world.reporter)
    drafts.write_figures(submission, [FigureInput(world.row.code, world.place.code, value="3")], by=world.reporter)
    client.force_login(world.reporter)
    with django_assert_num_queries(12):
        client.get(url(world))


def test_a_typed_figure_is_saved_by_the_script_and_answers_with_the_new_version(world, client):
    client.force_login(world.reporter)
    answer = client.post(url(world, "report_save"), {field(world): "1 118", "version": "0"}, headers={"Accept": "application/json"})
    assert answer.status_code == 200
    assert json.loads(answer.content)["version"] == 2
    assert Figure.objects.get().value == Decimal(1118)


def test_what_is_not_a_number_is_said_beside_its_field_and_nothing_is_saved(world, client):
    client.force_login(world.reporter)
    answer = client.post(url(world, "report_save"), {field(world): "a lot"}, headers={"Accept": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["problems"][0]["name"] == field(world)
    assert not Figure.objects.exists()


def test_the_second_of_two_people_on_one_draft_is_shown_both_versions(world, client):
    submission = drafts.start(world.project, world.partner, world.period, by=world.reporter)
    seen = submission.draft_version
    drafts.write_figures(submission, [FigureInput(world.row.code, world.place.code, value="7")], by=world.reporter)
    client.force_login(factories.member(Role.PARTNER_REPORTER, organization=world.partner))
    data = {field(world): "9", "version": str(seen)}
    answer = client.post(url(world, "report_save"), data, headers={"Accept": "application/json"})
    assert answer.status_code == 412
    assert [(d["theirs"], d["mine"]) for d in answer.json()["differing"]] == [("7", "9")]
    page = client.post(url(world, "report_save"), data)
    assert page.status_code == 412
    assert "Both versions" in page.content.decode()
    assert Figure.objects.get().value == 7


def test_a_reason_stands_for_an_empty_figure_and_gives_way_to_a_number(world, client):
    client.force_login(world.reporter)
    reason = f"r:{world.row.pk}:{world.place.pk}"
    client.post(url(world, "report_save"), {field(world): "", reason: "access_denied"})
    assert Figure.objects.get().reason == "access_denied"
    client.post(url(world, "report_save"), {field(world): "0", reason: "access_denied"})
    figure = Figure.objects.get()
    assert (figure.value, figure.reason) == (Decimal(0), "")


def test_a_report_goes_from_the_page_to_acceptance(world, client):
    client.force_login(world.reporter)
    client.post(url(world, "report_save"), {field(world): "12"})
    client.post(url(world, "report_act", "submit"))
    assert Submission.objects.get().state == "submitted"
    client.force_login(world.mande)
    review = client.get(url(world, "review"))
    assert review.status_code == 200
    assert "You may accept" in review.content.decode()
    client.post(url(world, "review_act", "accept"))
    assert Figure.objects.counting().get().value == 12


def test_the_reviewer_returns_one_figure_with_words_the_partner_reads(world, client):
    submitted(world)
    client.force_login(world.mande)
    key = f"{world.row.pk}:{world.place.pk}"
    client.post(url(world, "review_act", "comment"), {"figure": key, "text": "Sheets show 31. Which is right?"})
    client.post(url(world, "review_act", "decide"), {"figure": key, "decision": "return"})
    client.post(url(world, "review_act", "return"))
    client.force_login(world.reporter)
    page = client.get(url(world)).content.decode()
    assert "Sheets show 31. Which is right?" in page


def test_one_period_is_held_against_its_own_target_but_not_against_that_of_the_whole_project(world, client):
    framework.set_target(world.row, by=world.manager, value=Decimal(48))
    submitted(world)
    client.force_login(world.mande)
    assert "25 %" not in client.get(url(world, "review")).content.decode().replace("\u00a0", " ")
    framework.set_target(world.row, by=world.manager, value=Decimal(48), period=world.period)
    assert "25 %" in client.get(url(world, "review")).content.decode().replace("\u00a0", " ")


def test_figures_keep_their_order_on_a_page_that_runs_from_the_right(world, client):
    share = world.indicator(factories.ratio("INS-2", title="Decisions acted on"))
    submission = drafts.start(world.project, world.partner, world.period, by=world.reporter)
    drafts.write_figures(
        submission,
        [
            FigureInput(world.row.code, world.place.code, value="12"),
            FigureInput(share.code, world.place.code, numerator="20", denominator="35"),
        ],
        by=world.reporter,
    )
    submissions.submit(submission, by=world.reporter)
    client.force_login(world.mande)
    assert '<bdi dir="ltr">20 / 35</bdi>' in client.get(url(world, "review")).content.decode().replace("\u00a0", " ")


@pytest.mark.parametrize(("days", "words"), [("1", "1 day late"), ("3", "3 days late")])
def test_a_late_report_says_by_how_much(world, days, words):
    assert checks.Flag("late", {"days": days}, world.row, world.place).message == words


def test_an_internal_comment_never_reaches_the_partner(world, client):
    submission = submitted(world)
    submissions.comment(submission, indicator=world.row, place=world.place, text="I doubt this partner.", by=world.mande, internal=True)
    submissions.return_for_revision(submission, by=world.mande, note="Please check.")
    client.force_login(world.reporter)
    for name in ("report", "report_check", "report_history"):
        assert "I doubt this partner." not in client.get(url(world, name)).content.decode()


def test_a_figure_that_went_back_is_marked_for_the_partner(world, client):
    submission = submitted(world)
    submissions.decide(submission, indicator=world.row, place=world.place, decision="return", by=world.mande)
    submissions.return_for_revision(submission, by=world.mande, note="Please check.")
    client.force_login(world.reporter)
    page = client.get(url(world, "report")).content.decode()
    assert f'<tr class="bad" data-row="{world.row.pk}:{world.place.pk}"' in page
    assert "Returned: the note above says what to correct." in page


def test_who_accepts_with_a_hold_reads_what_the_partner_has_back(world, client):
    submission = submitted(world)
    submissions.decide(submission, indicator=world.row, place=world.place, decision="hold", by=world.mande)
    client.force_login(world.mande)
    page = client.post(url(world, "review_act", "accept"), follow=True).content.decode()
    assert f"without {world.row.code}: the partner can correct and send it again." in page


@pytest.mark.parametrize("rows", [1, 3])
def test_the_review_page_asks_the_same_questions_however_long_it_is(world, client, django_assert_num_queries, rows):
    figures = [FigureInput(world.row.code, world.place.code, value="3")]
    for number in range(rows - 1):
        more = world.indicator(factories.definition(f"MORE-{number}"))
        figures.append(FigureInput(more.code, world.place.code, value="4"))
    submission = drafts.start(world.project, world.partner, world.period, by=world.reporter)
    drafts.write_figures(submission, figures, by=world.reporter)
    submissions.submit(submission, by=world.reporter)
    client.force_login(world.mande)
    with django_assert_num_queries(12):
        client.get(url(world, "review"))


@pytest.mark.parametrize(
    "name", ["report", "report_check", "report_narrative", "report_spending", "report_attachments", "report_history", "review"]
)
def test_another_partners_report_is_not_found_like_one_that_does_not_exist(world, client, name):
    submitted(world)
    client.force_login(factories.member(Role.PARTNER_REPORTER, organization=factories.partner()))
    foreign = client.get(url(world, name))
    missing = client.get(reverse(name, args=["NOPE", world.period.code, world.partner.pk]))
    assert (foreign.status_code, missing.status_code) == (404, 404)


@pytest.mark.parametrize(
    "name", ["report_check", "report_narrative", "report_spending", "report_attachments", "report_history", "report_checklist"]
)
def test_every_tab_opens_before_and_after_the_first_figure(world, client, name):
    client.force_login(world.reporter)
    assert client.get(url(world, name)).status_code == 200
    submitted(world)
    assert client.get(url(world, name)).status_code == 200


def test_every_thing_to_solve_leads_to_the_field_or_cell_that_blocks(world, client):
    question = world.project.narrative_questions.create(heading="What changed?", is_required=True)
    other = world.indicator(factories.definition("EMPTY-1"))
    submission = drafts.start(world.project, world.partner, world.period, by=world.reporter)
    drafts.write_figures(submission, [FigureInput(world.row.code, world.place.code, value="12")], by=world.reporter)
    client.force_login(world.reporter)
    cell, answer = f"c{other.pk}-{world.place.pk}", f"id_q{question.pk}"
    for name in ("report_checklist", "report_check"):
        page = client.get(url(world, name)).content.decode()
        assert f'href="{url(world)}#{cell}"' in page
        assert f'href="{url(world, "report_narrative")}#{answer}"' in page
    assert f'id="{cell}"' in client.get(url(world)).content.decode()
    assert f'id="{answer}"' in client.get(url(world, "report_narrative")).content.decode()


def test_an_unusual_figure_without_a_reason_leads_to_its_sentence(world, client):
    submissions.accept(submitted(world, "12"), by=world.mande)
    later = world.open(1)
    submission = drafts.start(world.project, world.partner, later, by=world.reporter)
    drafts.write_figures(submission, [FigureInput(world.row.code, world.place.code, value="0")], by=world.reporter)
    (block,) = [one for one in checks.check(submission).blocks if one.code == "flag"]
    client.force_login(world.reporter)
    where, sentence = [world.project.code, later.code, world.partner.pk], f"s{world.row.pk}-{world.place.pk}-{block.key}"
    page = reverse("report_check", args=where)
    assert f'href="{page}#{sentence}"' in client.get(reverse("report_checklist", args=where)).content.decode()
    assert f'id="{sentence}"' in client.get(page).content.decode()


def test_an_attached_sheet_with_names_is_encrypted_and_opening_it_leaves_an_event(world, client, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    client.force_login(world.reporter)
    upload = SimpleUploadedFile("sheet.csv", b"name,present\nAchol Deng,yes\n", content_type="text/csv")
    client.post(url(world, "report_attachments"), {"file": upload, "title": "Sheet", "holds_names": "on"})
    row = Attachment.objects.get()
    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert row.key_id != ""
    assert b"Achol" not in stored
    opened = client.get(reverse("attachment", args=[row.pk]))
    assert b"Achol" in b"".join(opened.streaming_content)
    assert opened["Content-Disposition"].startswith("attachment")
    stranger = factories.member(Role.PARTNER_REPORTER, organization=factories.partner())
    client.force_login(stranger)
    assert client.get(reverse("attachment", args=[row.pk])).status_code == 404


def test_accepted_figures_are_reopened_from_the_page(world, client):
    submissions.accept(submitted(world), by=world.mande)
    client.force_login(world.manager)
    client.post(url(world, "review_reopen"), {"indicators": [str(world.row.pk)], "reason": "Double sheet."})
    assert Submission.objects.open().get().revision == 2


def test_the_review_list_shows_what_waits_and_only_within_ones_scope(world, client):
    submitted(world)
    client.force_login(world.mande)
    assert world.project.code in client.get(reverse("review_list")).content.decode()
    client.force_login(factories.member(Role.MANDE_OFFICER, program=factories.project().program))
    assert world.project.code not in client.get(reverse("review_list")).content.decode()


def test_the_reviewer_reads_each_flag_with_the_reporters_sentence_as_they_stood_when_sent(world, client):
    submissions.accept(submitted(world, "40"), by=world.mande)
    later = world.open(1)
    submission = drafts.start(world.project, world.partner, later, by=world.reporter)
    drafts.write_figures(submission, [FigureInput(world.row.code, world.place.code, value="0")], by=world.reporter)
    sentence = "The road was closed all quarter."
    submissions.explain(submission, indicator=world.row, place=world.place, flag="zero", sentence=sentence, by=world.reporter)
    submissions.submit(submission, by=world.reporter)
    client.force_login(world.mande)
    address = reverse("review", args=[world.project.code, later.code, world.partner.pk])
    page = client.get(address).content.decode()
    assert "zero after 40" in page
    assert sentence in page
    assert client.get(address + "?show=unexplained").context["review"].counts == {"all": 1, "flagged": 1, "unexplained": 0, "undecided": 1}
