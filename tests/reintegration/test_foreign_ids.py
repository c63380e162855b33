"""Somebody else's id and one that nobody has are answered alike: status, body, headers and the number of queries."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from accounts.roles import Role
from peacebuild.api import router
from reintegration.models import (
    Case,
    ChildHandover,
    ChildMonth,
    IntakeDraft,
    MappedService,
    Opportunity,
    OverrideRequest,
    Referral,
    SharingAgreement,
)
from reintegration.urls import urlpatterns
from tests import cases, factories
from tests.callers import as_person, key_of, with_key
from tests.reintegration import making
from tests.test_walk import LETTERS, PAGES, SENT, a_case

pytestmark = pytest.mark.django_db
NOBODYS = "0000000ZZ"  # no code that was ever minted
THEIRS, NOBODYS_NUMBER = 7_654_321, 7_654_322  # long enough to be told from whatever else an answer holds
EACH_TIME = {"Date", "Expires", "X-Request-ID"}  # differ between any two answers; both times are of the clock, never of a row
MASKS = [
    (r'name="csrfmiddlewaretoken" value="[^"]+"', "csrf"),
    (r'"X-CSRFToken": ?"[^"]+"', "csrf"),
    (r'nonce="[^"]+"', "nonce"),
    (r"\d+\.\d{8}T\d{6}Z", "checkpoint"),
]

Answer = tuple[int, str, dict[str, str], int]


def told(send: Callable[[], Any], *echoed: Any) -> Answer:
    """What the caller can see of an answer, without what it sent itself and what differs each time."""
    with CaptureQueriesContext(connection) as asked:
        answer = send()
    body = answer.content.decode()
    headers = {name: value for name, value in answer.headers.items() if name not in EACH_TIME}
    for mine in sorted({str(one) for one in echoed} | {answer.headers.get("X-Request-ID", "-")}, key=len, reverse=True):
        body = body.replace(mine, "MINE")
        headers = {name: value.replace(mine, "MINE") for name, value in headers.items()}
    for pattern, word in MASKS:
        body = re.sub(pattern, word, body)
        headers = {name: re.sub(r"nonce-[^']+", "nonce", value) for name, value in headers.items()}
    return answer.status_code, body, headers, len(asked)


def pages(kinds: set[str]) -> Iterator[tuple[str, str, list[str]]]:
    """Every page about one of these, with further parts of its address."""
    for name, (about, _opens) in PAGES.items():
        kind, *more = about.split("+")
        if kind in kinds:
            yield name, kind, more


@pytest.fixture
def world():
    return factories.world("MINE")


@pytest.fixture
def foreign():
    """Another partner's case with one of each, and its referral received by a third one."""
    made = a_case(factories.world("FOREIGN"))
    case = Case.objects.get(code=made["case"][0])
    asked = OverrideRequest.objects.create(
        case=case, to_organization=factories.partner(), service="health", urgency="soon", contact_route="office", reason="a life",
        asked_by=case.caseworker,
    )  # fmt: skip
    return made | {"override": (case.code, asked.pk)}


def asked_alike(
    client: Client, name: str, theirs: list[Any], nobodys: list[Any], problems: list[str], methods: tuple[str, ...] = ("get", "post"),
    allowed: tuple[int, ...] = (404, 405),
) -> None:  # fmt: skip
    for method in methods:
        send = getattr(client, method)
        seen = [told(partial(send, reverse(name, args=args)), *args) for args in (theirs, nobodys)]
        if seen[0] != seen[1] or seen[0][0] not in allowed:
            problems.append(f"{method} {name}: {[(status, headers, queries) for status, _body, headers, queries in seen]}")


def of_another_program(world) -> dict[str, Any]:
    """People who see a lot, but in another program."""
    program = {"program": world.project.program}
    return {
        "supervisor": cases.supervisor(world), "manager": factories.member(Role.PROGRAM_MANAGER, **program),
        "M&E officer": factories.member(Role.MANDE_OFFICER, **program), "focal point": factories.member(Role.FOCAL_POINT, **program),
    }  # fmt: skip


@pytest.mark.parametrize("who", ["supervisor", "manager", "M&E officer", "focal point"])
def test_every_page_of_a_strangers_case_answers_like_one_of_no_case(world, foreign, who):
    client = Client(raise_request_exception=False)
    client.force_login(of_another_program(world)[who])
    client.get(reverse("case", args=[NOBODYS]))
    problems: list[str] = []
    for name, kind, more in pages(set(foreign)):
        nobodys = [uuid4() if isinstance(one, UUID) else NOBODYS for one in foreign[kind]]
        methods = ("post",) if PAGES[name][1] == SENT else ("get",)  # both for those of the tests below
        asked_alike(client, name, [*foreign[kind], *more], [*nobodys, *more], problems, methods)
    assert not problems, "\n".join(problems)
    assert len(list(pages(set(foreign)))) > 40, "the pages of a case"


