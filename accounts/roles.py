"""Who may do what: permissions are words, roles are lists of those words. ``docs/roles.md`` is rendered from this file."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Permission(TextChoices):
    SET_UP = "set_up", _("set up the portal: people, places, settings, library")
    INVITE = "invite", _("invite people and give roles")
    MANAGE_KEYS = "manage_keys", _("create and revoke the organization's API keys")
    READ_PROGRAM = "read_program", _("read programs, projects, frameworks and plans")
    EDIT_FRAMEWORK = "edit_framework", _("edit frameworks, assignments, periods and work plans")
    IMPORT_FRAMEWORK = "import_framework", _("bring in a framework or past figures from a file")
    PROPOSE_DEFINITION = "propose_definition", _("propose an indicator definition or its successor")
    APPROVE_DEFINITION = "approve_definition", _("approve a successor definition")
    READ_RAW = "read_raw", _("see figures of people without suppression")
    READ_PUBLISHED = "read_published", _("see published figures")
    ENTER_FIGURES = "enter_figures", _("enter a partner's figures")
    SIGN_OFF_FIGURES = "sign_off_figures", _("sign off figures for the partner")
    SUBMIT_FIGURES = "submit_figures", _("submit a report to review, and recall it")
    ENTER_ON_BEHALF = "enter_on_behalf", _("type a partner's figures for it, with its file")
    REVIEW_FIGURES = "review_figures", _("return or accept submitted figures, extend, exempt, remind")
    REOPEN_FIGURES = "reopen_figures", _("reopen accepted figures, lock and unlock periods")
    READ_ACTIVITIES = "read_activities", _("read activity records")
    RECORD_ACTIVITIES = "record_activities", _("record activities")
    OPEN_EVIDENCE = "open_evidence", _("open evidence that holds names")
    READ_ACTION_POINTS = "read_action_points", _("read action points")
    EDIT_ACTION_POINTS = "edit_action_points", _("create, finish and verify action points")
    READ_MONEY = "read_money", _("read grants and spending")
    EDIT_MONEY = "edit_money", _("enter grants, approved amounts and spending")
    PREPARE_REPORT = "prepare_report", _("prepare donor reports")
    SIGN_OFF_REPORT = "sign_off_report", _("sign off and send donor reports")
    READ_SENT_REPORT = "read_sent_report", _("read donor reports that were sent")
    READ_SURVEYS = "read_surveys", _("read survey rounds of communities and institutions")
    RECORD_SURVEYS = "record_surveys", _("plan survey rounds and enter answers")
    READ_COMMUNITIES = "read_communities", _("read communities, incidents, warnings, disputes and local projects")
    RECORD_COMMUNITIES = "record_communities", _("record what happens in communities")
    VERIFY_INCIDENTS = "verify_incidents", _("verify incidents and decide likely duplicates")
    READ_FORUMS = "read_forums", _("read forums, their decisions and commitments")
    RECORD_FORUMS = "record_forums", _("record forums, their decisions and commitments")
    READ_INSTITUTIONS = "read_institutions", _("read institutions, their capacity, support and reform")
    RECORD_INSTITUTIONS = "record_institutions", _("record institutions, their capacity, support and reform")
    ASSESS_CLEARANCE = "assess_clearance", _("prepare a human-rights due diligence for a decision")
    WORK_CASES = "work_cases", _("open cases and work on those assigned to oneself")
    SUPERVISE_CASES = "supervise_cases", _("see every case of the partner, approve, close, reopen and hand over")
    OVERSEE_CASES = "oversee_cases", _("open a case for a stated purpose, to protect the person")
    READ_CASE_COUNTS = "read_case_counts", _("see counts made of cases, hidden where small without raw figures")
    COUNT_CHILDREN = "count_children", _("record the handover of children and their monthly counts")
    DECIDE_CLEARANCE = "decide_clearance", _("decide clearances and conflict-sensitivity reviews")
    READ_AUDIT = "read_audit", _("search the audit log")
    READ_PORTFOLIO = "read_portfolio", _("read the portfolio")


P = Permission


class Role(TextChoices):
    ADMINISTRATOR = "administrator", _("Administrator")
    PROGRAM_MANAGER = "program_manager", _("Program manager")
    MANDE_OFFICER = "mande_officer", _("M&E officer")
    PARTNER_MANAGER = "partner_manager", _("Partner manager")
    PARTNER_REPORTER = "partner_reporter", _("Partner reporter")
    CASE_SUPERVISOR = "case_supervisor", _("Case supervisor")
    CASEWORKER = "caseworker", _("Caseworker")
    COMMUNITY_OFFICER = "community_officer", _("Community officer")
    INSTITUTION_OFFICER = "institution_officer", _("Institution officer")
    FOCAL_POINT = "focal_point", _("Protection focal point")
    CLEARANCE_DECIDER = "clearance_decider", _("Clearance decider")
    DONOR_VIEWER = "donor_viewer", _("Donor viewer")
    AUDITOR = "auditor", _("Auditor")


_FIELD = (P.READ_PROGRAM, P.READ_PUBLISHED, P.READ_ACTIVITIES, P.READ_ACTION_POINTS)
_OFFICER = (*_FIELD, P.RECORD_ACTIVITIES, P.EDIT_ACTION_POINTS)
_EVIDENCE = (P.READ_SURVEYS, P.READ_COMMUNITIES, P.READ_FORUMS, P.READ_INSTITUTIONS)
_PARTNER = (
    *_OFFICER,
    *_EVIDENCE,
    P.RECORD_SURVEYS,
    P.READ_RAW,
    P.ENTER_FIGURES,
    P.SUBMIT_FIGURES,
    P.READ_MONEY,
    P.RECORD_COMMUNITIES,
    P.RECORD_FORUMS,
)
_MANAGING = (*_OFFICER, *_EVIDENCE, P.RECORD_SURVEYS, P.VERIFY_INCIDENTS, P.READ_CASE_COUNTS)

GRANTS: dict[Role, frozenset[Permission]] = {
    Role.ADMINISTRATOR: frozenset({*_FIELD, P.SET_UP, P.INVITE, P.MANAGE_KEYS, P.EDIT_FRAMEWORK, P.IMPORT_FRAMEWORK, P.PROPOSE_DEFINITION}),
    Role.PROGRAM_MANAGER: frozenset(
        {
            *_MANAGING, P.INVITE, P.MANAGE_KEYS, P.READ_RAW, P.EDIT_FRAMEWORK, P.IMPORT_FRAMEWORK, P.PROPOSE_DEFINITION, P.APPROVE_DEFINITION,
            P.ENTER_ON_BEHALF, P.REVIEW_FIGURES, P.REOPEN_FIGURES, P.READ_MONEY, P.EDIT_MONEY, P.PREPARE_REPORT, P.SIGN_OFF_REPORT,
            P.READ_SENT_REPORT, P.READ_PORTFOLIO, P.OPEN_EVIDENCE,
        }
    ),
    Role.MANDE_OFFICER: frozenset(
        {
            *_MANAGING, P.READ_RAW, P.EDIT_FRAMEWORK, P.IMPORT_FRAMEWORK, P.PROPOSE_DEFINITION, P.APPROVE_DEFINITION, P.ENTER_ON_BEHALF,
            P.REVIEW_FIGURES, P.REOPEN_FIGURES, P.READ_MONEY, P.EDIT_MONEY, P.PREPARE_REPORT, P.READ_SENT_REPORT, P.READ_PORTFOLIO,
            P.OPEN_EVIDENCE,
        }
    ),
    Role.PARTNER_MANAGER: frozenset({*_PARTNER, P.SIGN_OFF_FIGURES, P.INVITE, P.MANAGE_KEYS, P.READ_CASE_COUNTS}),
    Role.PARTNER_REPORTER: frozenset(_PARTNER),
    Role.CASE_SUPERVISOR: frozenset({*_OFFICER, P.SUPERVISE_CASES, P.READ_CASE_COUNTS, P.COUNT_CHILDREN}),
    Role.CASEWORKER: frozenset({*_OFFICER, P.WORK_CASES, P.COUNT_CHILDREN}),
    Role.COMMUNITY_OFFICER: frozenset({*_OFFICER, *_EVIDENCE, P.RECORD_SURVEYS, P.RECORD_COMMUNITIES, P.VERIFY_INCIDENTS, P.RECORD_FORUMS}),
    Role.INSTITUTION_OFFICER: frozenset(
        {*_OFFICER, *_EVIDENCE, P.RECORD_SURVEYS, P.RECORD_FORUMS, P.RECORD_INSTITUTIONS, P.ASSESS_CLEARANCE}
    ),
    Role.FOCAL_POINT: frozenset({*_FIELD, P.OPEN_EVIDENCE, P.EDIT_ACTION_POINTS, P.READ_AUDIT, P.OVERSEE_CASES, P.READ_CASE_COUNTS}),
    Role.CLEARANCE_DECIDER: frozenset({*_FIELD, P.READ_INSTITUTIONS, P.DECIDE_CLEARANCE}),
    Role.DONOR_VIEWER: frozenset({P.READ_PUBLISHED, P.READ_SENT_REPORT}),
    Role.AUDITOR: frozenset({*_FIELD, P.READ_AUDIT, P.READ_SENT_REPORT, P.READ_MONEY, P.READ_PORTFOLIO}),
}  # fmt: skip

# Roles whose work touches personal data or the settings: a second factor is asked before anything else.
SECOND_FACTOR = frozenset(
    {
        Role.ADMINISTRATOR,
        Role.PROGRAM_MANAGER,
        Role.MANDE_OFFICER,
        Role.CASE_SUPERVISOR,
        Role.CASEWORKER,
        Role.FOCAL_POINT,
        Role.CLEARANCE_DECIDER,
        Role.AUDITOR,
    }
)

PARTNER_ROLES = frozenset({Role.PARTNER_MANAGER, Role.PARTNER_REPORTER})
REVIEW_ROLES = frozenset({Role.PROGRAM_MANAGER, Role.MANDE_OFFICER})
READ_ONLY_ROLES = frozenset({Role.DONOR_VIEWER, Role.AUDITOR})
# Roles that mean nothing without the organization, project or place they are held for.
NEEDS_SCOPE = frozenset(set(Role) - {Role.ADMINISTRATOR, Role.AUDITOR, Role.CLEARANCE_DECIDER, Role.FOCAL_POINT})

# Which roles the holder of a role may give, within the scope of the membership that lets him; nobody gives one to himself.
GIVES: dict[Role, frozenset[Role]] = {
    Role.ADMINISTRATOR: frozenset(Role),
    Role.PROGRAM_MANAGER: frozenset(set(Role) - {Role.ADMINISTRATOR, Role.AUDITOR}),
    Role.PARTNER_MANAGER: PARTNER_ROLES,
}


def clash(one: Role, other: Role) -> bool:
    """Whether nobody may hold these two roles within one scope (design: never held together)."""
    for first, second in ((one, other), (other, one)):
        if first in READ_ONLY_ROLES and second not in READ_ONLY_ROLES:
            return True
        if first in PARTNER_ROLES and second in REVIEW_ROLES:
            return True
        if first == Role.CASEWORKER and second == Role.CASE_SUPERVISOR:
            return True
    return False


def holding(*permissions: Permission) -> list[Role]:
    """The roles that hold every one of these permissions."""
    return [role for role, words in GRANTS.items() if words.issuperset(permissions)]
