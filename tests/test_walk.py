"""Every page as every role, with its own objects and somebody else's. A page that is not in the table fails here with a sentence."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db.models import Value
from django.db.models.functions import Concat
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from communities.models import ConflictAnalysis, EarlyWarning
from institutions.models import ComplaintMonth, Engagement, HrddpAssessment, Institution, ReformStep, SupportDetail
from programs import framework
from programs.models import (
    ActionPoint,
    ActivityRecord,
    ConflictSensitivityReview,
    ExpectedReport,
    Grant,
    IndicatorDefinition,
    MonitoringVisit,
    SupportClearance,
    WorkPlanLine,
)
from reintegration.models import CaseContact, ChildHandover, ChildMonth, FollowUp, Goal, MappedService, Opportunity, Plan, ServiceGiven
from tests import cases, factories
from tests.communities.peace import keys as peace_keys
from tests.reporting.reported import Reported
from tests.surveys import making

pytestmark = pytest.mark.django_db
ELSEWHERE = ("api/", "admin/", "accounts/", "favicon")  # walked by tests of their own
PORTAL_WIDE = {Role.ADMINISTRATOR, Role.AUDITOR, Role.CLEARANCE_DECIDER, Role.FOCAL_POINT}  # hold their role without a scope


def watched(world: factories.World) -> dict[str, tuple[Any, ...]]:
    """A community with an incident, an open warning and an analysis."""
    community = factories.community(world)
    analysis = ConflictAnalysis.objects.create(
        community=community, analysed_on=timezone.localdate(), review_on=timezone.localdate(), groups=3, recorded_by=world.reporter
    )
    issue = analysis.issues.create(kind="land", title="Land", direct="farmers")
    factor = analysis.factors.create(kind="divider", title="Weapons", strength=4)
    warning = EarlyWarning.objects.create(
        community=community, rule="person", signal="Weapons", raised_by=world.reporter, due_at=timezone.now()
    )
    return {
        "community": (community.pk,),
        "incident": (factories.incident(world, community=community).pk,),
        "warning": (warning.pk,),
        "issue": (community.pk, issue.pk),
        "factor": (community.pk, factor.pk),
    }


class Everything:
    """One project with one of everything that has a page."""

    def __init__(self, code: str) -> None:
        self.all = Reported(code)
        self.all.donor.name = f"Donor of {code}"
        self.all.donor.save()
        world, by = self.all.world, self.all.mande
        self.all.quarter(0, 30, 5, 10)
        draft = self.all.draft(1, [])
        today = timezone.localdate()
        line = WorkPlanLine.objects.create(
            project=world.project,
            code="1",
            title="Hold a dialogue",
            partner=world.partner,
            starts_on=today,
            ends_on=today + timedelta(days=9),
        )
        activity = ActivityRecord.objects.create(
            project=world.project, partner=world.partner, place=world.place, kind="dialogue", happened_on=today, recorded_by=by
        )
        visit = MonitoringVisit.objects.create(
            project=world.project, place=world.place, purpose="See the well", visited_on=today, recorded_by=by
        )
        point = ActionPoint.objects.create(text="Repair", owner=by, project=world.project, due_on=today, raised_by=by)
        authority = factories.Organization.objects.create(name=f"Police {code}", kind="authority", iati_type="10")
        clearance = SupportClearance.objects.create(
            recipient=authority, scope="training", decision="proceed", valid_from=today, valid_until=today, owner=by, decided_by=by
        )
        ConflictSensitivityReview.objects.create(
            project=world.project, decision="passed", decided_on=today, valid_until=today + timedelta(days=9), recorded_by=by
        )
        office = {"project": world.project, "partner": world.partner, "place": world.place}
        receipt = ChildHandover.objects.create(**office, girls=1, identified_at=timezone.now())
        child_month = ChildMonth.objects.create(**office, year=2026, month=1, kind="associated")
        here = {"program": world.project.program, "kept_by": world.partner, "place": world.place, "recorded_by": by}
        offer = Opportunity.objects.create(title="Course", provider="Centre", sector="metal", kind="training", **here)
        service = MappedService.objects.create(kind="legal", provider="Legal Aid", **here)
        institution = Institution.objects.create(organization=authority, kind="police_station", place=world.place, recorded_by=by)
        Engagement.objects.create(institution=institution, project=world.project, partner=world.partner)
        assessment = HrddpAssessment.objects.create(
            institution=institution, project=world.project, support="training", support_kind="training", prepared_by=by
        )
        support = SupportDetail.objects.create(activity=activity, institution=institution, kind="training", title="Course")
        check = support.checks.create(kind="at_work", due_on=today)
        step = ReformStep.objects.create(institution=institution, project=world.project, kind="law", title="Law", recorded_by=by)
        body = Institution.objects.create(
            organization=factories.Organization.objects.create(name=f"Commission {code}", kind="authority", iati_type="15"),
            kind="oversight_body", place=world.place, recorded_by=by,
        )  # fmt: skip
        Engagement.objects.create(institution=body, project=world.project, partner=world.partner)
        complaints = ComplaintMonth.objects.create(
            register=body, service="police", place=world.place, year=2026, month=1, received=9, closed=2, source="Sheet", recorded_by=by
        )
        self.people = a_case(world)
        own = factories.definition(f"OWN-{code}", project=world.project)
        target = framework.set_target(world.indicator(own), by=world.manager, value=Decimal(5))
        survey = making.answered(world, making.loaded(making.small(f"small-{code.lower()}")), ["agree", "disagree"])
        report = self.all.started()
        self.keys: dict[str, tuple[Any, ...]] = {
            **peace_keys(world),
            "": (),
            "program": (world.project.program.code,),
            "project": (world.project.code,),
            "report": (world.project.code, draft.period.code, world.partner.pk),
            "expected": (ExpectedReport.objects.get(period=draft.period).pk,),
            "donor report": (report.pk,),
            "part": (report.pk, report.sections.first().key),
            "requirement": (self.all.requirement.pk,),
            "grant": (self.all.grant.pk,),
            "activity": (activity.pk,),
            "point": (point.pk,),
            "visit": (visit.pk,),
            "line": (line.pk,),
            "clearance": (clearance.pk,),
            "institution": (institution.pk,),
            "assessment": (assessment.pk,),
            "support": (support.pk,),
            "check": (check.pk,),
            "reform": (step.pk,),
            "body": (body.pk,),
            "complaints": (complaints.pk,),
            "result": (world.result.pk,),
            "indicator": (self.all.training.pk,),
            "target": (target.pk,),
            "assignment": (self.all.training.assignments.first().pk,),
            "definition": (own.pk,),
            "person": (world.reporter.pk,),
            **watched(world),
            "organization": (world.partner.pk,),
            "receipt": (receipt.pk,),
            "child month": (child_month.pk,),
            **self.people,
            "survey": (survey.pk,),
            "instrument": (survey.version_id,),
            "opportunity": (offer.pk,),
            "mapped service": (service.pk,),
        }


def a_case(world: Any) -> dict[str, tuple[Any, ...]]:
    """A case with one of each, and a referral that the world's partner received from another one."""
    case = cases.case(world, state="active")
    plan = Plan.objects.create(case=case, version=1, written_by=case.caseworker)
    goal = Goal.objects.create(plan=plan, strand="social", title="Have a document", roles=[["She", "applies"]])
    day = timezone.localdate()
    contact = CaseContact.objects.create(case=case, happened_on=day, kind="visit", result="done", recorded_by=case.caseworker)
    wave = FollowUp.objects.create(case=case, wave=0, due_on=day)
    service = ServiceGiven.objects.create(case=case, kind="legal", strand="social", starts_on=day, recorded_by=case.caseworker)
    office = factories.partner()
    sent = cases.referral(case, office)
    elsewhere = cases.case(world, state="active", partner=office, caseworker=factories.member(Role.CASEWORKER, organization=office))
    return {
        "case": (case.code,),
        "plan": (case.code, plan.pk),
        "goal": (case.code, goal.pk),
        "contact": (case.code, contact.pk),
        "wave": (case.code, wave.pk),
        "service given": (case.code, service.pk),
        "referral": (case.code, sent.pk),
        "override": (case.code, uuid4()),
        "received": (cases.referral(elsewhere, world.partner).pk,),
    }


