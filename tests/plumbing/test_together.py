"""Rows that came together are the rows that come alone."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db.models import Count, Value
from django.utils import timezone

from accounts import audit
from accounts.models import AuditEvent, User
from plumbing import together
from programs.models import Grant, Project
from reintegration.models import Case, CaseContact, Plan, Referral
from tests import cases, factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def case():
    row = cases.case(state="active", note="Ünïcode “note”", safe_contact={"may_call": True, "call_when": "18:00"})
    for number in range(3):
        CaseContact.objects.create(
            case=row, happened_on=timezone.localdate(), kind="phone", result="done", note=f"note {number}", recorded_by=row.caseworker
        )
        cases.referral(row, factories.partner())
    return row


def facts(row):
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def test_each_queryset_gives_what_it_gives_alone_in_one_query(case, django_assert_num_queries):
    audit.record("case.read", [case], by=case.caseworker, purpose="casework")

    def asked():
        return [
            Case.objects.select_related("project__program", "partner", "place", "caseworker", "notice", "proposal"),
            case.contacts.select_related("recorded_by").order_by("-happened_on", "pk"),
            Referral.objects.filter(case=case).select_related("to_organization", "consent").order_by("-pk")[:2],
            Plan.objects.filter(case=case),
            AuditEvent.objects.order_by("-id"),
            Project.objects.annotate(number=Count("partners"), word=Value("50 % of it")),
            Grant.objects.all(),
        ]

    alone, together_ = asked(), asked()
    for rows in alone:
        list(rows)
    with django_assert_num_queries(1):
        together.fetch(*together_)
        for mine, theirs in zip(together_, alone, strict=True):
            assert [facts(row) for row in mine] == [facts(row) for row in theirs]
        assert [row.note for row in together_[1]] == [row.note for row in alone[1]]
        assert {row.note for row in together_[1]} == {"note 0", "note 1", "note 2"}
        assert together_[0][0].safe_contact == {"may_call": True, "call_when": "18:00"}
        assert together_[2][0].consent.given_on == alone[2][0].consent.given_on
        assert (together_[5][0].number, together_[5][0].word) == (alone[5][0].number, "50 % of it")


def test_values_and_exact_numbers_come_through(case, django_assert_num_queries):
    plan = Plan.objects.create(case=case, version=1, written_by=case.caseworker)
    plan.goals.create(strand="economic", title="Save", roles=[["She", "saves"]], target=Decimal("60000.000001"))
    goals, numbers = plan.goals.all(), plan.goals.values_list("target", flat=True)
    with django_assert_num_queries(1):
        together.fetch(goals, numbers)
        assert goals[0].target == Decimal("60000.000001")
        assert list(numbers) == [Decimal("60000.000001")]
        assert goals[0].roles == [["She", "saves"]]


def test_what_is_evaluated_or_empty_asks_nothing(case, django_assert_num_queries):
    known, none, nothing = User.objects.filter(pk=case.caseworker_id), Case.objects.none(), Case.objects.filter(pk__in=[])
    list(known)
    with django_assert_num_queries(0):
        together.fetch(known, none, nothing)
        assert list(none) == list(nothing) == []


def test_a_prefetch_is_refused():
    with pytest.raises(TypeError, match="prefetches nothing"):
        together.fetch(Case.objects.prefetch_related("contacts"))
