"""A case with a word planted in every field of everything that hangs on it, and everybody who may not see it asking for everything."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.apps import apps
from django.contrib import admin
from django.db import models
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Permission, Role
from peacebuild.api import router
from privacy.fields import EncryptedJSONField, EncryptedTextField
from programs import access
from programs.models import ExpectedReport, ProjectPartner
from reintegration import giving, planning
from reintegration.models import Assessment, AssessmentScore, Case, FollowUpOutcome, Plan, Transition
from reporting import prefill
from reporting.models import Prefill
from tests import cases, factories
from tests.callers import as_person, key_of, with_key
from tests.reintegration import making
from tests.reintegration.filling import fill
from tests.test_walk import LETTERS, PAGES, SENT, Everything, address, people

pytestmark = [pytest.mark.django_db, pytest.mark.once]
FORMATS = ("csv", "xlsx")
# What differs from one answer to the next by itself: the token of forms, the id of a request, the id that a new record would get.
PASSING = re.compile(
    r'name="csrfmiddlewaretoken" value="[^"]*"|"X-CSRFToken": ?"[^"]*"|[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}'
)
LOOKERS = {
    f"{Role.PROGRAM_MANAGER} of the program", f"{Role.PARTNER_MANAGER} of the second partner", "a colleague",
}  # fmt: skip
OFFICES = (Role.PARTNER_MANAGER, Role.PARTNER_REPORTER, Role.CASE_SUPERVISOR, Role.CASEWORKER)


def below(row: Case) -> Iterator[models.Model]:
    """Every row of this app that hangs on the case, however far below."""
    found: dict[type[models.Model], set[Any]] = {Case: {row.pk}}
    ours = list(apps.get_app_config("reintegration").get_models())
    for _depth in range(4):
        for model in ours:
            for field in model._meta.get_fields():
                if isinstance(field, models.ForeignKey) and field.related_model in found and field.related_model in ours:
                    keys = model._base_manager.filter(**{f"{field.name}__in": found[field.related_model]}).values_list("pk", flat=True)  # type: ignore[index]
                    found.setdefault(model, set()).update(keys)
    for model, keys in found.items():
        yield from model._base_manager.filter(pk__in=keys)


def planted(row: Case) -> list[str]:
    """A word of its own in each text of each row; gives the words."""
    words: list[str] = []
    for one in below(row):
        for field in one._meta.concrete_fields:
            if not (_is_free(field) or isinstance(field, EncryptedTextField | EncryptedJSONField)):
                continue
            had = getattr(one, field.attname)
            if had is None:  # what is not there for this kind of row
                continue
            words.append(f"qz{len(words):04d}")
            said: Any = (
                {**had, "call_when": words[-1]}
                if isinstance(had, dict)
                else [[words[-1], words[-1]]]
                if isinstance(had, list)
                else words[-1]
            )
            setattr(one, field.attname, said)
        one.save()
    return words


def _is_free(field: models.Field[Any, Any]) -> bool:
    """Text that people write: no answer out of a list, no code that is minted."""
    is_text = isinstance(field, models.CharField | models.TextField)
    return is_text and not (field.choices or field.primary_key or field.unique or field.name in ("instrument", "dimension", "currency"))


class Told:
    """The project of somebody, its case filled to the brim, and a second partner in the same project."""

    def __init__(self) -> None:
        self.own = Everything("PPS-01")
        self.world = self.own.all.world
        self.case = Case.objects.get(code=self.own.keys["case"][0])
        old, self.case.code = self.case.code, "QZ7PLANT0"  # the first code that tests make is a number that pages hold too
        self.case.external_id = uuid4()
        self.case.save()
        self.own.keys = {key: tuple(self.case.code if one == old else one for one in known) for key, known in self.own.keys.items()}
        Plan.objects.filter(case=self.case).delete()
        self.case.follow_ups.all().delete()
        fill(self.case, self.world, 1)
        Transition.objects.create(case=self.case, number=2, to_state="active", happened_on=timezone.localdate(), by=self.case.caseworker)
        making.next_step(self.case, in_days=-1)
        self.words = planted(self.case)
        self.case = Case.objects.get(pk=self.case.pk)
        plan = Plan.objects.get(case=self.case)
        self.own.keys |= {
            "plan": (self.case.code, plan.pk), "goal": (self.case.code, plan.goals.first().pk),
            "wave": (self.case.code, self.case.follow_ups.first().pk),
        }  # fmt: skip
        self._work()
        self.second = factories.partner()
        ProjectPartner.objects.create(project=self.world.project, organization=self.second)

    def _work(self) -> None:
        """The caseworker reads the file, so that there are events; a count of the case stands in the partner's own draft."""
        client = Client(raise_request_exception=False)
        client.force_login(self.case.caseworker)
        client.get(reverse("case", args=[self.case.code]))
        bound = factories.definition("LEAK-1", counting="people_per_period", computed_by="cases.plans_active", over_time="snapshot")
        self.indicator = self.world.indicator(bound)
        for expected in ExpectedReport.objects.filter(project=self.world.project).select_related("project", "partner", "period"):
            prefill.refresh(expected)

    @property
    def traces(self) -> list[str]:
        return [self.case.code, str(self.case), str(self.case.pk), self.case.pk.hex, str(self.case.external_id), *self.words]

    def outsiders(self) -> list[tuple[str, Role, Any]]:
        """Who works in the program without the case, the second partner of the same project, and a partner from elsewhere."""
        own = {role: person for role, person in people(self.own).items() if role not in (Role.CASEWORKER, Role.CASE_SUPERVISOR)}
        found = [(f"{role} of the program", role, person) for role, person in own.items()]
        found += [(f"{role} of the second partner", role, factories.member(role, organization=self.second)) for role in OFFICES]
        elsewhere = factories.world("OTHER-1").partner
        found += [(f"{role} from elsewhere", role, factories.member(role, organization=elsewhere)) for role in OFFICES[1:3]]
        return [*found, ("a colleague", Role.CASEWORKER, cases.caseworker(self.world))]

    def pages(self, role: Role) -> Iterator[tuple[str, str]]:
        """The pages that open for a role, and every page about the case; the walk over every page holds that the others do not."""
        for name, (about, opens) in PAGES.items():
            if opens != SENT and (role in {LETTERS[letter] for letter in opens} or about.split("+")[0] in self.own.people):
                yield name, about


