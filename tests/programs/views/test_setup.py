"""Programs, projects, frameworks and the library as pages."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from programs import framework, library
from programs.models import FrameworkChange, Indicator, IndicatorDefinition, Program, Project, ReportingAssignment, Target
from tests import factories
from tests.programs.making import make_dimensions
from tests.programs.test_gates import review


@pytest.fixture
def visitor(client, field):
    def sign_in(who):
        client.force_login(getattr(field, who))
        return client

    return sign_in


@pytest.fixture
def indicator(field):
    definition = factories.definition("CON-1", title="Dialogue sessions held")
    return framework.add_indicator(field.outcome, by=field.manager, definition=definition)


def day(days=0):
    return (timezone.localdate() + timedelta(days=days)).isoformat()


def test_a_program_and_a_project_are_set_up_by_page(visitor, field):
    given = {
        "code": "YTH", "name": "Youth program", "status": "2", "starts_on": day(), "ends_on": day(700), "organization": field.agency.pk,
    }  # fmt: skip
    assert visitor("manager").post("/programs/new/", given).status_code == 403
    client = visitor("administrator")
    assert client.post("/programs/new/", given).status_code == 303
    assert Program.objects.filter(code="YTH").exists()
    project = {
        "code": "YTH-01", "title": "Youth in peace", "starts_on": day(), "ends_on": day(300), "time_zone": "Africa/Juba", "sensitivity": "2",
        "theme_dialogue": "100", "level_community": "60", "level_individual": "30",
    }  # fmt: skip
    refused = client.post("/programs/YTH/projects/new/", project)
    assert refused.status_code == 422
    assert "The shares add up to 90" in refused.content.decode()
    assert client.post("/programs/YTH/projects/new/", {**project, "level_individual": "40"}).status_code == 303
    assert Project.objects.get(code="YTH-01").status == "1"


@pytest.mark.parametrize("rows", [1, 3])
def test_lists_ask_the_same_few_times(visitor, field, rows, django_assert_num_queries, indicator):
    for number in range(rows):
        factories.definition(f"D-{number}")
        FrameworkChange.objects.create(project=field.project, what=f"change {number}", by=field.manager)
    client = visitor("reporter")
    for address, queries in (("/projects/", 5), ("/library/", 5), ("/projects/DIA-01/framework/changes/", 5)):
        with django_assert_num_queries(queries):
            assert client.get(address).status_code == 200


@pytest.mark.parametrize("rows", [1, 3])
def test_the_framework_page_does_not_ask_per_row(visitor, field, rows, django_assert_num_queries):
    for number in range(rows):
        row = framework.add_indicator(field.outcome, by=field.manager, definition=factories.definition(f"D-{number}"))
        framework.set_target(row, by=field.manager, value=number)
        framework.assign(row, by=field.manager, partner=field.partner, places=[field.place])
    client = visitor("reporter")
    with django_assert_num_queries(10):
        assert client.get("/projects/DIA-01/framework/").status_code == 200


def test_the_setup_page_shows_and_changes_everything(visitor, field):
    client = visitor("manager")
    assert client.get("/projects/DIA-01/setup/").status_code == 200
    assert client.post("/projects/DIA-01/shares/", {"theme_dialogue": "100", "level_institution": "100"}).status_code == 303
    assert client.post("/projects/DIA-01/markers/", {"scheme": "pbf_gender", "value": "2", "justification": ""}).status_code == 422
    assert (
        client.post("/projects/DIA-01/markers/", {"scheme": "pbf_gender", "value": "2", "justification": "Women lead"}).status_code == 303
    )
    assert client.post("/projects/DIA-01/nexus/", {"H": "50", "P": "40", "justification": "Budget"}).status_code == 422
    assert client.post("/projects/DIA-01/nexus/", {"H": "50", "P": "50", "justification": "Budget"}).status_code == 303
    assert client.post("/projects/DIA-01/partners/", {"organization": field.stranger.pk, "role": "4"}).status_code == 303
    assert client.post("/projects/DIA-01/places/", {"place": "Juba"}).status_code == 303
    page = client.get("/projects/DIA-01/setup/").content.decode()
    for words in ("Women lead", "Nile Youth Initiative", "Juba", "100"):
        assert words in page
    row = field.project.partners.get(organization=field.stranger)
    assert client.post(f"/projects/DIA-01/remove/partner/{row.pk}/").status_code == 303
    assert not field.project.partners.filter(organization=field.stranger).exists()


def test_the_status_page_waits_for_the_review(visitor, field):
    Project.objects.filter(pk=field.project.pk).update(status="1")
    client = visitor("manager")
    answer = client.post("/projects/DIA-01/status/", {"status": "2"})
    assert answer.status_code == 422
    assert "no valid conflict-sensitivity review" in answer.content.decode()
    review(field)
    assert client.post("/projects/DIA-01/status/", {"status": "2"}).status_code == 303


def test_strangers_find_nothing_and_partners_change_nothing(visitor, field, indicator):
    addresses = [
        "/projects/DIA-01/setup/",
        "/projects/DIA-01/framework/",
        "/projects/DIA-01/framework/changes/",
        f"/indicators/{indicator.pk}/",
    ]
    for address in addresses:
        assert visitor("other_reporter").get(address).status_code == 404
        assert visitor("reporter").get(address).status_code == 200
    editing = ["/projects/DIA-01/change/", "/projects/DIA-01/framework/results/new/", f"/indicators/{indicator.pk}/change/"]
    for address in editing:
        assert visitor("other_reporter").get(address).status_code == 404
        assert visitor("reporter").get(address).status_code == 403


def test_results_indicators_targets_and_assignments_by_page(visitor, field):
    factories.definition("CON-1", title="Dialogue sessions held")
    client = visitor("manager")
    result = {"kind": "output", "code": "1.1", "title": "Committees talk", "level": "community", "parent": ""}
    assert client.post("/projects/DIA-01/framework/results/new/", result).status_code == 422
    assert client.post("/projects/DIA-01/framework/results/new/", {**result, "parent": field.outcome.pk}).status_code == 303
    output = field.project.results.get(code="1.1")
    definition = IndicatorDefinition.objects.get(code="CON-1")
    given = {"result": output.pk, "definition": definition.pk, "code": "", "title": "Talks held", "baseline_value": "4"}
    assert client.post("/projects/DIA-01/framework/indicators/new/", given).status_code == 303
    row = Indicator.objects.get()
    assert row.code == "CON-1"
    assert client.post(f"/indicators/{row.pk}/targets/", {"value": "40", "share": "3"}).status_code == 422
    assert client.post(f"/indicators/{row.pk}/targets/", {"value": "40"}).status_code == 303
    owes = {"partner": field.partner.pk, "collected": "every_period", "places": "Renk\nSS0703"}
    assert client.post(f"/indicators/{row.pk}/assignments/", {**owes, "places": ""}).status_code == 422
    assert client.post(f"/indicators/{row.pk}/assignments/", {**owes, "places": "Renk"}).status_code == 303
    page = client.get("/projects/DIA-01/framework/").content.decode()
    for words in ("Talks held", "40", "Bridges for Dialogue", "Renk"):
        assert words in page
    target = Target.objects.get()
    assert client.post(f"/targets/{target.pk}/remove/", {"reason": "Wrong"}).status_code == 303


def test_after_the_agreement_the_partner_reads_what_changed_and_why(visitor, field, indicator):
    client = visitor("manager")
    assert client.post("/projects/DIA-01/agreed/", {"framework_agreed_on": day()}).status_code == 303
    given = {"result": field.outcome.pk, "title": "Talks in Renk"}
    assert client.post(f"/indicators/{indicator.pk}/change/", given).status_code == 422
    assert client.post(f"/indicators/{indicator.pk}/change/", {**given, "reason": "Only Renk is funded"}).status_code == 303
    page = visitor("reporter").get("/projects/DIA-01/framework/changes/").content.decode()
    assert "Talks in Renk" in page
    assert "Only Renk is funded" in page


def test_a_hand_over_by_page(visitor, field, indicator):
    row = framework.assign(indicator, by=field.manager, partner=field.partner, places=[field.place])
    field.project.partners.create(organization=field.stranger)
    client = visitor("manager")
    given = {"to": field.stranger.pk, "on": day(30)}
    assert client.post(f"/assignments/{row.pk}/hand-over/", given).status_code == 422
    assert client.post(f"/assignments/{row.pk}/hand-over/", {**given, "includes_predecessor": "yes"}).status_code == 303
    assert ReportingAssignment.objects.get(partner=field.stranger).includes_predecessor is True
    assert client.get(f"/indicators/{indicator.pk}/").status_code == 200


def definition_form(**changes):
    return {
        "code": "CON-9", "title": "Quarrels settled", "level": "community", "measure": "unit", "ascending": "on", "decimals": "0", "per": "1",
        "over_time": "per_period", "across": "sum", "counting": "contacts", "sensitivity": "2", "breakdowns": "sex × age", **changes,
    }  # fmt: skip


def test_a_definition_is_proposed_by_one_and_approved_by_another(visitor, field):
    make_dimensions()
    assert visitor("reporter").get("/library/new/").status_code == 403
    client = visitor("officer")
    assert client.post("/library/new/", definition_form(counting="people_ever")).status_code == 422
    assert client.post("/library/new/", definition_form()).status_code == 303
    row = IndicatorDefinition.objects.get(code="CON-9")
    assert library.breakdowns_of(row) == [["sex", "age"]]
    assert "Approve" not in client.get(f"/library/{row.pk}/").content.decode()
    client.post(f"/library/{row.pk}/approve/")
    row.refresh_from_db()
    assert row.status == "proposed"
    visitor("manager").post(f"/library/{row.pk}/approve/")
    row.refresh_from_db()
    assert row.status == "approved"


def test_frozen_rules_are_refused_in_words_and_a_successor_is_offered(visitor, field):
    make_dimensions()
    row = factories.definition("CON-1", title="Sessions", level="community", breakdowns=(("sex",),))
    library.freeze([row.pk])
    client = visitor("officer")
    form = definition_form(title="Sessions", breakdowns="sex", counting="things")
    form.pop("code")
    answer = client.post(f"/library/{row.pk}/edit/", {**form, "over_time": "snapshot"})
    assert answer.status_code == 422
    assert "Propose a successor" in answer.content.decode()
    assert client.post(f"/library/{row.pk}/edit/", {**form, "title": "Sessions held"}).status_code == 303
    page = client.get(f"/library/{row.pk}/successor/").content.decode()
    assert "Sessions held" in page
    assert client.post(f"/library/{row.pk}/successor/", {**form, "code": "CON-1b", "over_time": "snapshot"}).status_code == 303
    assert IndicatorDefinition.objects.get(code="CON-1b").replaces == row


def test_the_library_filters_by_level_theme_and_measure(visitor, field):
    call_command("load_library")
    client = visitor("reporter")

    def count(query):
        return client.get(f"/library/{query}").content.decode().count('<td class="wide">')

    assert count("") == 25
    assert count("?level=institution&measure=ordinal") == 3
    assert count("?theme=transitional-justice") == 4
    assert count("?words=LIV-2") == 1
    assert b"DDR-7" in b"".join(client.get("/library/?export=csv").streaming_content)


def test_where_a_definition_is_used_names_only_what_one_may_read(visitor, field, indicator):
    page = visitor("reporter").get(f"/library/{indicator.definition.pk}/").content.decode()
    assert "DIA-01" in page
    other = visitor("other_reporter").get(f"/library/{indicator.definition.pk}/").content.decode()
    assert "DIA-01" not in other
    assert "projects that you may not read" in other


def test_a_projects_own_definition_is_not_found_by_strangers(visitor, field):
    own = factories.definition("OWN-1", project=field.project)
    assert visitor("other_reporter").get(f"/library/{own.pk}/").status_code == 404
    assert visitor("reporter").get(f"/library/{own.pk}/").status_code == 200


def test_a_retired_definition_and_indicator_are_shown_as_such(visitor, field, indicator):
    framework.retire_indicator(indicator, by=field.manager, reason="No longer measured")
    client = visitor("officer")
    assert client.post(f"/library/{indicator.definition.pk}/retire/").status_code == 303
    assert "Retired" in client.get(f"/library/{indicator.definition.pk}/").content.decode()
    assert "Retired" in client.get("/library/").content.decode()
    assert "No longer reported" in client.get(f"/indicators/{indicator.pk}/").content.decode()
    assert client.get(f"/indicators/{indicator.pk}/retire/").status_code == 200
