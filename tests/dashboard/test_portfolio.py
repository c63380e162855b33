from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from dashboard import portfolio
from programs.models import Expenditure, GrantProject, Membership, Project, ReportRequirement, Theme
from reporting.models import DonorReport
from tests import factories
from tests.reporting.reported import Reported

pytestmark = pytest.mark.django_db


@pytest.fixture
def reported():
    found = Reported()
    found.quarter(0, 30, 5, 10)
    one, other = (Theme.objects.create(code=word, name=word.title()) for word in ("reintegration", "cohesion"))
    found.project.themes.create(theme=one, share=67)
    found.project.themes.create(theme=other, share=33)
    found.project.levels.create(level="individual", share=70)
    found.project.levels.create(level="community", share=30)
    found.project.markers.create(scheme="sdg_target", value="16.1", justification="x")
    found.project.markers.create(scheme="sdg_target", value="16.7", justification="x")
    found.project.markers.create(scheme="nexus", value="P", share=80, justification="x")
    found.project.markers.create(scheme="nexus", value="D", share=20, justification="x")
    GrantProject.objects.update(approved=Decimal("1000.01"))
    Expenditure.objects.create(
        grant=found.grant, project=found.project, partner=found.world.partner, period=found.world.period,
        amount=Decimal(500), entered_by=found.mande,
    )  # fmt: skip
    return found


def read(reported, reader):
    return portfolio.read(Project.objects.visible_to(reader), reader=reader, through=date(2026, 12, 31))


def test_money_is_split_by_theme_and_level_and_adds_up(reported):
    cells = read(reported, reported.mande).matrix()
    assert cells["Reintegration", "individual"].money == [("USD", Decimal("469.00"), Decimal("234.50"))]
    parts = [cell for (theme, level), cell in cells.items() if theme and level]
    assert sum(cell.approved["USD"] for cell in parts) == Decimal("1000.01") == cells["", ""].approved["USD"]
    assert len(cells["", ""].projects) == 1


def test_currencies_are_never_added(reported):
    second = type(reported.grant).objects.create(
        donor=reported.donor, reference="EU-1", title="x", currency="EUR", amount=10, starts_on=date(2026, 1, 1), ends_on=date(2026, 12, 31)
    )
    GrantProject.objects.create(grant=second, project=reported.project, approved=Decimal(10))
    money = read(reported, reported.mande).matrix()["", ""].money
    assert [line[:2] for line in money] == [("EUR", Decimal("10.00")), ("USD", Decimal("1000.01"))]


def test_money_goes_by_target_and_pillar(reported):
    found = read(reported, reported.mande)
    assert found.split("targets")["16.1"].approved["USD"] == Decimal("500.005")
    assert found.split("pillars")["P"].approved["USD"] == Decimal("800.008")


def test_delivery_is_counted(reported):
    cell = read(reported, reported.mande).matrix()["Reintegration", "individual"]
    assert (cell.indicators, cell.on_track, cell.without) == (2, 0, 0)


def test_numbers_of_people_stay_uncounted_for_who_may_not_see_them(reported):
    auditor = factories.member(Role.AUDITOR)
    cell = read(reported, auditor).matrix()["Reintegration", "individual"]
    assert (cell.indicators, cell.without) == (2, 2)


def test_a_strict_project_is_in_no_place(reported):
    assert read(reported, reported.mande).by_place()
    Project.objects.update(sensitivity=4)
    assert not read(reported, reported.mande).by_place()


def test_places_of_one_name_stay_two_and_lead_to_their_pages(client, reported):
    twin = factories.place(name=reported.world.place.name)
    reported.project.places.create(place=twin)
    client.force_login(reported.mande)
    page = client.get(reverse("portfolio")).content.decode()
    for code in (twin.code, reported.world.place.code):
        assert f'<a href="{reverse("place_page", args=[code])}">{twin.name}</a>' in page
    assert twin.name in client.get(reverse("portfolio"), {"place": twin.code}).content.decode()
    assert "stand here" in client.get(reverse("portfolio"), {"place": "nowhere"}).content.decode()