@pytest.fixture
def there():
    return Told()


def text_of(answer: Any) -> str:
    """What a caller can read of an answer: the body (of a workbook its parts as well) and the headers."""
    return body_of(answer) + str(dict(answer.headers))


def body_of(answer: Any) -> str:
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if body[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(body)) as parts:
            body = b"\n".join(parts.read(name) for name in parts.namelist())
    return body.decode(errors="ignore")


def asked_for(there: Told, name: str, about: str) -> Iterator[tuple[str, dict[str, str]]]:
    where = address(name, about, there.own)
    yield where, {}
    if name == "search":
        yield from ((where, {"q": one}) for one in (there.case.code, str(there.case), str(there.case.external_id), there.words[0]))
    if name == "audit":
        yield from ((where, {"subject": one}) for one in (f"case {there.case.pk}", there.case.code))
    if name in ("cases", "referrals_received"):
        yield where, {"code": there.case.code}


def test_the_words_are_where_they_belong(there):
    """Otherwise the other tests would look for what nobody planted."""
    assert len(there.words) > 30
    client = Client()
    client.force_login(there.case.caseworker)
    pages = "".join(
        text_of(client.get(reverse(name, args=[there.case.code]))) for name in ("case", "case_plan", "case_received", "case_contacts")
    )
    assert sum(word in pages for word in there.words) > 10
    assert str(there.case) in pages
    counted = Prefill.objects.get(indicator=there.indicator, submission__partner=there.world.partner)
    assert counted.tally == "cases.plans_active"


def test_no_page_no_file_and_no_search_tells_any_of_the_words(there):
    leaked, seen = [], 0
    for who, role, person in there.outsiders():
        client = Client(raise_request_exception=False)
        client.force_login(person)
        words = access.words(person)
        for name, about in there.pages(role):
            for where, given in asked_for(there, name, about):
                answer = client.get(where, given)
                if answer.status_code not in (200, 302):
                    continue
                seen += 1
                shown = text_of(answer)
                asked = [given]
                files = [{"export": one} for one in FORMATS if f"export={one}" in shown]
                for more in files:
                    shown += text_of(client.get(where, {**given, **more}))
                asks_why = name in ("case", "open_for_purpose") and role == Role.FOCAL_POINT  # says the code that it was asked for, no more
                echoed = {*given.values(), *((there.case.code, str(there.case)) if asks_why else ())}
                allowed = {str(there.case.pk), there.case.pk.hex} if name == "audit" and Permission.READ_AUDIT in words else set()
                leaked += [f"{name} {asked} for {who}: {one}" for one in there.traces if one in shown and one not in echoed | allowed]
    assert seen > 400
    assert not leaked, "\n".join(leaked)