@pytest.fixture
def everything():
    return own_and_foreign()


def own_and_foreign() -> tuple[Everything, Everything]:
    foreign = Everything("ZZZ-09")
    IndicatorDefinition.objects.filter(project__isnull=True).update(code=Concat(Value("Z-"), "code"))
    Grant.objects.update(reference="ZZZ-GRANT")
    return Everything("PPS-01"), foreign


def people(own: Everything) -> dict[Role, User]:
    world = own.all.world
    scopes: dict[Role, dict[str, Any]] = {
        Role.PARTNER_MANAGER: {"organization": world.partner},
        Role.PARTNER_REPORTER: {"organization": world.partner},
        Role.DONOR_VIEWER: {"organization": own.all.donor},
    }
    return {
        role: factories.member(role, **({} if role in PORTAL_WIDE else scopes.get(role, {"program": world.project.program})))
        for role in Role
    }


def patterns(found: Any = None, prefix: str = "") -> list[tuple[str, URLPattern]]:
    every = []
    for one in get_resolver().url_patterns if found is None else found:
        address = prefix + str(one.pattern)
        if address.startswith(ELSEWHERE):
            continue
        every += [(address, one)] if isinstance(one, URLPattern) else patterns(one.url_patterns, address)
    return every


# Letters of the roles that a page opens for; the others are told 403 or 404.
LETTERS = dict(zip("AMEPRSWIKFCDU", [
    Role.ADMINISTRATOR, Role.PROGRAM_MANAGER, Role.MANDE_OFFICER, Role.PARTNER_MANAGER, Role.PARTNER_REPORTER, Role.CASE_SUPERVISOR,
    Role.CASEWORKER, Role.COMMUNITY_OFFICER, Role.INSTITUTION_OFFICER, Role.FOCAL_POINT, Role.CLEARANCE_DECIDER, Role.DONOR_VIEWER,
    Role.AUDITOR,
], strict=True))  # fmt: skip
EVERYBODY = "AMEPRSWIKFCDU"
STAFF = "AMEPRSWIKFCU"  # everybody who reads programs: all but donors
FIELD = "MEPRSWIK"
REPORTING = "MEPR"
SURVEYS = "MEPRIK"
COMMUNITY_READERS = "MEPRIK"
COMMUNITY_RECORDERS = "PRI"
PEACE = "MEPRIK"  # who reads communities and forums
SENT = "post"  # answers to a form that is sent, never to a plain visit

