"""The pages of the institutional level: what they say, to whom, in how many queries."""

from __future__ import annotations

import pytest

from institutions import due_diligence, profiles, reform
from institutions.models import HrddpAssessment, Institution, SupportDetail
from programs.models import ActivityRecord, SupportClearance
from tests.institutions.making import INFORMATION, cleared, prepared, soon, trained
from tests.institutions.test_support import radios
from tests.programs.test_gates import support_line

LISTS = {"/institutions/": 6, "/support-checks/": 5, "/reform-steps/": 5, "/due-diligence/": 5}


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("address", LISTS)
def test_lists_ask_the_same_few_times(visitor, post, address, rows, django_assert_num_queries):
    for number in range(rows):
        name = f"Post {number}"
        row = profiles.record(
            project=post.project, kind="police_station", place=post.place, name=name, by=post.officer, parent=post.station
        )
        trained(post, institution=row, happened_on=soon(-number))
        prepared(post, support=f"Training {number}")
        reform.begin(institution=row, project=post.project, kind="law", title="Police law", by=post.officer)
    client = visitor("officer")
    client.get("/account/")
    with django_assert_num_queries(LISTS[address]):
        assert client.get(address).status_code == 200


@pytest.mark.parametrize("rows", [1, 3])
def test_the_page_of_an_institution_asks_the_same_few_times(visitor, post, rows, django_assert_num_queries):
    for number in range(rows):
        trained(post, happened_on=soon(-20 - number))
        radios(post, happened_on=soon(-20 - number), handed_over_on=soon(-5), handed_over_to="Commander")
        row = reform.begin(institution=post.station, project=post.project, kind="law", title=f"Law {number}", by=post.officer)
        reform.reach(row, stage=1, reached_on=soon(-9), evidence="Draft", by=post.officer)
        support_line(post, code=f"3.{number}")
        prepared(post)
    client = visitor("officer")
    client.get("/institutions/")
    client.get(f"/institutions/{post.station.pk}/")  # the practice values are in the cache from now on
    with django_assert_num_queries(12):
        assert client.get(f"/institutions/{post.station.pk}/").status_code == 200


def test_the_page_says_first_that_support_is_not_cleared(visitor, post):
    trained(post)
    support_line(post, title="Police meetings")
    text = visitor("manager").get(f"/institutions/{post.station.pk}/").content.decode()
    assert "Support is not cleared" in text
    assert "1 support happened without clearance." in text
    assert "Police meetings" in text
    assert "/due-diligence/" not in text


def test_the_page_says_until_when_and_what_stops(visitor, post):
    cleared(post, valid_until=soon(12))
    line = support_line(post, title="Police meetings")
    from programs import workplan

    workplan.move(line, to="planned", by=post.manager)
    text = visitor("manager").get(f"/institutions/{post.station.pk}/").content.decode()
    assert "Support is cleared; the decision ends in 12 days" in text
    assert "Stops when it ends" in text
    assert "Police meetings" in text
    for secret in INFORMATION.values():
        assert secret not in text


def test_the_list_shows_who_was_supported_without_clearance_and_filters(visitor, post):
    trained(post)
    client = visitor("manager")
    assert "Malakal Police" in client.get("/institutions/?support=flagged").content.decode()
    assert "Malakal Police" not in client.get("/institutions/?support=yes").content.decode().split('id="list"')[1]
    rows = b"".join(client.get("/institutions/?export=csv").streaming_content).decode().splitlines()
    assert "Malakal Police" in rows[1]
    assert rows[1].endswith(",1") or ",1" in rows[1]
    assert "Malakal Police" not in visitor("stranger").get("/institutions/").content.decode()


def test_a_stranger_finds_no_institution(visitor, post):
    client = visitor("stranger")
    for path in ("", "change/", "staff/", "support/new/", "due-diligence/new/", "reform-steps/new/"):
        assert client.get(f"/institutions/{post.station.pk}/{path}").status_code == 404
    client = visitor("reporter")
    assert client.get(f"/institutions/{post.station.pk}/").status_code == 200
    assert client.get(f"/institutions/{post.station.pk}/change/").status_code == 403


def test_an_institution_is_recorded_and_corrected_on_its_pages(visitor, post):
    client = visitor("officer")
    given = {"name": "Renk Court", "kind": "justice", "place": "Renk", "partner": post.partner.pk, "posts": "2", "note": ""}
    assert client.post("/institutions/new/", {**given, "name": ""}).status_code == 422
    assert client.post("/institutions/new/?project=DIA-01", given).status_code == 303
    row = Institution.objects.get(organization__name="Renk Court")
    assert client.post(f"/institutions/{row.pk}/change/", {"kind": "justice", "place": "Renk", "posts": "3"}).status_code == 303
    staff = {"counted_on": soon(-1), "total": "40", "source": "List", "cell_junior_female": "9", "cell_junior_male": "41"}
    assert client.post(f"/institutions/{row.pk}/staff/", staff).status_code == 422
    assert client.post(f"/institutions/{row.pk}/staff/", {**staff, "cell_junior_male": "20"}).status_code == 303
    assert "40 staff, 9 of them women" in client.get(f"/institutions/{row.pk}/").content.decode()


