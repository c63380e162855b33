import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from kombu.exceptions import OperationalError

from accounts.models import AuditEvent
from accounts.roles import Role
from reporting import donor_report, report_files
from reporting.models import DonorReport
from tests import factories
from tests.reporting.reported import Reported

pytestmark = pytest.mark.django_db


@pytest.fixture
def reported():
    made = Reported()
    made.quarter(0, 100, 30, 100, women=60)
    made.quarter(1, 50, 45, 90, women=30)
    return made


@pytest.fixture
def report(reported):
    return reported.written()


@pytest.fixture
def sent(reported, report):
    donor_report.sign_off(report, by=reported.signer, content_hash=report.content_hash)
    report_files.keep_final(report, content=b"%PDF-1.7\n%final\n", name="final.pdf", by=reported.mande)
    return donor_report.send(report, by=reported.signer)


def see(client, person, name, *args, **query):
    client.force_login(person)
    return client.get(reverse(name, args=args), query)


def do(client, person, name, *args, **data):
    client.force_login(person)
    return client.post(reverse(name, args=args), data)


def test_the_list_names_the_report_and_what_is_owed(client, reported):
    page = see(client, reported.mande, "donor_reports").content.decode()
    assert reverse("donor_report_start", args=[reported.requirement.pk]) in page

    reported.started()
    page = see(client, reported.mande, "donor_reports").content.decode()
    assert "PBF-SSD-07" in page
    assert reverse("donor_report_start", args=[reported.requirement.pk]) not in page


def test_a_report_is_started_from_its_requirement(client, reported):
    answer = do(client, reported.mande, "donor_report_start", reported.requirement.pk, through="2026-06-30", language="fr")

    report = DonorReport.objects.get()
    assert answer.url == reverse("donor_report", args=[report.pk])
    assert report.language == "fr"


def test_the_page_shows_the_numbers_with_links_to_what_stands_behind(client, reported, report):
    page = see(client, reported.mande, "donor_report", report.pk, section="outcome-1").content.decode()

    assert reverse("donor_report_figure", args=[report.pk, "LIV-2"]) in page
    assert "150" in page
    assert "Floods closed the road to Leer." in page
    assert report.content_hash[:4] in page


def test_every_part_of_the_preview_can_be_opened(client, reported, report):
    for section in ["cover", "coverage", *report.sections.values_list("key", flat=True)]:
        answer = see(client, reported.mande, "donor_report", report.pk, section=section)
        assert answer.status_code == 200
        assert 'aria-current="true"' in answer.content.decode()


def test_a_number_opens_the_submissions_behind_it(client, reported, report):
    page = see(client, reported.mande, "donor_report_figure", report.pk, "LIV-2").content.decode()

    assert page.count("PPS-01") >= 2
    assert "2026-Q1" in page
    assert "2026-Q2" in page
    assert AuditEvent.objects.filter(event="donor_report.figure_traced").count() == 1


def test_a_part_is_written_on_its_page_and_a_stale_text_is_shown_beside_ones_own(client, reported, report):
    version = report.edit_version
    answer = do(client, reported.mande, "donor_report_section", report.pk, "risks", text="Roads are open.", edit_version=version)
    assert answer.status_code == 302

    answer = do(client, reported.mande, "donor_report_section", report.pk, "risks", text="Roads are closed.", edit_version=version)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Roads are open." in page
    assert "Roads are closed." in page


def test_the_second_person_signs_off_from_the_page_and_the_first_sees_no_button(client, reported, report):
    address = reverse("donor_report_act", args=[report.pk, "sign-off"])
    assert address not in see(client, reported.mande, "donor_report", report.pk).content.decode()
    assert address in see(client, reported.signer, "donor_report", report.pk).content.decode()

    do(client, reported.signer, "donor_report_act", report.pk, "sign-off", content_hash=report.content_hash)
    report.refresh_from_db()
    assert report.signed_off_by == reported.signer


def test_a_refused_act_says_why_on_the_page(client, reported, report):
    client.force_login(reported.signer)
    answer = client.post(reverse("donor_report_act", args=[report.pk, "sign-off"]), {"content_hash": "0" * 64}, follow=True)

    assert "read it again, then sign" in answer.content.decode()


def test_the_road_from_sign_off_to_acceptance_goes_by_pages(client, reported, report):
    do(client, reported.signer, "donor_report_act", report.pk, "sign-off", content_hash=report.content_hash)
    upload = SimpleUploadedFile("final.pdf", b"%PDF-1.7\n%final\n", content_type="application/pdf")
    assert do(client, reported.mande, "donor_report_final", report.pk, file=upload).status_code == 302
    do(client, reported.signer, "donor_report_act", report.pk, "send")
    do(client, reported.mande, "donor_report_comments", report.pk, text="Please explain Leer.")
    do(client, reported.signer, "donor_report_act", report.pk, "accepted")

    report.refresh_from_db()
    assert report.state == DonorReport.State.ACCEPTED
    assert report.donor_comments == "Please explain Leer."