def test_no_endpoint_tells_any_of_the_words(there):
    manager = factories.member(Role.PARTNER_MANAGER, organization=there.second)
    callers = [(who, as_person(person)) for who, _role, person in there.outsiders()]
    callers += [
        ("the second partner's key", with_key(key_of(there.second, by=manager, may_work_cases=True))),
        (
            "a key not made for cases",
            with_key(key_of(there.world.partner, by=factories.member(Role.PARTNER_MANAGER, organization=there.world.partner))),
        ),
    ]
    leaked, rows = [], 0
    for who, caller in callers:
        for _prefix, view, name in router.registry:
            if not hasattr(view, "list"):
                continue
            answer = caller.get(reverse(f"api:{name}-list"), {"page_size": 100})
            shown = text_of(answer)
            for row in answer.json().get("results", []) if answer.status_code == 200 else []:
                key = row.get(view.lookup_url_kwarg or view.lookup_field) or row.get("id") or row.get("code")
                if key is not None and hasattr(view, "retrieve"):
                    rows += 1
                    shown += text_of(caller.get(reverse(f"api:{name}-detail", args=[key])))
            leaked += [f"{name} for {who}: {one}" for one in there.traces if one in shown]
    assert rows > 50
    assert not leaked, "\n".join(leaked)


def test_the_admin_holds_no_case_and_finds_none(there, client):
    superuser = factories.member(Role.ADMINISTRATOR)
    client.force_login(superuser)
    leaked = []
    for model in admin.site._registry:
        list_of = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        for given in ({}, {"q": there.case.code}, {"q": there.words[0]}):
            shown = text_of(client.get(list_of, given, follow=True))
            leaked += [f"{list_of} {given}: {one}" for one in there.traces if one in shown and one not in given.values()]
    assert not leaked, "\n".join(leaked)


def _one_more(there: Told, receiver: Any) -> None:
    """A second whole file beside the first, of the same caseworker: nothing else that others could see changes with it."""
    row = making.case(there.world, there.case.caseworker, sex="male", category="XC")
    making.steps(row, ("identified", 50), ("eligible", 40), ("planned", 30), ("active", 20))
    making.next_step(row, in_days=-2)
    making.consent(row)
    making.referral(row, receiver, answer_in_days=-1)
    wave = making.wave(row, 3, in_days=-5, state="done", settled_on=timezone.localdate())
    FollowUpOutcome.objects.create(follow_up=wave, was_reached=True, livelihood="employed", recorded_by=row.caseworker)
    plan = planning.start(row, by=row.caseworker)
    planning.set_goal(plan, strand="economic", title="A shop", roles=[("He", "saves")], target=Decimal(3), by=row.caseworker)
    giving.give_service(row, kind="legal", strand="social", starts_on=timezone.localdate(), by=row.caseworker)
    held = Assessment.objects.create(
        case=row, instrument="RSS-1", held_on=timezone.localdate(), is_complete=True, recorded_by=row.caseworker
    )
    AssessmentScore.objects.create(assessment=held, dimension="all", value=Decimal("0.6"), answered=30, items=30)


def test_one_case_more_changes_nothing_for_whoever_may_not_see_cases(there):
    """No count either: pages, files and lists of the API are the same to the letter before and after, but for tokens of the answer."""
    receiver = factories.partner()
    outsiders = [one for one in there.outsiders() if one[0] in LOOKERS]
    assert len(outsiders) == len(LOOKERS)
    clients = {}
    for who, _role, person in outsiders:
        clients[who] = Client(raise_request_exception=False)
        clients[who].force_login(person)

    def seen() -> dict[tuple[str, str], tuple[int, str]]:
        found = {}
        for who, role, person in outsiders:
            sees_counts = Permission.READ_RAW in access.words(person)  # the counts of all cases as they are, by design
            pages = [one for one in there.pages(role) if not (sees_counts and one[0] == "case_analytics")]
            wheres = [where for name, about in pages for where, _given in asked_for(there, name, about)]
            wheres += [reverse(f"api:{name}-list") for _prefix, view, name in router.registry if hasattr(view, "list")]
            for where in dict.fromkeys(wheres):
                answer = clients[who].get(where)
                found[who, where] = answer.status_code, PASSING.sub("", body_of(answer))
        return found

    with time_machine.travel(timezone.now(), tick=False):
        before = seen()
        _one_more(there, receiver)
        after = seen()
    assert sum(status == 200 for status, _body in before.values()) > 200
    changed = {key: _first_difference(body, after[key][1]) for key, (status, body) in before.items() if (status, body) != after[key]}
    assert not changed, "\n".join(f"{where} for {who}: {what}" for (who, where), what in changed.items())


def _first_difference(one: str, other: str) -> str:
    return next(
        (f"{a.strip()[:150]} / {b.strip()[:150]}" for a, b in zip(one.splitlines(), other.splitlines(), strict=False) if a != b), ""
    )
