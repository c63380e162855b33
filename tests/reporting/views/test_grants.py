import io
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from docx import Document

from accounts.roles import Role
from programs import grants
from programs.models import Expenditure, GrantProject
from reporting.models import WordTemplate
from tests import factories
from tests.reporting.reported import Reported

pytestmark = pytest.mark.django_db


@pytest.fixture
def reported():
    return Reported()


def spend(reported, period):
    return grants.spend(
        reported.grant,
        project=reported.project,
        partner=reported.world.partner,
        period=period,
        amount=Decimal("250.50"),
        by=reported.mande,
    )


def test_the_grant_shows_its_money_and_the_reports_it_owes(client, reported):
    client.force_login(reported.mande)
    page = client.get(reverse("grant", args=[reported.grant.pk])).content.decode()

    assert "USD\N{NO-BREAK SPACE}1,000" in page
    assert reverse("donor_report_start", args=[reported.requirement.pk]) in page


def test_spending_is_pasted_and_problems_come_back_with_the_text(client, reported):
    client.force_login(reported.mande)
    address = reverse("grant_spending", args=[reported.grant.pk])
    text = f"PPS-01\t{reported.world.partner.name}\t2026-Q1\t250.50"

    answer = client.post(address, {"text": text + "\nPPS-77\tX\t2026-Q1\t1"})
    assert answer.status_code == 422
    assert "line 2" in answer.content.decode()
    assert "PPS-77" in answer.content.decode()
    assert not Expenditure.objects.exists()

    assert client.post(address, {"text": text}).status_code == 302
    assert Expenditure.objects.count() == 1


def test_an_approved_amount_is_stated_and_replaced(client, reported):
    client.force_login(reported.world.manager)
    address = reverse("grant_approved", args=[reported.grant.pk])
    answer = client.post(address, {"project": reported.project.pk, "approved": "1200.50", "gender_share": "40"})

    assert answer.status_code == 302
    row = GrantProject.objects.get()
    assert (str(row.approved), row.gender_share) == ("1200.5", 40)


def test_a_stranger_and_a_donor_viewer_find_no_grant(client, reported):
    for person in (
        factories.member(Role.PROGRAM_MANAGER, program=factories.project().program),
        factories.member(Role.DONOR_VIEWER, organization=reported.donor),
    ):
        client.force_login(person)
        for name in ("grant", "grant_approved", "grant_spending"):
            assert client.get(reverse(name, args=[reported.grant.pk])).status_code == 404
        assert "PBF-SSD-07" not in client.get(reverse("grants")).content.decode()


def test_a_partner_reads_the_money_of_its_projects_but_does_not_enter_it(client, reported):
    client.force_login(reported.world.reporter)

    assert client.get(reverse("grant", args=[reported.grant.pk])).status_code == 200
    assert client.get(reverse("grant_spending", args=[reported.grant.pk])).status_code == 404
    assert client.post(reverse("grant_spending", args=[reported.grant.pk]), {"text": "x"}).status_code == 404


def test_a_word_template_is_kept_with_the_names_it_holds(client, reported):
    document = Document()
    document.add_paragraph("{{ title }}")
    out = io.BytesIO()
    document.save(out)
    client.force_login(reported.mande)
    answer = client.post(reverse("word_templates"), {"title": "PBF", "file": SimpleUploadedFile("pbf.docx", out.getvalue())}, follow=True)

    assert "title" in answer.content.decode()
    assert WordTemplate.objects.get().title == "PBF"


def test_something_else_than_a_word_file_is_refused_with_what_to_do(client, reported):
    client.force_login(reported.mande)
    answer = client.post(reverse("word_templates"), {"title": "PBF", "file": SimpleUploadedFile("pbf.docx", b"no zip")})

    assert answer.status_code == 422
    assert "not a Word document" in answer.content.decode()
    assert not WordTemplate.objects.exists()


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_of_grants_costs_the_same_at_one_row_and_at_three(client, reported, django_assert_num_queries, count):
    for number in range(1, count):
        grant = reported.grant
        grant.pk, grant.reference = None, f"PBF-{number}"
        grant._state.adding = True
        grant.save()
        GrantProject.objects.create(grant=grant, project=reported.project, approved=1)
    client.force_login(reported.mande)

    with django_assert_num_queries(4):
        client.get(reverse("grants"))


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_of_spending_costs_the_same_at_one_row_and_at_three(client, reported, django_assert_num_queries, count):
    for period in reported.world.periods[:count]:
        spend(reported, period)
    client.force_login(reported.mande)

    with django_assert_num_queries(6):
        page = client.get(reverse("spending"))
    assert page.content.decode().count("USD") == count


def test_spending_comes_as_a_file_with_its_currency_and_only_ones_own(client, reported):
    spend(reported, reported.world.period)
    client.force_login(reported.mande)
    text = b"".join(client.get(reverse("spending"), {"export": "csv"}).streaming_content).decode()
    assert "USD" in text
    assert "250.5" in text

    for person in (
        factories.member(Role.PROGRAM_MANAGER, program=factories.project().program),
        factories.member(Role.DONOR_VIEWER, organization=reported.donor),
    ):
        client.force_login(person)
        assert "PBF-SSD-07" not in client.get(reverse("spending")).content.decode()