def test_a_colleague_of_the_same_office_learns_as_little(world):
    theirs, own = a_case(world), cases.caseworker(world)
    client = Client(raise_request_exception=False)
    client.force_login(own)
    client.get(reverse("case", args=[NOBODYS]))
    problems: list[str] = []
    for name in ("case", "case_plan", "case_referrals", "case_contacts", "case_openings", "open_for_purpose"):
        asked_alike(client, name, list(theirs["case"]), [NOBODYS], problems)
    assert not problems, "\n".join(problems)


def test_what_belongs_to_another_case_is_not_found_under_ones_own(world, foreign):
    mine = a_case(world)
    case = Case.objects.get(code=mine["case"][0])
    client = Client(raise_request_exception=False)
    client.force_login(case.caseworker)
    client.get(reverse("case_plan", args=[case.code]))
    problems: list[str] = []
    for name, kind, more in pages({"plan", "goal", "contact", "wave", "service given", "referral", "override"}):
        asked_alike(client, name, [case.code, foreign[kind][1], *more], [case.code, uuid4(), *more], problems)
    assert not problems, "\n".join(problems)


def test_an_intake_of_somebody_else_and_a_sealed_case_elsewhere_answer_like_none(world, foreign):
    strange = Case.objects.get(code=foreign["case"][0])
    draft = IntakeDraft.objects.create(
        project=strange.project, partner=strange.partner, pathway="reintegration", notice=strange.notice, notice_given_on=strange.opened_on,
        notice_method="oral", basis="consent", started_by=strange.caseworker, expires_at=strange.updated_at.replace(year=2100),
    )  # fmt: skip
    client = Client(raise_request_exception=False)
    client.force_login(cases.caseworker(world))
    client.get(reverse("case", args=[NOBODYS]))
    problems: list[str] = []
    asked_alike(client, "case_intake", [draft.pk], [uuid4()], problems)
    asked_alike(client, "erase_case", [strange.pk], [uuid4()], problems)
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("who", ["a second partner's key", "the partner's key for other things", "a person"])
def test_every_endpoint_of_cases_answers_for_a_foreign_case_like_for_none(world, foreign, who):
    strange = Case.objects.get(code=foreign["case"][0])
    manager = factories.member(Role.PARTNER_MANAGER, organization=world.partner)
    own = factories.member(Role.PARTNER_MANAGER, organization=strange.partner)
    caller = {
        "a second partner's key": lambda: with_key(key_of(world.partner, by=manager, may_work_cases=True)),
        "the partner's key for other things": lambda: with_key(key_of(strange.partner, by=own)),
        "a person": lambda: as_person(strange.caseworker),
    }[who]()
    caller.get("/me/")
    step = {"to": "screened", "on": "2026-01-01", "interviewer": "same_sex"}
    sends: dict[str, Callable[[str], Any]] = {
        "read": lambda path: caller.get(path),
        "put": lambda path: caller.put(path, step),
        "patch": lambda path: caller.raw("PATCH", path, b"{}"),
        "delete": lambda path: caller.raw("DELETE", path),
        "options": lambda path: caller.raw("OPTIONS", path),
        "advance": lambda path: caller.post(f"{path}advance/", step),
        "advance badly": lambda path: caller.post(f"{path}advance/", {"to": "nowhere"}),
        "advance once": lambda path: caller.post(f"{path}advance/", step, **{"Idempotency-Key": str(uuid4())}),
        "read the step": lambda path: caller.get(f"{path}advance/"),
    }
    before = AuditEvent.objects.filter(subjects__key=str(strange.pk)).count()
    for what, send in sends.items():
        theirs, nobodys = (told(partial(send, f"/cases/{id}/"), id) for id in (strange.pk, uuid4()))
        assert theirs == nobodys, what
        assert theirs[0] in (200, 403, 404, 405), what
        assert strange.code not in theirs[1]
    assert AuditEvent.objects.filter(subjects__key=str(strange.pk)).count() == before


