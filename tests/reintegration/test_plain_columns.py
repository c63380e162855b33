"""What of a person stands in the clear, and the roads that do not exist: no admin, no importer, no key from another table, no search."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import models
from django.urls import reverse

import exchange
import reintegration
from privacy.fields import EncryptedField
from tests import cases, factories

ROOT = Path(reintegration.__file__).resolve().parents[1]

# Every column that is not encrypted, table by table. Whoever adds one reads the sentence of the test below first.
PLAIN = {
    # About a person: codes, dates, numbers, and who acted.
    "Case": "id code external_id project partner caseworker place pathway state state_since source sex birth_year age_band opened_on "
    "opened_year opened_by category is_foreign programme_modality notice notice_given_on notice_method basis appeal_until reinsertion_from "
    "reinsertion_until completed_on closed_on exit_reason sealed_at sealed_by erase_by version updated_at",
    "Transition": "id case number from_state to_state happened_on recorded_at by second interviewer verified_by_method deciding_body "
    "decision_code appeal_until form_version form_language card_without_group destination exit_reason",
    "StepProposal": "id case to_state happened_on interviewer exit_reason by proposed_at reopens",
    "Consent": "id case purpose answer organization service notice method given_on until recorded_at recorded_by withdrawn_at withdrawn_by",
    "CaseAssignment": "id case caseworker assigned_at assigned_by reason",
    "CaseAccess": "id case person purpose starts_at ends_at",
    "Profile": "id case completed_at completed_by updated_at updated_by",
    "Concern": "id case raised_at raised_by expires_on",
    "IntakeDraft": "id project partner pathway notice notice_given_on notice_method basis started_at started_by expires_at",
    "CaseContact": "id case happened_on kind result next_step next_on next_done_at recorded_at recorded_by",
    "FollowUp": "id case wave due_on state settled_on",
    "FollowUpOutcome": "id follow_up was_reached livelihood has_left movement recorded_at recorded_by",
    "Assessment": "id case follow_up instrument held_on is_complete recorded_at recorded_by corrected_at corrected_by",
    "AssessmentScore": "id assessment dimension value answered items",
    "Plan": "id case version state agreed_on written_at written_by proposed_at approved_at approved_by",
    "Goal": "id plan key strand target unit due_on state closed_on order",
    "Progress": "id goal noted_on value recorded_at recorded_by",
    "ServiceGiven": "id case kind strand goal provider starts_on ends_on dose dose_unit is_completed recorded_at recorded_by",
    "ItemHandedOver": "id case partner what quantity unit amount currency handed_on receipt_number recorded_at recorded_by",
    "Participation": "id case activity goal recorded_at recorded_by",
    "Referral": "id case to_organization service urgency contact_route goal consent overridden_at overridden_by state sent_at sent_by "
    "answer_due_on expires_on answered_at answered_by decline_reason ended_at outcome deletion_asked_at lost_agreement updated_at",
    "OverrideRequest": "id case to_organization service urgency contact_route asked_at asked_by decision decided_at decided_by referral",
    # About nobody: receipts and counts, without a case.
    "ErasureReceipt": "id project partner sealed_at sealed_by erase_by erased_at erased_by",
    "ChildHandover": "id project partner place girls boys sex_unknown identified_at handed_over_at receiver updated_at",
    "ChildMonth": "id project partner place year month kind updated_at",
    "ChildCount": "id of sex band number",
    "GraveViolationCount": "id project partner place year month number updated_at",
    # What the portal offers and is set up with.
    "Notice": "id version language text in_use",
    "ProtectionContact": "id name place phone hours order",
    "ProgramPathway": "id program pathway",
    "SkippedState": "id offered state",
    "SharingAgreement": "id partner receiver reference starts_on ends_on recorded_at recorded_by ended_at ended_by",
    "Opportunity": "id program kept_by organization provider place verified_on verified_by recorded_at recorded_by updated_at title sector kind "
    "free_places has_no_limit starts_on ends_on cost currency for_women for_youth for_disabled child_care housing demand inputs note status",
    "Requirement": "id opportunity fact",
    "MappedService": "id program kept_by organization provider place verified_on verified_by recorded_at recorded_by updated_at kind eligibility "
    "capacity focal_role route hours status",
}  # fmt: skip

ABOUT_NOBODY = {
    "ErasureReceipt", "ChildHandover", "ChildMonth", "ChildCount", "GraveViolationCount", "Notice", "ProtectionContact", "ProgramPathway",
    "SkippedState", "SharingAgreement", "Opportunity", "Requirement", "MappedService",
}  # fmt: skip

# Columns about a person that hold letters and no choice from a list: why each may stand in the clear.
LETTERS = {
    "Case.code": "random, minted here; it means nothing elsewhere",
    "Case.programme_modality": "how the program gives its support, the same words for many",
    "Transition.deciding_body": "an authority",
    "Transition.decision_code": "the code of its decision, never what it decided upon",
    "Transition.form_version": "a version number",
    "Transition.form_language": "a language",
    "Assessment.instrument": "code and version of a survey",
    "AssessmentScore.dimension": "a code of the survey",
    "Goal.unit": "a unit of measure",
    "ServiceGiven.dose_unit": "a unit of measure",
    "ItemHandedOver.what": "goods as the partner's stock names them",
    "ItemHandedOver.unit": "a unit of measure",
    "ItemHandedOver.currency": "a currency",
    "ItemHandedOver.receipt_number": "a number of the partner's receipt book",
    "Referral.contact_route": "the referring office",
    "OverrideRequest.contact_route": "the referring office",
}

# What the admin may show: nothing of it is about a person.
IN_ADMIN = {
    "Notice": "the text that is read to everybody",
    "ProtectionContact": "offices to call",
    "ProgramPathway": "which pathways a program offers",
    "SharingAgreement": "between two organizations",
    "Opportunity": "what a program offers",
    "MappedService": "what others offer",
}


def tables() -> list[type[models.Model]]:
    return list(apps.get_app_config("reintegration").get_models(include_auto_created=True))


def plain(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    return [column for column in model._meta.local_concrete_fields if not isinstance(column, EncryptedField)]


def test_every_column_in_the_clear_stands_on_the_list():
    found = {f"{model.__name__}.{column.name}" for model in tables() for column in plain(model)}
    listed = {f"{table}.{column}" for table, columns in PLAIN.items() for column in columns.split()}
    added = sorted(found - listed)
    assert not added, (
        f"{', '.join(added)}: stored in the clear. Could it, alone or with code, date, sex and place, point to one person, or hold words "
        "that somebody types? Then make it an EncryptedTextField or EncryptedJSONField, or leave it out. A code, a date or a number that "
        "lists and counts need goes on PLAIN, and letters that are no choice from a list go on LETTERS with the reason."
    )
    assert not (gone := sorted(listed - found)), f"{', '.join(gone)}: no longer a column in the clear, take it off the list."


def test_letters_about_a_person_stand_in_the_clear_for_a_reason_only():
    free = (models.CharField, models.TextField, models.JSONField, models.FileField, models.BinaryField)
    found = {
        f"{model.__name__}.{column.name}"
        for model in tables()
        if model.__name__ not in ABOUT_NOBODY
        for column in plain(model)
        if isinstance(column, free) and not column.choices
    }
    assert found == set(LETTERS), "Words about a person are encrypted. Say in LETTERS why this column holds none."


def test_what_holds_words_or_answers_about_a_person_is_encrypted():
    encrypted = {f"{model.__name__}.{column.name}" for model in tables() for column in model._meta.local_concrete_fields} - {
        f"{model.__name__}.{column.name}" for model in tables() for column in plain(model)
    }
    assert {
        "Case.note",
        "Case.safe_contact",
        "Profile.answers",
        "Assessment.answers",
        "Assessment.safety",
        "IntakeDraft.answers",
    } < encrypted
    assert not {name.split(".")[0] for name in encrypted} & ABOUT_NOBODY


def test_nothing_about_a_person_is_in_the_admin():
    shown = {model.__name__ for model in admin.site._registry if model._meta.app_label == "reintegration"}
    inlines = {
        inline.model.__name__
        for one in admin.site._registry.values()
        for inline in one.inlines
        if inline.model._meta.app_label == "reintegration"
    }
    assert shown == set(IN_ADMIN), "Cases have no admin: who opens one states it on the case's page, where it leaves an event."
    assert inlines <= {"SkippedState"}
    assert (shown | inlines) <= ABOUT_NOBODY


def test_no_table_of_another_app_points_to_a_persons():
    pointing = [
        f"{model._meta.label}.{column.name}"
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_label != "reintegration"
        for column in model._meta.get_fields()
        if column.concrete and column.related_model is not None and column.related_model._meta.app_label == "reintegration"
        if column.related_model.__name__ not in ABOUT_NOBODY
    ]
    assert not pointing, "A case knows its activity or project; nothing knows the case."


def imported(file: Path) -> set[str]:
    """Modules that a file imports, by their full names."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{one.name}" for one in node.names)}
    return found


def test_no_importer_and_no_command_brings_cases_in():
    into = [
        file for file in Path(exchange.__file__).parent.rglob("*.py") if any(name.startswith("reintegration") for name in imported(file))
    ]
    assert not into, "A sheet with people in it is never taken in: a partner's system opens cases through the API, with the child check."
    commands = [
        file for file in ROOT.glob("*/management/commands/*.py") if any(name.startswith("reintegration") for name in imported(file))
    ]
    assert not commands
    assert not (ROOT / "reintegration" / "management").exists()
    own = list((ROOT / "reintegration").rglob("*.py"))
    assert not [file for file in own if {"openpyxl", "python_calamine"} & {name.split(".")[0] for name in imported(file)}]
    assert not [file for file in own if "csv.reader" in file.read_text() or "DictReader" in file.read_text()]


@pytest.mark.django_db
def test_search_finds_no_case_even_for_its_own_people(client):
    world = factories.world()
    case = cases.case(world, note="lantern")
    for person in (case.caseworker, cases.supervisor(world)):
        client.force_login(person)
        for text in (case.code, str(case), str(case.pk), "lantern"):
            page = client.get(reverse("search"), {"q": text})
            assert page.status_code == 200
            assert page.context["groups"] == []