# page -> what it is about (a key of Everything, further parts of the address after "+") and for whom it opens
PAGES: dict[str, tuple[str, str]] = {
    **dict.fromkeys(("donor_reports", "grants", "spending", "review_list", "imports", "workbook_new", "activities", "action_points", "visits", "clearances", "projects", "library", "tallies", "communities", "incidents", "early_warnings", "overview", "where", "my_work", "waiting_counts", "scope", "search", "delivery"), ("", EVERYBODY)),
    "tally": ("+activities.dialogue.held", EVERYBODY),
    "word_templates": ("", "ME"),
    "record_activity": ("", FIELD),
    "raise_action_point": ("", FIELD + "F"),
    "decide_clearance": ("", "C"),
    "create_program": ("", "A"),
    "propose_definition": ("", "AME"),
    "board": ("", REPORTING),
    "board_lock": ("", SENT),
    "board_remind": ("", "ME"),
    "portfolio": ("", "MEU"),
    "system": ("", "A"),
    **dict.fromkeys(("donor_report", "donor_report_comments", "donor_report_final", "donor_report_new_version"), ("donor report", "ME")),
    "donor_report_add_part": ("donor report", SENT),
    "donor_report_template": ("donor report", SENT),
    "donor_report_act": ("donor report+freeze", SENT),
    "donor_report_ask_for_file": ("donor report+docx", SENT),
    "donor_report_figure": ("donor report+NOT-THERE", ""),
    "donor_report_reason": ("donor report+NOT-THERE", SENT),
    "donor_report_file": ("donor report+0", ""),
    "donor_report_section": ("part", "ME"),
    "donor_report_remove_part": ("part", SENT),
    "donor_report_start": ("requirement", "ME"),
    "grant": ("grant", REPORTING + "U"),
    "grant_approved": ("grant", "ME"),
    "grant_spending": ("grant", "ME"),
    **dict.fromkeys(("report", "report_checklist", "report_narrative", "report_spending", "report_attachments", "report_check", "report_history", "report_versions", "report_records", "review", "review_aside", "workbook"), ("report", REPORTING)),
    "report_save": ("report", SENT),
    "report_act": ("report+submit", SENT),
    "report_take": ("report+0", SENT),
    "report_extend": ("report", "ME"),
    "review_act": ("report+accept", SENT),
    "review_reopen": ("report", "ME"),
    "attachment": ("nothing", ""),
    "open_evidence": ("nothing", SENT),
    **dict.fromkeys(("import", "import_file", "import_annotated"), ("number", "")),
    "import_undo": ("number", SENT),
    "import_drop": ("number", SENT),
    **dict.fromkeys(("work_plan", "sensitivity_reviews", "project_setup", "framework", "what_changed", "project", "results"), ("project", STAFF)),
    **dict.fromkeys(("framework_new", "add_line", "change_project", "change_status", "set_shares", "set_marker", "set_nexus", "add_partner", "add_place", "agree_framework", "add_result", "add_indicator"), ("project", "AME")),
    "record_visit": ("project", FIELD),
    "record_review": ("project", "C"),
    "remove_from_project": ("project+partner+0", SENT),
    "change_program": ("program", "AME"),
    "create_project": ("program", "AME"),
    "activity": ("activity", STAFF),
    "correct_activity": ("activity", FIELD),
    "attach_evidence": ("activity", STAFF),
    **dict.fromkeys(("action_point", "finish_action_point", "reopen_action_point", "reassign_action_point"), ("point", "AMESWIKFCU")),
    "verify_action_point": ("point", SENT),
    "visit": ("visit", "AMESWIKFCU"),
    "add_finding": ("visit", "MESWIK"),
    "change_line": ("line", "AME"),
    "move_line": ("line", SENT),
    "suspend_clearance": ("clearance", "C"),
    "change_result": ("result", "AME"),
    "remove_result": ("result", SENT),
    "indicator": ("indicator", STAFF),
    **dict.fromkeys(("change_indicator", "retire_indicator", "set_target", "assign"), ("indicator", "AME")),
    "remove_target": ("target", "AME"),
    "change_assignment": ("assignment", "AME"),
    "hand_over": ("assignment", "AME"),
    "definition": ("definition", STAFF),
    "number": ("definition", STAFF),
    "add_community": ("", COMMUNITY_RECORDERS),
    **dict.fromkeys(("community", "community_over_time"), ("community", COMMUNITY_READERS)),
    **dict.fromkeys(("change_community", "count_population", "check_access", "raise_warning", "begin_analysis", "add_issue", "add_factor"), ("community", COMMUNITY_RECORDERS)),
    "set_threshold": ("community", "MEI"),
    "conflict_analyses": ("community", COMMUNITY_READERS),
    "change_issue": ("issue", COMMUNITY_RECORDERS),
    "change_factor": ("factor", COMMUNITY_RECORDERS),
    "remove_from_analysis": ("community+issue+0", SENT),
    "record_incident": ("", COMMUNITY_RECORDERS),
    "likely_duplicates": ("", "MEI"),
    "decide_likeness": ("number", SENT),
    "count_area_violations": ("", COMMUNITY_RECORDERS),
    "incident": ("incident", COMMUNITY_READERS),
    "correct_incident": ("incident", COMMUNITY_RECORDERS),
    "verify_incident": ("incident", "MEI"),
    "early_warning": ("warning", COMMUNITY_READERS),
    "acknowledge_warning": ("warning", SENT),
    **dict.fromkeys(("respond_to_warning", "decide_warning"), ("warning", "MEPRI")),
    "edit_definition": ("definition", "AME"),
    "propose_successor": ("definition", "AME"),
    "approve_definition": ("definition", SENT),
    "retire_definition": ("definition", SENT),
    "cases": ("", "SWF"),
    "hand_over_cases": ("", ""),
    "sharing_agreements": ("", "ASWF"),
    "record_sharing_agreement": ("", "A"),
    "end_sharing_agreement": ("number", SENT),
    "case_team": ("", "S"),
    "case_analytics": ("", "MEPSF"),
    **dict.fromkeys(("child_handovers", "child_counts", "child_violations"), ("", "MEPSWF")),
    **dict.fromkeys(("hand_over_children", "count_children", "count_violations"), ("", "SW")),
    **dict.fromkeys(("close_child_handover", "correct_child_handover"), ("receipt", "SW")),
    "recount_children": ("child month", "SW"),
    "set_language": ("", SENT),
    "account": ("", EVERYBODY),
    "places": ("", EVERYBODY),
    "place_options": ("", EVERYBODY),
    **dict.fromkeys(("place_page", "place_levels", "place_records", "place_disputes"), ("+SSD", EVERYBODY)),
    **dict.fromkeys(("people", "invitations", "invite", "organizations", "api_keys", "new_key"), ("", "AMP")),
    **dict.fromkeys(("person", "give_role", "deputize", "person_leaves"), ("person", "AMP")),
    "end_role": ("person+0", SENT),
    "withdraw_invitation": ("number", SENT),
    "new_organization": ("", "A"),
    "organization_page": ("organization", "AMP"),
    "edit_organization": ("organization", "AMP"),
    "revoke_key": ("number", SENT),
    "audit": ("", "FU"),
    "verify_audit": ("", SENT),
    "practice": ("", "A"),
    "practice_value": ("+jump-factor", "A"),
    "board_report": ("expected", "ME"),
    **dict.fromkeys(("opportunities", "mapped_services", "referrals_received"), ("", EVERYBODY)),
    **dict.fromkeys(("case_plan", "case_received", "case_referrals", "case_contacts", "case_follow_ups", "case_offers", "set_factors", "give_service", "hand_over_item", "take_part", "send_referral", "ask_override", "record_contact", "tell_concern"), ("case", "S")),
    **dict.fromkeys(("start_plan", "start_baseline"), ("case", SENT)),
    **dict.fromkeys(("write_goal", "propose_plan", "send_plan_back"), ("plan", "S")),
    **dict.fromkeys(("approve_plan", "drop_plan"), ("plan", SENT)),
    **dict.fromkeys(("change_goal", "note_progress"), ("goal", "S")),
    "remove_goal": ("goal", SENT),
    "end_service": ("service given", "S"),
    **dict.fromkeys(("grant_override", "refuse_override"), ("override", SENT)),
    **dict.fromkeys(("remind_referral", "withdraw_referral"), ("referral", SENT)),
    **dict.fromkeys(("note_answer", "complete_referral"), ("referral", "S")),
    "settle_contact": ("contact", SENT),
    **dict.fromkeys(("settle_follow_up", "follow_up_not_found", "assess"), ("wave", "S")),
    **dict.fromkeys(("received_referral", "decline_referral", "complete_received"), ("received", "PR")),
    "accept_referral": ("received", SENT),
    "child_check": ("", "W"),
    "case_intake": ("nothing", ""),
    "sealed_cases": ("", "SWF"),
    "erase_case": ("nothing", SENT),
    "case": ("case", "SF"),
    "open_for_purpose": ("case", "F"),
    "case_openings": ("case", "S"),
    "case_profile": ("case", "S"),
    "confirm_step": ("case", SENT),
    "take_back_step": ("case", SENT),
    "case_act": ("case+back", "S"),
    **dict.fromkeys(("record_opportunity", "record_service"), ("", FIELD)),
    "opportunity": ("opportunity", STAFF),
    "mapped_service": ("mapped service", STAFF),
    **dict.fromkeys(("change_opportunity", "verify_opportunity"), ("opportunity", FIELD)),
    **dict.fromkeys(("change_service", "verify_service"), ("mapped service", FIELD)),
    **dict.fromkeys(("forums", "commitments", "disputes", "needs_rankings", "local_projects"), ("", EVERYBODY)),
    "community_due": ("", PEACE),
    "start_forum": ("", "PRIK"),
    **dict.fromkeys(("open_dispute", "rank_needs", "propose_local_project"), ("", "PRI")),
    **dict.fromkeys(("community_forums", "community_projects"), ("peace community", PEACE)),
    "forum": ("forum", PEACE),
    **dict.fromkeys(("change_forum", "seat_forum", "record_session", "record_decision", "raise_concern", "record_agreement", "promise_in_forum"), ("forum", "PRIK")),
    "act_on_decision": ("decision", "PRIK"),
    **dict.fromkeys(("assign_concern", "resolve_concern"), ("concern", "PRIK")),
    "agreement": ("agreement", PEACE),
    "promise_in_agreement": ("agreement", "PRIK"),
    "commitment": ("commitment", PEACE),
    **dict.fromkeys(("keep_commitment", "report_breach", "set_breach_aside", "withdraw_commitment"), ("commitment", "PRIK")),
    "dispute": ("dispute", PEACE),
    **dict.fromkeys(("mediate_dispute", "settle_dispute", "relapse_dispute", "refer_dispute"), ("dispute", "PRI")),
    "promise_in_dispute": ("dispute", "PRIK"),
    "follow_up_dispute": ("follow-up", "PRI"),
    "needs_ranking": ("ranking", PEACE),
    "local_project": ("local project", PEACE),
    "change_local_project": ("local project", "PRI"),
    "act_on_local_project": ("local project+decide", "PRI"),
    **dict.fromkeys(("institutions", "support_checks", "reform_steps"), ("", EVERYBODY)),
    "record_institution": ("", "K"),
    "due_diligence": ("", "KC"),
    **dict.fromkeys(("institution", "institution_measured", "institution_evidence"), ("institution", "MEPRIKC")),
    "institution_complaints": ("body", "MEPRIKC"),
    "complaint_counts": ("", "MEPRK"),
    "count_complaints": ("body", "K"),
    "recount_complaints": ("complaints", "K"),
    "act_on_area": ("institution", "K"),
    "record_support": ("institution", "MEPRIK"),
    **dict.fromkeys(("change_institution", "engage_institution", "count_staff", "prepare_assessment", "begin_reform"), ("institution", "K")),
    **dict.fromkeys(("assessment", "note_entry"), ("assessment", "KC")),
    **dict.fromkeys(("write_assessment", "add_measure"), ("assessment", "K")),
    "decide_assessment": ("assessment", "C"),
    **dict.fromkeys(("send_assessment", "take_back_assessment"), ("assessment", SENT)),
    "change_support": ("support", "MEPRIK"),
    "record_check": ("check", "MEPRIK"),
    **dict.fromkeys(("change_reform", "reach_stage"), ("reform", "K")),
    "survey_rounds": ("", EVERYBODY),
    "plan_round": ("", SURVEYS),
    **dict.fromkeys(("survey_round", "change_round", "enter_response"), ("survey", SURVEYS)),
    "compare_rounds": ("survey", ""),  # without another round there is nothing to compare
    "act_on_round": ("survey+close", SENT),
    **dict.fromkeys(("correct_response", "withdraw_response"), ("survey+1", SURVEYS)),
    "instruments": ("", EVERYBODY),
    "load_instrument": ("", "A"),
    "load_shipped_instruments": ("", SENT),
    **dict.fromkeys(("instrument", "printed_form"), ("instrument", EVERYBODY)),
    "supply_text": ("instrument", ""),  # it is in force
    "act_on_instrument": ("instrument+retire", SENT),
}  # fmt: skip
# These say no before they look: whoever lacks the permission everywhere learns nothing about the object.
SAYS_NO_FIRST = {"suspend_clearance", "propose_successor"}
# People and organizations are kept for the whole agency by whoever invites for it, so that nobody is entered twice.
AGENCY_WIDE = {"person", "give_role", "deputize", "person_leaves", "organization_page", "edit_organization"}
# Instruments hold no answers: they are the same for everybody.
SHARED = {"instrument", "printed_form", "supply_text", "act_on_instrument"}
# The link of an invitation is opened by somebody who is not signed in; it has tests of its own.
OWN_TESTS = {"invitation", "report_abuse"}