def test_the_page_filters_and_leaves_as_a_file(client, reported):
    client.force_login(reported.mande)
    page = client.get(reverse("portfolio")).content.decode()
    assert "Reintegration" in page
    assert "USD\N{NO-BREAK SPACE}469" in page
    assert "stand here" in client.get(reverse("portfolio"), {"theme": "Nothing"}).content.decode()
    lines = b"".join(client.get(reverse("portfolio"), {"export": "csv"}).streaming_content).decode().splitlines()
    assert len(lines) == 5
    assert client.get(reverse("portfolio"), {"export": "xlsx"}).status_code == 200


def test_paper_says_in_words_what_the_page_was_filtered_by(client, reported):
    client.force_login(reported.mande)
    whole, filtered = (client.get(reverse("portfolio"), asked).content.decode() for asked in ({}, {"level": "community"}))
    assert '<form class="pf-filters no-print"' in whole
    assert '<span class="only-print">All programs</span>' in whole
    assert '<span class="only-print">All programs · Level: <bdi>Community</bdi></span>' in filtered


def test_a_stranger_sees_another_portfolio_and_a_partner_none(client, reported):
    client.force_login(factories.world("ZZZ-9").mande)
    assert "PBF" not in client.get(reverse("portfolio")).content.decode()
    assert "Reintegration" not in client.get(reverse("portfolio")).content.decode()
    client.force_login(reported.world.reporter)
    assert client.get(reverse("portfolio")).status_code == 403


@pytest.mark.parametrize("projects", [1, 3])
def test_the_portfolio_asks_the_same_number_of_questions(client, reported, projects, django_assert_num_queries):
    for number in range(projects - 1):
        world = factories.world(f"MORE-{number}")
        world.indicator()
        Membership.objects.create(user=reported.mande, role=Role.MANDE_OFFICER, program=world.project.program)
    client.force_login(reported.mande)
    client.get(reverse("portfolio"))
    with django_assert_num_queries(12):
        client.get(reverse("portfolio"))


def test_money_goes_by_gender_marker(reported):
    assert read(reported, reported.mande).split("gender")[""].approved["USD"] == Decimal("1000.01")
    reported.project.markers.create(scheme="pbf_gender", value="2", justification="x")
    assert read(reported, reported.mande).split("gender")["2"].approved["USD"] == Decimal("1000.01")


def test_what_is_owed_to_donors_says_how_many_days(reported):
    due = reported.requirement.due_on

    def owed(reader, today, projects=None):
        return portfolio.owed(reader, projects=projects or [reported.project.pk], today=today, days=60)

    (one,) = owed(reported.mande, due - timedelta(days=60))
    assert (one.pk, one.report, one.by) == (reported.requirement.pk, None, None)
    assert owed(reported.mande, due - timedelta(days=61)) == []
    assert owed(reported.mande, due, projects=[reported.project.pk + 1]) == []
    assert owed(factories.world("ZZZ-9").mande, due) == []
    report = reported.started()
    (one,) = owed(reported.mande, due + timedelta(days=3))
    assert (one.report, one.state, one.by) == (report.pk, "draft", reported.mande.name)
    hashed = {"content_hash": "0" * 64, "published": "{}", "accepted_reports": 1, "expected_reports": 1}
    now, by = timezone.now(), reported.signer
    DonorReport.objects.update(
        **hashed, state="sent", frozen_at=now, frozen_by=reported.mande, signed_off_at=now, signed_off_by=by, sent_at=now, sent_by=by
    )
    assert owed(reported.mande, due) == []


def test_the_page_names_what_is_late(client, reported):
    late = timezone.localdate() - timedelta(days=3)
    ReportRequirement.objects.update(cut_off_on=late, due_on=late)
    client.force_login(reported.mande)
    page = client.get(reverse("portfolio")).content.decode()
    assert "Semi-annual report" in page
    assert "pf-late" in page
    assert "no marker" in page


def test_shipped_themes_are_said_in_the_readers_language_and_filter_by_the_same_address(client, reported, french):
    french({"Reintegration and DDR": "Réintégration et DDR"})
    Theme.objects.filter(code="reintegration").update(name="Reintegration and DDR")
    reported.mande.language = "fr"
    reported.mande.save()
    client.force_login(reported.mande)
    page = client.get(reverse("portfolio"), {"theme": "Reintegration and DDR"}).content.decode()
    assert page.count("Réintégration et DDR") >= 2
    assert ">Reintegration and DDR<" not in page
    assert 'value="Reintegration and DDR" selected' in page