def test_a_file_is_asked_for_built_by_a_task_and_downloaded_as_an_attachment(client, reported, report, monkeypatch):
    monkeypatch.setattr("reporting.tasks.build_report_file.delay", lambda key: None)
    do(client, reported.mande, "donor_report_ask_for_file", report.pk, "xlsx")
    row = report.files.get()
    assert row.built_at is None
    report_files.build_waiting()

    answer = see(client, reported.mande, "donor_report_file", report.pk, row.pk)
    assert answer["Content-Disposition"].startswith("attachment")
    assert b"".join(answer.streaming_content)[:2] == b"PK"


def test_a_file_asked_for_while_the_broker_is_away_is_built_by_the_sweep(
    client, reported, report, monkeypatch, django_capture_on_commit_callbacks
):
    def refuse(key):
        raise OperationalError("connection refused")

    monkeypatch.setattr("reporting.tasks.build_report_file.delay", refuse)
    with django_capture_on_commit_callbacks(execute=True):
        assert do(client, reported.mande, "donor_report_ask_for_file", report.pk, "xlsx").status_code == 302
    report_files.build_waiting()
    assert report.files.get().built_at


def test_a_donor_viewer_reads_what_was_sent_and_how_a_number_is_made_but_neither_traces_nor_edits(client, reported, sent):
    viewer = factories.member(Role.DONOR_VIEWER, organization=reported.donor)

    page = see(client, viewer, "donor_report", sent.pk, section="outcome-1").content.decode()
    assert "150" in page
    assert reverse("grant", args=[reported.grant.pk]) not in page
    assert reverse("donor_report_figure", args=[sent.pk, "LIV-2"]) in page
    made = see(client, viewer, "donor_report_figure", sent.pk, "LIV-2").content.decode()
    assert "How 150" in made
    assert reported.world.partner.name not in made
    assert not AuditEvent.objects.filter(event="donor_report.figure_traced").exists()
    assert see(client, viewer, "donor_report_section", sent.pk, "risks").status_code == 404
    assert see(client, viewer, "donor_report_file", sent.pk, sent.files.get(kind="final").pk).status_code == 200
    assert see(client, viewer, "grant", reported.grant.pk).status_code == 404
    assert "PBF-SSD-07" not in see(client, viewer, "grants").content.decode()


def test_a_donor_viewer_gets_no_file_of_a_text_before_its_sign_off(client, reported, report):
    early = report_files.ask_for(report, kind="pdf", by=reported.mande)
    report_files.build(early)
    donor_report.sign_off(report, by=reported.signer, content_hash=report.content_hash)
    signed = report_files.ask_for(report, kind="docx", by=reported.mande)
    report_files.build(signed)
    report_files.keep_final(report, content=b"%PDF-1.7\n%final\n", name="final.pdf", by=reported.mande)
    donor_report.send(report, by=reported.signer)
    viewer = factories.member(Role.DONOR_VIEWER, organization=reported.donor)

    open_to = {
        person: [see(client, person, "donor_report_file", report.pk, row.pk).status_code for row in (early, signed)]
        for person in (viewer, reported.mande)
    }

    assert open_to == {viewer: [404, 200], reported.mande: [200, 200]}
    page = see(client, viewer, "donor_report", report.pk).content.decode()
    assert reverse("donor_report_file", args=[report.pk, signed.pk]) in page
    assert reverse("donor_report_file", args=[report.pk, early.pk]) not in page


def test_strangers_get_the_same_answer_as_for_a_report_that_does_not_exist(client, reported, report):
    for person in (
        factories.member(Role.PROGRAM_MANAGER, program=factories.project().program),
        factories.member(Role.DONOR_VIEWER, organization=factories.donor()),
        reported.world.reporter,
    ):
        for name, args in (
            ("donor_report", ()),
            ("donor_report_figure", ("LIV-2",)),
            ("donor_report_section", ("risks",)),
            ("donor_report_final", ()),
            ("donor_report_new_version", ()),
        ):
            assert see(client, person, name, report.pk, *args).status_code == 404
        assert do(client, person, "donor_report_act", report.pk, "freeze").status_code == 404
        assert see(client, person, "donor_report", 999999).status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_at_one_row_and_at_three(client, reported, django_assert_num_queries, count):
    for number in range(count):
        donor_report.start(reported.requirement, by=reported.mande, why="again" if number else "")
    client.force_login(reported.mande)

    with django_assert_num_queries(6):
        client.get(reverse("donor_reports"))


def test_the_report_page_stays_within_twelve_queries(client, reported, report, django_assert_max_num_queries):
    client.force_login(reported.signer)

    with django_assert_max_num_queries(12):
        client.get(reverse("donor_report", args=[report.pk]), {"section": "outcome-1"})


def test_a_chart_gives_the_browser_plain_numbers_in_every_language(client, reported):
    reported.quarter(2, 80, 55, 95, women=50)
    reported.requirement.covers_through = reported.world.periods[2].ends_on
    report = reported.written()
    client.cookies["django_language"] = "ar"
    page = see(client, reported.mande, "donor_report", report.pk, section="outcome-1").content.decode()

    values = re.findall(r'data-value="([^"]*)"', page)
    assert "230" in values
    assert all(re.fullmatch(r"-?\d+(\.\d+)?", value) for value in values)