def address(name: str, about: str, of: Everything) -> str:
    key, *more = about.split("+")
    known = {**of.keys, "nothing": (uuid4(),), "number": (0,)}
    return reverse(name, args=[*known[key], *(int(part) if part.isdecimal() else part for part in more)])


def test_every_page_is_in_the_table():
    names = {pattern.name for _address, pattern in patterns()}
    missing = sorted(str(name) for name in names - set(PAGES) - OWN_TESTS)
    assert not missing, f"Say in PAGES of tests/test_walk.py what these pages are about and for whom they open: {', '.join(missing)}"
    gone = sorted(set(PAGES) - names)
    assert not gone, f"These pages are in the table of tests/test_walk.py and no longer installed: {', '.join(gone)}"


def test_every_page_opens_for_one_of_its_roles(everything):
    """A person of each role once: quick enough for every database."""
    own, _foreign = everything
    clients = {}
    for role, person in people(own).items():
        clients[role] = Client(raise_request_exception=False)
        clients[role].force_login(person)
    wrong = []
    for name, (about, opens) in PAGES.items():
        if opens and opens != SENT:
            role = LETTERS[opens[0]]
            status = clients[role].get(address(name, about, own)).status_code
            wrong += [f"{name} as {role}: {status}"] if status not in {200, 302} else []
    assert not wrong, "\n".join(wrong)