def test_support_is_recorded_on_one_page_with_its_people(visitor, post):
    client = visitor("officer")
    page = client.get(f"/institutions/{post.station.pk}/support/new/").content.decode()
    assert "flagged" in page
    given = {
        "kind": "training", "title": "Community policing I", "happened_on": soon(-1), "place": "Renk", "people": "12",
        "cell_junior_female": "4", "cell_middle_male": "0", "test_before": "48", "test_after": "71.5", "tested": "11",
    }  # fmt: skip
    address = f"/institutions/{post.station.pk}/support/new/"
    assert client.post(address, {**given, "people": "3"}).status_code == 422
    assert client.post(address, given).status_code == 303
    row = SupportDetail.objects.get()
    assert dict(row.activity.attendance.values_list("disaggregation__key", "number")) == {
        "rank=junior|sex=female": 4,
        "rank=middle|sex=male": 0,
    }
    shown = client.get(f"/institutions/{post.station.pk}/").content.decode()
    assert "Community policing I" in shown
    assert "Without clearance" in shown
    check = row.checks.get()
    found = {"checked_on": soon(0), "looked_at": "10", "in_use": "8", "not_reached": "2", "findings": "Used on patrol"}
    assert client.post(f"/support-checks/{check.pk}/", {**found, "in_use": "11"}).status_code == 422
    assert client.post(f"/support-checks/{check.pk}/", found).status_code == 303
    assert "Used on patrol" in client.get("/support-checks/").content.decode()


def test_small_trainings_are_hidden_from_a_reader_without_raw_figures(visitor, post):
    trained(post, people=40, cells={"rank=junior|sex=female": 2, "rank=junior|sex=male": 38})
    assert ">2<" in visitor("officer").get(f"/institutions/{post.station.pk}/").content.decode().replace("\n", "")
    text = visitor("decider").get(f"/institutions/{post.station.pk}/").content.decode().replace("\n", "")
    assert ">2<" not in text
    assert ">38<" not in text


def test_an_assessment_goes_from_begun_to_decided_on_its_pages(visitor, post):
    client = visitor("officer")
    given = {
        "project": post.project.pk, "support": "Training", "support_kind": "training", "scope": "in", "scope_reason": "Capability",
        "likelihood": "2", "severity": "3", **INFORMATION,
    }  # fmt: skip
    address = f"/institutions/{post.station.pk}/due-diligence/new/"
    assert client.post(address, {**given, "scope_reason": ""}).status_code == 422
    assert client.post(address, given).status_code == 303
    row = HrddpAssessment.objects.get()
    own = f"/due-diligence/{row.pk}/"
    assert client.post(own + "measures/new/", {"text": "Screen", "owner": post.reporter.pk, "due_on": soon()}).status_code == 303
    assert client.post(own + "decide/", {"decision": "proceed"}).status_code == 403
    assert client.post(own + "send/").status_code == 303
    assert "Take it back" in client.get(own).content.decode()
    client = visitor("decider")
    assert "Decide" in client.get(own).content.decode()
    given = {"decision": "proceed_with_mitigation", "reason": "Ok", "conditions": "Screened", "valid_until": soon(800)}
    assert client.post(own + "decide/", given).status_code == 422
    assert client.post(own + "decide/", {**given, "valid_until": soon(90)}).status_code == 303
    assert SupportClearance.objects.get().conditions == "Screened"
    client = visitor("officer")
    assert client.post(own + "log/new/", {"kind": "allegation", "happened_on": soon(0), "text": "Beating"}).status_code == 303
    assert "A grave allegation came in" in client.get(own).content.decode()
    assert client.get(f"/institutions/{post.station.pk}/due-diligence/new/?renews={row.pk}").status_code == 200
    assert client.get(f"/institutions/{post.station.pk}/due-diligence/new/?renews=nothing").status_code == 404


def test_a_reform_step_is_recorded_and_moved_on_its_pages(visitor, post):
    client = visitor("officer")
    given = {"project": post.project.pk, "kind": "truth", "title": "Truth commission", "summary": ""}
    assert client.post(f"/institutions/{post.station.pk}/reform-steps/new/", given).status_code == 303
    row = post.station.reform_steps.get()
    stage = {"stage": "2", "reached_on": soon(-5), "evidence": "Minutes"}
    assert client.post(f"/reform-steps/{row.pk}/stages/new/", stage).status_code == 422
    assert client.post(f"/reform-steps/{row.pk}/stages/new/", {**stage, "women_consulted": "14", "men_consulted": "20"}).status_code == 303
    assert "victims consulted: 14 women, 20 men" in client.get(f"/institutions/{post.station.pk}/").content.decode()
    assert "Consulted" in client.get("/reform-steps/?stage=2").content.decode()
    assert client.post(f"/reform-steps/{row.pk}/", {"kind": "truth", "title": "Truth body"}).status_code == 303


def test_uncleared_support_is_cured_by_the_decision_and_leaves_the_page(visitor, post):
    trained(post)
    row = due_diligence.send(prepared(post), by=post.officer)
    due_diligence.decide(row, decision="proceed", reason="Ok", valid_until=soon(), by=post.decider)
    assert not ActivityRecord.objects.without_clearance().exists()
    text = visitor("manager").get(f"/institutions/{post.station.pk}/").content.decode()
    assert "happened without clearance" not in text
    assert "Cleared later" in text
