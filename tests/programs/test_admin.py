"""The admin: set-up through the same acts, behind the same rules, refused on the same form."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib import admin
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from accounts.roles import Role
from programs import access, library
from programs.models import (
    ActivityRecord,
    Grant,
    Indicator,
    IndicatorDefinition,
    Invitation,
    Membership,
    Program,
    Project,
    Result,
    SupportClearance,
    Theme,
    WorkPlanLine,
)
from reporting.models import NarrativeQuestion
from tests import factories


def day(days=0):
    return (timezone.localdate() + timedelta(days=days)).isoformat()


@pytest.fixture
def as_admin(client, field):
    client.force_login(field.administrator)
    return client


def rows(prefix, *filled, initial=0):
    """The management form of an inline and its rows."""
    data = {f"{prefix}-TOTAL_FORMS": str(len(filled)), f"{prefix}-INITIAL_FORMS": str(initial)}
    for number, values in enumerate(filled):
        data |= {f"{prefix}-{number}-{name}": str(value) for name, value in values.items()}
    return data


def project_page(field, **changes):
    theme = Theme.objects.get(code="dialogue")
    page = {
        "program": field.program.pk, "code": "YTH-01", "title": "Youth in peace", "description": "", "starts_on": day(), "ends_on": day(300),
        "first_ends_on": "", "time_zone": "Africa/Juba", "sensitivity": "2", "manager": "",
        **rows("themes", {"theme": theme.pk, "share": 100}), **rows("levels", {"level": "community", "share": 100}),
        **rows("partners", {"organization": field.partner.pk, "role": "4"}), **rows("places", {"place": field.place.pk}),
        **rows("markers"), **rows("calendar"), **rows("results"), **rows("indicators"),
    }  # fmt: skip
    return page | changes


def refusal(response):
    assert response.status_code == 200
    return response.content.decode()


def test_three_results_and_five_indicators_with_baseline_and_target_on_one_page(as_admin, field):
    definitions = [factories.definition(f"D-{n}") for n in range(5)]
    results = [
        {"kind": "output", "code": "1.1", "title": "Committees talk", "level": "community", "under": "1"},
        {"kind": "outcome", "code": "1", "title": "People settle disputes", "level": "community", "under": "I"},
        {"kind": "impact", "code": "I", "title": "Peace", "level": "community", "under": ""},
    ]
    indicators = [
        {"result_code": "1.1" if n < 3 else "1", "definition": row.pk, "code": "", "title": "", "baseline_value": n, "target": n + 10}
        for n, row in enumerate(definitions)
    ]
    answer = as_admin.post(
        reverse("admin:programs_project_add"), project_page(field, **rows("results", *results), **rows("indicators", *indicators))
    )
    assert answer.status_code == 302
    project = Project.objects.get(code="YTH-01")
    assert project.status == "1"
    assert {r.code: r.parent.code if r.parent else "" for r in project.results.all()} == {"I": "", "1": "I", "1.1": "1"}
    found = {row.code: (row.result.code, row.baseline_value, row.targets.get().value) for row in project.indicators.all()}
    assert found["D-0"] == ("1.1", 0, 10)
    assert found["D-4"] == ("1", 4, 14)
    assert len(found) == 5
    events = set(AuditEvent.objects.filter(actor=f"user:{field.administrator.pk}").values_list("event", flat=True))
    assert {"project.created", "result.added", "indicator.added", "target.set", "project.partner_added", "project.place_added"} <= events


def test_a_refused_act_keeps_what_was_typed_and_writes_nothing(as_admin, field):
    theme = Theme.objects.get(code="dialogue")
    page = refusal(
        as_admin.post(reverse("admin:programs_project_add"), project_page(field, **rows("themes", {"theme": theme.pk, "share": 90})))
    )
    assert "The shares add up to 90" in page
    assert "Youth in peace" in page
    assert not Project.objects.filter(code="YTH-01").exists()


def test_an_indicator_under_an_unknown_result_is_refused(as_admin, field):
    row = {"result_code": "9.9", "definition": factories.definition("D-1").pk, "code": "", "title": "", "baseline_value": "", "target": ""}
    page = refusal(as_admin.post(reverse("admin:programs_project_add"), project_page(field, **rows("indicators", row))))
    assert "9.9" in page
    assert not Indicator.objects.exists()


def test_an_indicator_is_not_deleted_but_changed_in_its_row(as_admin, field):
    address = reverse("admin:programs_project_add")
    definition = factories.definition("D-1")
    result = {"kind": "outcome", "code": "1", "title": "Peace", "level": "community", "under": ""}
    row = {"result_code": "1", "definition": definition.pk, "code": "", "title": "", "baseline_value": "2", "target": "8"}
    as_admin.post(address, project_page(field, **rows("results", result), **rows("indicators", row)))
    project = Project.objects.get(code="YTH-01")
    kept, outcome = project.indicators.get(), Result.objects.get(project=project)
    around = {
        **rows("themes", {"id": project.themes.get().pk, "project": project.pk, "theme": project.themes.get().theme_id, "share": 100}, initial=1),
        **rows("levels", {"id": project.levels.get().pk, "project": project.pk, "level": "community", "share": 100}, initial=1),
        **rows("partners"), **rows("places"),
        **rows("results", {**result, "id": outcome.pk, "project": project.pk}, initial=1),
    }  # fmt: skip
    changed = {**row, "id": kept.pk, "project": project.pk, "title": "Talks held", "target": "9"}
    page = reverse("admin:programs_project_change", args=[project.pk])
    assert as_admin.get(page).status_code == 200
    assert as_admin.post(page, project_page(field, **around, **rows("indicators", changed, initial=1))).status_code == 302
    kept.refresh_from_db()
    assert (kept.title, kept.targets.get().value) == ("Talks held", 9)
    gone = {**changed, "DELETE": "on"}
    assert "never deleted" in refusal(as_admin.post(page, project_page(field, **around, **rows("indicators", gone, initial=1))))
    assert project.indicators.count() == 1


def test_frozen_rules_are_refused_in_the_admin_too(as_admin, field):
    row = factories.definition("CON-1", title="Sessions", level="community")
    library.freeze([row.pk])
    page = reverse("admin:programs_indicatordefinition_change", args=[row.pk])
    form = {
        "title": "Sessions", "definition": "", "level": "community", "theme": "", "unit": "people", "measure": "unit", "ascending": "on",
        "decimals": 0, "per": 1, "over_time": "snapshot", "across": "sum", "counting": "things", "sensitivity": 1, "method": "", "source": "",
        "sdg_target": "", "computed_by": "",
    }  # fmt: skip
    assert "Propose a successor" in refusal(as_admin.post(page, form | rows("options")))
    assert as_admin.post(page, form | {"over_time": "per_period", "title": "Sessions held"} | rows("options")).status_code == 302
    row.refresh_from_db()
    assert row.title == "Sessions held"
    assert row.frozen_at is not None


def test_a_definition_made_in_the_admin_waits_for_a_second_person(as_admin, field):
    form = {
        "code": "CON-7", "title": "Quarrels settled", "level": "community", "measure": "unit", "ascending": "on", "decimals": 0, "per": 1,
        "over_time": "per_period", "across": "sum", "counting": "things", "sensitivity": 1,
    }  # fmt: skip
    assert as_admin.post(reverse("admin:programs_indicatordefinition_add"), form | rows("options")).status_code == 302
    assert IndicatorDefinition.objects.get(code="CON-7").status == "proposed"


@pytest.mark.parametrize("model", ["grant", "activityrecord", "actionpoint", "supportclearance", "expenditure"])
def test_set_up_alone_does_not_write_what_takes_another_word(as_admin, model):
    assert as_admin.get(reverse(f"admin:programs_{model}_changelist")).status_code == 200
    assert as_admin.get(reverse(f"admin:programs_{model}_add")).status_code == 403


def test_with_the_word_it_goes_through_the_act(as_admin, field):
    access.give(user=field.administrator, role=Role.PROGRAM_MANAGER, by=None, program=field.program)
    activity = {
        "project": field.project.pk, "partner": field.partner.pk, "kind": "training", "happened_on": day(), "place": field.place.pk,
        "supports": field.police.pk, "people_present": 12,
    }  # fmt: skip
    assert as_admin.post(reverse("admin:programs_activityrecord_add"), activity).status_code == 302
    assert ActivityRecord.objects.get().flag == "without_clearance"
    line = {
        "project": field.project.pk, "code": "1.1", "title": "Talks", "partner": field.partner.pk, "starts_on": day(), "ends_on": day(9),
    }  # fmt: skip
    assert as_admin.post(reverse("admin:programs_workplanline_add"), line).status_code == 302
    assert "is not a partner" in refusal(
        as_admin.post(reverse("admin:programs_workplanline_add"), {**line, "code": "1.2", "partner": field.stranger.pk})
    )
    assert WorkPlanLine.objects.count() == 1
    donor = factories.donor()
    grant = {
        "donor": donor.pk, "reference": "PBF-1", "title": "Peace", "currency": "USD", "amount": "1000", "starts_on": day(), "ends_on": day(300),
        **rows("projects", {"project": field.project.pk, "approved": "600", "gender_share": "40"}), **rows("requirements"),
    }  # fmt: skip
    assert as_admin.post(reverse("admin:programs_grant_add"), grant).status_code == 302
    assert Grant.objects.get().projects.get().approved == 600
    assert AuditEvent.objects.filter(event="grant.approved").count() == 1


def test_a_program_and_the_narrative_are_set_up(as_admin, field):
    program = {"code": "YTH", "name": "Youth", "status": "2", "starts_on": day(), "ends_on": day(99), "organization": field.agency.pk}
    assert as_admin.post(reverse("admin:programs_program_add"), program).status_code == 302
    assert Program.objects.filter(code="YTH").exists()
    question = {"heading": "What changed?", "limit": "1500", "order": "1", "is_required": "on"}
    assert as_admin.post(reverse("admin:reporting_narrativequestion_add"), question).status_code == 302
    assert AuditEvent.objects.filter(event="narrativequestion.added").count() == 1
    assert NarrativeQuestion.objects.get().heading == "What changed?"


@pytest.mark.parametrize("who", ["manager", "reporter", "auditor"])
def test_nobody_without_set_up_opens_the_admin(client, field, who):
    client.force_login(getattr(field, who))
    assert client.get(reverse("admin:programs_project_changelist")).status_code in {302, 403}


def test_every_list_opens_and_searches(as_admin, field):
    for model, page in admin.site._registry.items():
        if model._meta.app_label not in {"programs", "reporting"}:
            continue
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        assert as_admin.get(address).status_code == 200, model
        if page.search_fields:
            assert as_admin.get(address, {"q": "peace"}).status_code == 200, model


def test_a_clearance_is_decided_not_edited(as_admin, field):
    SupportClearance.objects.create(
        recipient=field.police, scope="Training", decision="proceed", valid_from=timezone.localdate(), valid_until=timezone.localdate(),
        owner=field.manager, decided_by=field.decider,
    )  # fmt: skip
    row = SupportClearance.objects.get()
    page = reverse("admin:programs_supportclearance_change", args=[row.pk])
    assert as_admin.get(page).status_code == 200
    assert as_admin.post(page, {"scope": "Weapons"}).status_code == 403


def test_a_role_is_given_and_ended_by_the_acts_of_the_pages(as_admin, field):
    somebody = factories.user()
    role = {"user": somebody.pk, "role": "mande_officer", "program": field.program.pk, "starts_on": day(), "ends_on": ""}
    add, rows_ = reverse("admin:programs_membership_add"), reverse("admin:programs_membership_changelist")
    assert as_admin.post(add, role).status_code == 302
    given = Membership.objects.get(user=somebody)
    assert given.given_by == field.administrator
    assert AuditEvent.objects.filter(event="membership.given", actor=f"user:{field.administrator.pk}").count() == 1
    assert "needs a scope" in refusal(as_admin.post(add, {**role, "role": "community_officer", "program": ""}))
    clashing = refusal(as_admin.post(add, {**role, "role": "auditor", "program": ""}))
    assert "never held together" in clashing
    assert Membership.objects.filter(user=somebody).count() == 1
    assert as_admin.post(reverse("admin:programs_membership_change", args=[given.pk]), role).status_code == 403
    assert as_admin.post(reverse("admin:programs_membership_delete", args=[given.pk]), {"post": "yes"}).status_code == 403

    as_admin.post(rows_, {"action": "end_now", "_selected_action": [given.pk]})
    assert access.roles(somebody) == frozenset()
    assert AuditEvent.objects.filter(event="membership.ended").count() == 1
    own = Membership.objects.get(user=field.administrator)
    page = as_admin.post(rows_, {"action": "end_now", "_selected_action": [own.pk]}, follow=True).content.decode()
    assert "last administrator" in page
    assert Membership.objects.filter(pk=own.pk, ends_on=None).exists()


def test_somebody_is_invited_and_the_invitation_is_withdrawn(as_admin, field, mailoutbox):
    offer = {
        "email": "new@partner.example", "name": "New", "role": "partner_reporter", "employer": field.partner.pk,
        "organization": field.partner.pk, "language": "en",
    }  # fmt: skip
    add = reverse("admin:programs_invitation_add")
    assert as_admin.post(add, offer).status_code == 302
    row = Invitation.objects.get()
    assert (row.invited_by, mailoutbox[0].to) == (field.administrator, ["new@partner.example"])
    assert "Name the partner" in refusal(as_admin.post(add, {**offer, "email": "other@partner.example", "organization": ""}))
    assert len(mailoutbox) == 1
    assert row.token_hash not in as_admin.get(reverse("admin:programs_invitation_change", args=[row.pk])).content.decode()
    as_admin.post(reverse("admin:programs_invitation_changelist"), {"action": "withdraw", "_selected_action": [row.pk]})
    row.refresh_from_db()
    assert row.withdrawn_at is not None
    assert AuditEvent.objects.filter(event="invitation.withdrawn").count() == 1