OURS = {prefix: view for prefix, view, _name in router.registry if view.__module__.startswith("reintegration.")}
BODY = {  # whatever any endpoint may ask for, so that none is refused for its form alone
    "to": "screened", "on": "2026-01-01", "interviewer": "same_sex", "outcome": "received", "reason": "no_place", "receiver": "family",
    "handed_over_at": "2026-01-02T00:00:00Z", "identified_at": "2026-01-01T00:00:00Z", "girls": 1, "place": "XX01",
    "wave": 0, "survey": {"held_on": "2026-01-01", "answers": {}},
}  # fmt: skip


@pytest.fixture
def rows(foreign):
    """One row of somebody else's behind each of our endpoints, by prefix."""
    case = Case.objects.get(code=foreign["case"][0])
    office = {"project": case.project, "partner": case.partner, "place": case.place}
    here = {"program": case.project.program, "kept_by": case.partner, "place": case.place, "recorded_by": case.caseworker}
    return {
        "cases": case,
        "referrals": Referral.objects.get(pk=foreign["referral"][-1]),
        "received-referrals": Referral.objects.get(pk=foreign["received"][-1]),
        "child-counts": ChildMonth.objects.create(pk=THEIRS, **office, year=2026, month=1, kind="associated"),
        "child-handovers": ChildHandover.objects.create(pk=THEIRS, **office, girls=1, identified_at=timezone.now()),
        "opportunities": Opportunity.objects.create(pk=THEIRS, title="Course", provider="Centre", sector="metal", kind="training", **here),
        "mapped-services": MappedService.objects.create(pk=THEIRS, kind="legal", provider="Legal Aid", **here),
    }


@pytest.mark.parametrize("who", ["a second partner's key", "a second partner's key for other things", "a second partner's manager"])
@pytest.mark.parametrize("prefix", OURS)
def test_every_endpoint_of_this_level_answers_for_a_foreign_row_like_for_none(world, rows, prefix, who):
    manager = factories.member(Role.PARTNER_MANAGER, organization=world.partner)
    caller = {
        "a second partner's key": lambda: with_key(key_of(world.partner, by=manager, may_work_cases=True)),
        "a second partner's key for other things": lambda: with_key(key_of(world.partner, by=manager)),
        "a second partner's manager": lambda: as_person(manager),
    }[who]()
    caller.get("/me/")
    theirs = rows[prefix]
    nobodys = uuid4() if isinstance(theirs.pk, UUID) else NOBODYS_NUMBER
    before, kept = (
        AuditEvent.objects.filter(subjects__key=str(theirs.pk)).count(),
        type(theirs).objects.filter(pk=theirs.pk).values("updated_at").get(),
    )
    for path in ("", *(f"{act.url_path}/" for act in OURS[prefix].get_extra_actions() if act.detail)):
        sends: list[Callable[[str], Any]] = [
            caller.get, partial(caller.post, data=BODY), partial(caller.post, data={}), partial(caller.put, data=BODY),
            *(lambda address, method=method: caller.raw(method, address) for method in ("PATCH", "DELETE", "OPTIONS", "HEAD")),
            lambda address: caller.post(address, BODY, **{"Idempotency-Key": str(uuid4())}),
        ]  # fmt: skip
        for number, send in enumerate(sends):
            seen = [told(partial(send, f"/{prefix}/{id}/{path}"), id) for id in (theirs.pk, nobodys)]
            assert seen[0] == seen[1], (path, number)
            assert seen[0][0] in (200, 403, 404, 405), (path, number)
            assert seen[0][0] != 200 or number == 6, "only what may be asked of the address is told"
    assert AuditEvent.objects.filter(subjects__key=str(theirs.pk)).count() == before
    assert type(theirs).objects.filter(pk=theirs.pk).values("updated_at").get() == kept


