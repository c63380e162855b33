"""Every endpoint of the API as every role, with one's own object and a stranger's; found by walking the router."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from django.urls import reverse

from accounts.roles import GRANTS, PARTNER_ROLES, Permission, Role
from communities.models import ViolationCount
from exchange.models import Import
from institutions.models import ComplaintMonth
from peacebuild.api import router
from programs.models import IndicatorDefinition, SupportClearance
from tests import factories
from tests.callers import Caller, anonymous, as_person
from tests.peacebuild.stock import MAKERS, OWN_TESTS, PUBLIC, arguments_of

pytestmark = pytest.mark.django_db

P = Permission


def _course(world: Any) -> dict[str, Any]:
    return {"title": "Welding", "sector": "metal", "kind": "training", "provider": "Centre", "place": world.place.code}


ANSWERING = (P.RECORD_COMMUNITIES, P.VERIFY_INCIDENTS)  # one of them is enough

# What each write needs, and a body that would pass; a new write joins here, or the first test fails.
WRITES: dict[str, tuple[Permission | tuple[Permission, ...], Any]] = {
    "activities.create": (
        P.RECORD_ACTIVITIES,
        lambda w: {
            "project": w.project.code,
            "partner": w.partner.pk,
            "kind": "training",
            "happened_on": "2026-01-15",
            "place": w.place.code,
        },
    ),
    "action-points.create": (
        P.EDIT_ACTION_POINTS,
        lambda w: {"project": w.project.code, "text": "Call", "owner": w.manager.email, "due_on": "2026-12-31"},
    ),
    "action-points.done": (P.EDIT_ACTION_POINTS, lambda w: {"note": "Called."}),
    "communities.create": (
        P.RECORD_COMMUNITIES,
        lambda w: {"name": "Town", "place": w.place.code, "projects": [w.project.code], "partner": w.partner.pk},
    ),
    "communities.population": (
        P.RECORD_COMMUNITIES,
        lambda w: {"observed_on": "2026-02-01", "source": "county", "people": {"host": 900}},
    ),
    "incidents.create": (
        P.RECORD_COMMUNITIES,
        lambda w: {"type": "threat", "event_date": "2026-01-15", "place": w.place.code, "source": "monitor", "partner": w.partner.pk},
    ),
    "incidents.verify": (P.VERIFY_INCIDENTS, lambda w: {"reliability": "B", "credibility": 2}),
    "incidents.count_violations": (
        P.RECORD_COMMUNITIES,
        lambda w: {
            "kind": "sexual_violence",
            "area": w.place.code,
            "starts_on": "2026-01-01",
            "number": 2,
            "source": "cluster",
            "partner": w.partner.pk,
        },
    ),
    "early-warnings.create": (
        P.RECORD_COMMUNITIES,
        lambda w: {"community": MAKERS["communities"](w).pk, "signal": "Armed men", "severity": 2},
    ),
    "early-warnings.acknowledge": (ANSWERING, lambda w: {}),
    "early-warnings.respond": (ANSWERING, lambda w: {"response": "The committee went there."}),
    "early-warnings.decide": (ANSWERING, lambda w: {"decision": "watched"}),
    "forums.create": (
        P.RECORD_FORUMS,
        lambda w: {
            "name": "Talks",
            "kind": "dialogue",
            "project": w.project.code,
            "partner": w.partner.pk,
            "place": w.place.code,
            "started_on": "2026-01-15",
        },
    ),
    "forums.sessions": (P.RECORD_FORUMS, lambda w: {"happened_on": "2026-01-15", "people_present": 9, "women": 4}),
    "commitments.create": (
        P.RECORD_FORUMS,
        lambda w: {"forum": MAKERS["forums"](w).pk, "text": "Mark the routes", "who": "Land office", "due_on": "2026-12-31"},
    ),
    "commitments.kept": (P.RECORD_FORUMS, lambda w: {"on": "2026-02-15", "source": "visit report"}),
    "commitments.breach": (P.RECORD_FORUMS, lambda w: {"on": "2026-02-15", "source": "police post"}),
    "commitments.no_breach": (P.RECORD_FORUMS, lambda w: {"on": "2026-02-15", "source": "visit report", "text": "Another herd."}),
    "commitments.withdraw": (P.RECORD_FORUMS, lambda w: {"on": "2026-02-15", "source": "minutes", "text": "The route moved."}),
    "disputes.create": (
        P.RECORD_COMMUNITIES,
        lambda w: {
            "title": "A herd in the crops",
            "kind": "land",
            "project": w.project.code,
            "partner": w.partner.pk,
            "place": w.place.code,
            "opened_on": "2026-01-15",
            "parties": [{"role": "farmers"}, {"role": "herders"}],
        },
    ),
    "disputes.mediate": (P.RECORD_COMMUNITIES, lambda w: {"on": "2026-02-15", "mediators": [{"kind": "chiefs"}]}),
    "disputes.settle": (P.RECORD_COMMUNITIES, lambda w: {"on": "2026-02-15", "terms": "The herd stays off."}),
    "disputes.relapse": (P.RECORD_COMMUNITIES, lambda w: {"on": "2026-02-15", "note": "Back."}),
    "disputes.refer": (P.RECORD_COMMUNITIES, lambda w: {"on": "2026-02-15", "to": "county court"}),
    "agreements.create": (
        P.RECORD_FORUMS,
        lambda w: {
            "title": "Corridor",
            "project": w.project.code,
            "partner": w.partner.pk,
            "place": w.place.code,
            "signed_on": "2026-01-15",
            "parties": "farmers",
            "mediator": "chiefs",
            "dispute_kind": "land",
            "stage": "Cea",
        },
    ),
    "needs-rankings.create": (
        P.RECORD_COMMUNITIES,
        lambda w: {
            "title": "January",
            "project": w.project.code,
            "partner": w.partner.pk,
            "place": w.place.code,
            "starts_on": "2026-01-12",
            "ends_on": "2026-01-15",
            "groups": [{"group": "women", "people": 9, "needs": ["Water", "Roads"]}],
        },
    ),
    "local-projects.create": (
        P.RECORD_COMMUNITIES,
        lambda w: {
            "title": "Borehole",
            "kind": "infrastructure",
            "project": w.project.code,
            "partner": w.partner.pk,
            "place": w.place.code,
            "proposed_on": "2026-01-15",
            "minutes": "PSC-7",
            "currency": "USD",
            "asked": "20000",
        },
    ),
    "local-projects.decide": (P.RECORD_COMMUNITIES, lambda w: {"decision": "approved", "on": "2026-02-15", "approved": "18000"}),
    "local-projects.start": (P.RECORD_COMMUNITIES, lambda w: {"on": "2026-02-15"}),
    "local-projects.hold": (P.RECORD_COMMUNITIES, lambda w: {"on": "2026-02-15", "note": "Rain."}),
    "local-projects.stop": (P.RECORD_COMMUNITIES, lambda w: {"on": "2026-02-15", "note": "The well is dry."}),
    "local-projects.complete": (P.RECORD_COMMUNITIES, lambda w: {"on": "2026-02-15"}),
    "local-projects.hand_over": (P.RECORD_COMMUNITIES, lambda w: {"on": "2026-02-15", "to": "water committee"}),
    "local-projects.check": (P.RECORD_COMMUNITIES, lambda w: {"on": "2026-02-15", "works": True, "used": True}),
    "local-projects.contribute": (P.RECORD_COMMUNITIES, lambda w: {"source": "community", "in_kind": "40 days of work"}),
    "local-projects.pay": (P.RECORD_COMMUNITIES, lambda w: {"paid_on": "2026-02-15", "amount": "10", "reference": "P1"}),
    "local-projects.ask_users": (
        P.RECORD_COMMUNITIES,
        lambda w: {"asked_on": "2026-02-15", "whom": "users", "asked": 118, "satisfied": 96},
    ),
    "imports.create": (P.ENTER_FIGURES, lambda w: {}),
    "imports.confirm": (P.ENTER_FIGURES, lambda w: {}),
    "imports.undo": (P.IMPORT_FRAMEWORK, lambda w: {}),
    "opportunities.create": (
        P.RECORD_ACTIVITIES,
        lambda w: {"program": w.project.program.code, "kept_by": w.partner.pk} | _course(w),
    ),
    "opportunities.update": (P.RECORD_ACTIVITIES, lambda w: _course(w)),
    "opportunities.verify": (P.RECORD_ACTIVITIES, lambda w: {"status": "open"}),
    "survey-rounds.create": (
        P.RECORD_SURVEYS,
        lambda w: {
            "instrument": "social-cohesion",
            "project": w.project.code,
            "partner": w.partner.pk,
            "place": w.place.code,
            "stage": "baseline",
            "held_on": "2026-02-03",
        },
    ),
    "survey-rounds.partial_update": (P.RECORD_SURVEYS, lambda w: {"planned_n": 120}),
    "survey-rounds.open": (P.RECORD_SURVEYS, lambda w: {}),
    "survey-rounds.close": (P.RECORD_SURVEYS, lambda w: {}),
    "survey-rounds.approve": (P.RECORD_SURVEYS, lambda w: {}),
    "survey-rounds.responses": (
        P.RECORD_SURVEYS,
        lambda w: {"external_id": "6f1e1f0a-3a55-4a3e-9f5d-2c1b0c6f7a11", "answers": {"Q1": "yes"}},
    ),
    "survey-rounds.correct": (P.RECORD_SURVEYS, lambda w: {"answers": {"Q1": "yes"}}),
    "submissions.create": (
        P.ENTER_FIGURES,
        lambda w: {"project": w.project.code, "period": w.period.code, "partner": w.partner.pk},
    ),
    "submissions.figures": (P.ENTER_FIGURES, lambda w: {"figures": []}),
    "submissions.narrative": (P.ENTER_FIGURES, lambda w: {"challenges": "Rain."}),
    "submissions.nil": (P.ENTER_FIGURES, lambda w: {"reason": "Nothing happened."}),
    "submissions.explain": (
        P.ENTER_FIGURES,
        lambda w: {"indicator": w.project.indicators.first().code, "place": w.place.code, "flag": "jump", "sentence": "A new camp."},
    ),
    "submissions.take_records": (
        P.ENTER_FIGURES,
        lambda w: {"indicator": w.project.indicators.first().code, "place": w.place.code},
    ),
    "submissions.sign_off": (P.SIGN_OFF_FIGURES, lambda w: {}),
    "submissions.submit": (P.SUBMIT_FIGURES, lambda w: {}),
    "submissions.recall": (P.SUBMIT_FIGURES, lambda w: {}),
    "submissions.return_": (P.REVIEW_FIGURES, lambda w: {"note": "Please look again."}),
    "submissions.accept": (P.REVIEW_FIGURES, lambda w: {}),
    "submissions.reopen": (P.REOPEN_FIGURES, lambda w: {"indicators": [w.project.indicators.first().code], "reason": "A sheet."}),
}
# Staff may go on with a partner's report for it; to open one, they say "on_behalf".
ON_BEHALF = {
    "submissions.figures",
    "submissions.narrative",
    "submissions.nil",
    "submissions.explain",
    "submissions.take_records",
    "imports.confirm",
}
# Only for the caller's own organization, whatever the role: shown in tests/surveys/test_api.py.
SENDERS_ONLY = {"survey-rounds.correct"}
# A file cannot be sent as JSON: what it needs is shown in tests/exchange/test_api.py.
FORM_ONLY = {"imports.create"}


@cache
def endpoints() -> list[tuple[str, str, str, Any, bool]]:
    """(list's name, route's name, method, action, has an object) of every operation."""
    found = []
    for pattern in router.urls:
        view = pattern.callback.cls
        name = next(name for _prefix, one, name in router.registry if one is view)
        for method, action in pattern.callback.actions.items():
            if method != "head" and name not in OWN_TESTS:
                found.append((name, pattern.name, method, action, "<" in str(pattern.pattern)))
    return found


def test_every_write_says_here_what_it_needs():
    writes = {f"{name}.{action}" for name, _route, method, action, _one in endpoints() if method != "get"}
    assert writes == set(WRITES)


@pytest.fixture(autouse=True)
def _no_limits(settings):
    settings.API_READS_A_MINUTE = settings.API_WRITES_A_MINUTE = 0


@pytest.fixture
def mine():
    return _world("MINE")


@pytest.fixture
def strange():
    return _world("STRANGE")


def _world(code: str):
    world = factories.world(code)
    world.indicator()
    world.open()
    return world


def person_with(role: Role, world) -> Caller:
    scope: dict[str, Any] = {"project": world.project}
    if role in PARTNER_ROLES:
        scope = {"organization": world.partner}
    if role == Role.DONOR_VIEWER:
        scope = {"organization": factories.donor()}
    return as_person(factories.member(role, **scope))


@pytest.mark.parametrize("role", list(Role))
def test_one_reads_what_ones_role_reads_and_never_a_strangers(role, mine, strange):
    caller = person_with(role, mine)
    for name, route, method, _action, has_object in endpoints():
        if method != "get":
            continue
        view = next(view for _prefix, view, one in router.registry if one == name)
        own, other = MAKERS[name](mine), MAKERS[name](strange)
        if not has_object:
            answer = caller.get(reverse(f"api:{route}"))
            assert answer.status_code == 200
            if name not in PUBLIC:
                assert "STRANGE" not in answer.content.decode(), (role, route)
            continue
        read = caller.get(reverse(f"api:{route}", args=arguments_of(route, view, own)))
        assert read.status_code == (200 if _reads(role, view) else 404), (role, route, read.content)
        foreign = caller.get(reverse(f"api:{route}", args=arguments_of(route, view, other)))
        assert foreign.status_code == (200 if name in PUBLIC else 404), (role, route)


@pytest.mark.parametrize("role", list(Role))
def test_one_writes_what_ones_role_writes_and_never_to_a_strangers(role, mine, strange):
    caller = person_with(role, mine)
    theirs: dict[str, Any] = {}  # nothing is ever written to a stranger's: one row of each kind is enough
    for name, route, method, action, has_object in endpoints():
        if method == "get":
            continue
        word, body_of = WRITES[f"{name}.{action}"]
        view = next(view for _prefix, view, one in router.registry if one == name)
        send = getattr(caller, method)
        for world in (mine, strange):
            row = None
            if has_object and world is mine:
                row = MAKERS[name](mine)
            elif has_object:
                if name not in theirs:
                    theirs[name] = MAKERS[name](strange)
                row = theirs[name]
            address = reverse(f"api:{route}", args=arguments_of(route, view, row) if has_object else [])
            answer = send(address, body_of(world))
            if world is strange:
                assert answer.status_code in ((404,) if has_object else (403, 422)), (role, route, answer.content)
            elif has_object and not _reads(role, view):
                assert answer.status_code == 404, (role, route, answer.content)
            elif GRANTS[role].isdisjoint(word if isinstance(word, tuple) else (word,)) and not (
                f"{name}.{action}" in ON_BEHALF and P.ENTER_ON_BEHALF in GRANTS[role]
            ):
                assert answer.status_code in (403, 404, 422), (role, route, answer.content)
                assert answer.status_code != 422 or not _reads_projects(role) or f"{name}.{action}" in FORM_ONLY, (
                    role,
                    route,
                    answer.content,
                )
            elif f"{name}.{action}" in SENDERS_ONLY:
                assert answer.status_code == 404, (role, route, answer.content)
            else:
                assert answer.status_code in (200, 201, 409, 422), (role, route, answer.content)


def test_without_a_key_or_session_everything_is_401_and_says_how(mine):
    caller = anonymous()
    for name, route, method, _action, has_object in endpoints():
        view = next(view for _prefix, view, one in router.registry if one == name)
        address = reverse(f"api:{route}", args=arguments_of(route, view, MAKERS[name](mine)) if has_object else [])
        answer = caller.raw(method.upper(), address, b"{}")
        assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json"), route
        assert answer["WWW-Authenticate"].startswith("Bearer")


def test_what_is_not_offered_is_405_and_still_a_problem(mine):
    caller = person_with(Role.PROGRAM_MANAGER, mine)
    for pattern in router.urls:
        if pattern.name.startswith(tuple(OWN_TESTS)):
            continue
        offered = set(pattern.callback.actions)
        name = next(name for _prefix, one, name in router.registry if one is pattern.callback.cls)
        view = pattern.callback.cls
        arguments = arguments_of(pattern.name, view, MAKERS[name](mine)) if "<" in str(pattern.pattern) else []
        for method in {"post", "put", "patch", "delete"} - offered:
            answer = caller.raw(method.upper(), reverse(f"api:{pattern.name}", args=arguments), b"{}")
            assert (answer.status_code, answer["Content-Type"]) == (405, "application/problem+json"), (pattern.name, method)


def test_a_donor_viewer_reads_no_draft_figures_programs_or_people(mine):
    caller = person_with(Role.DONOR_VIEWER, mine)
    for name, maker in MAKERS.items():
        maker(mine)
        rows = caller.get(reverse(f"api:{name}-list")).json()["results"]
        assert name in PUBLIC or not rows or name == "indicator-definitions", name
    library = caller.get(reverse("api:indicator-definitions-list")).json()["results"]
    assert {row["project"] for row in library} <= {None}


def _reads_projects(role: Role) -> bool:
    return P.READ_PROGRAM in GRANTS[role]


def _reads(role: Role, view: Any) -> bool:
    """From the model's own reading permission; the gazetteer and instruments are open to whoever is signed in."""
    if view.model is Import:  # the one in stock is a workbook, which holds figures
        return P.READ_RAW in GRANTS[role]
    if view.model is SupportClearance:  # shown with the institutions that one reads
        return P.READ_INSTITUTIONS in GRANTS[role]
    if view.model is IndicatorDefinition:
        return P.READ_PROGRAM in GRANTS[role]
    if view.model is ComplaintMonth:  # who counts complaints, and who sees raw figures
        return not GRANTS[role].isdisjoint({P.RECORD_INSTITUTIONS, P.READ_RAW})
    if view.model is ViolationCount:  # who verifies incidents, and who recorded the count
        return not GRANTS[role].isdisjoint({P.VERIFY_INCIDENTS, P.RECORD_COMMUNITIES})
    word = getattr(view.model.objects.all(), "read_permission", None)
    return (
        word in GRANTS[role]
        if word is not None
        else view.model.__name__ in {"Place", "InstrumentVersion"} or P.READ_PROGRAM in GRANTS[role]
    )
