from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from accounts.models import AuditEvent
from accounts.roles import Role
from plumbing.refusals import Invalid
from programs import grants
from programs.access import NotAllowed
from programs.models import Expenditure, Grant
from tests import factories

pytestmark = pytest.mark.django_db


def grant(reference="PBF-1", currency="USD", **fields):
    values = {"title": "Peace", "amount": Decimal(1_000_000), "starts_on": date(2026, 1, 1), "ends_on": date(2026, 12, 31), **fields}
    return Grant.objects.create(donor=factories.donor(), reference=reference, currency=currency, **values)


@pytest.fixture
def world():
    return factories.world("PPS-01")


@pytest.fixture
def funded(world):
    row = grant()
    grants.approve(row, project=world.project, amount=Decimal("800000.50"), gender_share=30, by=world.manager)
    return row


def spend(world, row, amount, *, period=0, **more):
    return grants.spend(
        row, project=world.project, partner=world.partner, period=world.periods[period], amount=Decimal(amount), by=world.mande, **more
    )


def test_money_is_added_up_exactly_with_its_share_of_what_was_approved(world, funded):
    spend(world, funded, "0.10", for_gender=Decimal("0.05"))
    spend(world, funded, "200000.05", period=1)

    total = grants.spending(funded).total

    assert (total.approved, total.spent) == (Decimal("800000.50"), Decimal("200000.15"))
    assert total.share == Decimal("25.00")
    assert (total.gender_approved, total.gender_approved_share) == (Decimal("240000.15"), Decimal("30.00"))
    assert total.for_gender == Decimal("0.05")


def test_nothing_entered_is_not_zero(world, funded):
    total = grants.spending(funded).total

    assert total.spent is None
    assert total.share is None


def test_spending_through_a_date_leaves_later_periods_out(world, funded):
    spend(world, funded, "100")
    spend(world, funded, "900", period=1)

    assert grants.spending(funded, through=world.periods[0].ends_on).total.spent == Decimal(100)


def test_a_second_entry_for_the_same_period_replaces_the_first_and_the_event_holds_both(world, funded):
    spend(world, funded, "100")
    spend(world, funded, "150")

    assert Expenditure.objects.get().amount == Decimal(150)
    assert '"old":"100"' in AuditEvent.objects.filter(event="expenditure.entered").latest("id").detail


def test_a_project_with_two_grants_is_jointly_funded(world, funded):
    other = grant("EU-2", currency="EUR")
    grants.approve(other, project=world.project, amount=Decimal(5), by=world.manager)

    assert grants.spending(funded).rows[0].jointly_funded
    assert grants.spending(funded).currency == "USD"
    assert grants.spending(other).total.approved == Decimal(5)


def test_a_gender_share_above_100_is_refused(world, funded):
    with pytest.raises(ValidationError):
        grants.approve(funded, project=world.project, amount=Decimal(1), gender_share=101, by=world.manager)


def test_a_reporter_and_a_manager_of_another_program_may_not_enter_spending(world, funded):
    stranger = factories.member(Role.PROGRAM_MANAGER, program=factories.project().program)

    for person in (world.reporter, stranger):
        with pytest.raises(NotAllowed):
            grants.spend(funded, project=world.project, partner=world.partner, period=world.period, amount=Decimal(1), by=person)
    assert not Expenditure.objects.exists()


def test_a_pasted_table_is_entered_whole_and_again_changes_nothing(world, funded):
    name = world.partner.name
    text = f"PPS-01\t{name}\t2026-Q1\t1,200,300.50\t10\tledger\npps-01\t{name}\t2026-q2\t1 200,5\n\n"

    assert grants.paste(funded, text=text, by=world.mande) == 2
    assert set(Expenditure.objects.values_list("amount", "for_gender")) == {
        (Decimal("1200300.5"), Decimal(10)),
        (Decimal("1200.5"), None),
    }
    assert grants.paste(funded, text=text, by=world.mande) == 0


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("1234", "1234"),
        ("1,234", "1234"),
        ("1.234", "1234"),
        ("1234.5", "1234.5"),
        ("1.234.567,89", "1234567.89"),
        ("0", "0"),
        ("12,3", "12.3"),
        ("-40.5", "-40.5"),
    ],
)
def test_amounts_are_read_as_people_write_them(world, funded, written, amount):
    grants.paste(funded, text=f"PPS-01\t{world.partner.name}\t2026-Q1\t{written}", by=world.mande)

    assert Expenditure.objects.get().amount == Decimal(amount)


def test_every_problem_of_a_pasted_table_is_named_with_its_line_and_nothing_is_written(world, funded):
    name = world.partner.name
    text = "\n".join(
        [
            f"PPS-01\t{name}\t2026-Q1\t100",
            f"PPS-99\t{name}\t2026-Q1\t100",
            "PPS-01\tNobody\t2026-Q9\tmany",
            f"PPS-01\t{name}\t2026-Q2\t",
            f"PPS-01\t{name}\t2026-Q1\t7",
        ]
    )

    with pytest.raises(Invalid) as refused:
        grants.paste(funded, text=text, by=world.mande)

    found = [(problem.path, problem.message) for problem in refused.value.problems]
    assert [path for path, _message in found] == ["line 2", "line 3", "line 3", "line 3", "line 4", "line 5"]
    assert "PPS-99" in found[0][1]
    assert "Line 1 already says" in found[5][1]
    assert not Expenditure.objects.exists()