@pytest.mark.parametrize("role", [Role.CASE_SUPERVISOR, Role.CASEWORKER, Role.PARTNER_REPORTER, Role.DONOR_VIEWER])
def test_every_page_of_this_level_that_takes_an_id_answers_for_a_foreign_one_like_for_none(world, foreign, rows, role):
    strange = rows["cases"]
    office = strange.partner
    agreement = SharingAgreement.objects.create(
        pk=THEIRS,
        partner=office, receiver=factories.partner(), reference="THEIRS", starts_on=strange.opened_on, ends_on=timezone.localdate(),
        recorded_by=strange.caseworker,
    )  # fmt: skip
    sealed = making.case(
        factories.world("SEALED"), strange.caseworker, sealed_at=timezone.now(), erase_by=timezone.now(), sealed_by=strange.caseworker
    )
    draft = IntakeDraft.objects.create(
        project=strange.project, partner=office, pathway="reintegration", notice=strange.notice, notice_given_on=strange.opened_on,
        notice_method="oral", basis="consent", started_by=strange.caseworker, expires_at=strange.updated_at.replace(year=2100),
    )  # fmt: skip
    theirs: dict[str, tuple[Any, ...]] = foreign | {
        "receipt": (rows["child-handovers"].pk,), "child month": (rows["child-counts"].pk,), "opportunity": (rows["opportunities"].pk,),
        "mapped service": (rows["mapped-services"].pk,), "number": (agreement.pk,),
    }  # fmt: skip
    own = {"case_intake": (draft.pk,), "erase_case": (sealed.pk,)}
    scope = {"organization": factories.donor() if role == Role.DONOR_VIEWER else world.partner}
    client = Client(raise_request_exception=False)
    client.force_login(factories.member(role, **scope))
    client.get(reverse("case", args=[NOBODYS]))
    problems: list[str] = []
    asked = [one.name for one in urlpatterns if one.pattern.converters]
    for name in asked:
        kind, *more = PAGES[name][0].split("+")
        args = own.get(name) or theirs[kind]
        nobodys = [uuid4() if isinstance(one, UUID) else NOBODYS_NUMBER if isinstance(one, int) else NOBODYS for one in args]
        asked_alike(client, name, [*args, *more], [*nobodys, *more], problems, allowed=(403, 404, 405))
    assert not problems, "\n".join(problems)
    assert len(asked) > 55, "the pages of this level"


def test_filters_and_counts_of_the_list_are_the_same_for_a_foreign_reference_as_for_none(world, foreign):
    reference = uuid4()
    strange = Case.objects.get(code=foreign["case"][0])
    Case.objects.filter(pk=strange.pk).update(external_id=reference)
    manager = factories.member(Role.PARTNER_MANAGER, organization=world.partner)
    making.case(world, cases.caseworker(world))
    caller = with_key(key_of(world.partner, by=manager, may_work_cases=True))
    caller.get("/cases/")
    for name, theirs, nobodys in (
        ("external_reference", reference, uuid4()), ("project", strange.project.code, "NOWHERE"), ("place", strange.place.code, "XX0000000"),
    ):  # fmt: skip
        seen = [told(partial(caller.get, "/cases/", {name: str(one)}), one) for one in (theirs, nobodys)]
        assert seen[0] == seen[1], name
        assert '"results":[]' in seen[0][1].replace(" ", ""), name


@pytest.mark.parametrize("role", [Role.PARTNER_MANAGER, Role.CASE_SUPERVISOR])
def test_to_a_second_partner_every_list_count_and_file_is_the_same_with_the_case_and_without_it(world, role):
    strange = factories.world("FOREIGN")
    row = making.case(strange, cases.caseworker(strange), external_id=uuid4())
    making.next_step(row, in_days=-1)
    making.wave(row, 3, in_days=-1)
    making.proposed_plan(row)
    making.steps(row, ("identified", 90), ("active", 60))
    client = Client(raise_request_exception=False)
    client.force_login(factories.member(role, organization=world.partner))
    manager = factories.member(Role.PARTNER_MANAGER, organization=world.partner)
    key = with_key(key_of(world.partner, by=manager, may_work_cases=True))
    letter = next(letter for letter, one in LETTERS.items() if one == role)
    # The page of keys says when one was last used.
    listed = [name for name, (about, opens) in PAGES.items() if not about and letter in opens and opens != SENT and name != "api_keys"]

    def asked(send: Callable[[], Any]) -> tuple[int, str]:
        status, body, _headers, _queries = told(send, row.code)  # what is left of a call and what is cached differ each time
        return status, re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}", "ID", body)

    def shown() -> dict[str, tuple[int, str]]:
        found = {name: asked(partial(client.get, reverse(name))) for name in listed}
        found |= {f"{name} as file": asked(partial(client.get, reverse(name), {"export": "csv"})) for name in ("cases", "case_analytics")}
        found["search"] = asked(partial(client.get, reverse("search"), {"q": row.code}))
        names = [
            name for _prefix, view, name in router.registry if hasattr(view, "list") and role == Role.CASE_SUPERVISOR
        ]  # once is enough
        return found | {f"api {name}": asked(partial(key.get, reverse(f"api:{name}-list"))) for name in names}

    with time_machine.travel(timezone.now(), tick=False):  # forms propose the present minute
        with_it = shown()
        row.delete()
        without_it = shown()

    assert len(listed) > 30
    assert [name for name in with_it if with_it[name] != without_it[name]] == []