@pytest.mark.once
def test_pages_open_for_the_roles_of_the_table_and_a_strangers_object_is_not_found(everything):
    own, foreign = everything
    wrong = []
    for role, person in people(own).items():
        client = Client(raise_request_exception=False)
        client.force_login(person)
        for name, (about, opens) in PAGES.items():
            status = client.get(address(name, about, own)).status_code
            if status not in _expected(role, opens):
                wrong.append(f"{name} as {role}: {status}")
            if (
                about.partition("+")[0] in ("", "nothing", "number")
                or role in PORTAL_WIDE
                or name in SHARED
                or (name in AGENCY_WIDE and role == Role.PROGRAM_MANAGER)
            ):
                continue
            status = client.get(address(name, about, foreign)).status_code
            if status not in ({405} if opens == SENT else {403, 404} if name in SAYS_NO_FIRST else {404}):
                wrong.append(f"somebody else's {name} as {role}: {status}")
    assert not wrong, "\n".join(wrong)


def test_who_is_not_signed_in_is_asked_to(everything, client):
    own, _foreign = everything
    wrong = [
        name
        for name, (about, opens) in PAGES.items()
        if name not in ("set_language", "favicon")
        and client.get(address(name, about, own)).status_code not in ({302, 405} if opens == SENT else {302})
    ]
    assert not wrong, ", ".join(wrong)


def _expected(role: Role, opens: str) -> set[int]:
    if opens == SENT:
        return {405}
    return {200, 302} if role in {LETTERS[letter] for letter in opens} else {403, 404}


def test_every_page_has_a_name_of_its_own():
    names = [pattern.name for _address, pattern in patterns()]
    assert sorted(names) == sorted(set(names))
