from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from accounts.roles import Role
from plumbing.refusals import Invalid
from programs.access import NotAllowed
from reintegration import children
from reintegration.models import ChildCount, ChildHandover, ChildMonth, GraveViolationCount
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return factories.world("PPS-01")


@pytest.fixture
def state(world):
    return world.place  # level 1: admin 1


@pytest.fixture
def county(state):
    return factories.place("XX0101", parent=state, name="Renk")


@pytest.fixture
def caseworker(world):
    return factories.member(Role.CASEWORKER, organization=world.partner)


def ago(hours: float):
    return timezone.now() - timedelta(hours=hours)


def receipt(world, county, by, **given):
    values = {"project": world.project, "partner": world.partner, "place": county, "girls": 2, "boys": 1, "identified_at": ago(10)}
    return children.hand_over(**{**values, "by": by, **given})


def test_a_receipt_counts_children_and_its_event_says_who_wrote_it(world, county, caseworker):
    row = receipt(world, county, caseworker, handed_over_at=ago(0.9), receiver="child_protection")
    assert (row.children, row.hours, row.is_open, row.is_later_than(48)) == (3, 9, False, False)
    event = AuditEvent.objects.get(event="children.handed_over")
    assert event.actor == f"user:{caseworker.pk}"


def test_no_field_of_a_receipt_or_count_links_to_a_person_or_a_case():
    links = {
        field.related_model._meta.label
        for model in (ChildHandover, ChildMonth, ChildCount, GraveViolationCount)
        for field in model._meta.get_fields()
        if field.is_relation and not field.auto_created
    }
    assert links == {"programs.Project", "accounts.Organization", "locations.Place", "reintegration.ChildMonth"}
    texts = {f.name for f in GraveViolationCount._meta.fields} - {
        "id",
        "project",
        "partner",
        "place",
        "year",
        "month",
        "number",
        "updated_at",
    }
    assert not texts


def test_an_open_receipt_runs_its_clock_and_is_late_after_the_hours_of_the_setting(world, county, caseworker):
    fresh, late = receipt(world, county, caseworker), receipt(world, county, caseworker, identified_at=ago(49))
    slow = receipt(world, county, caseworker, identified_at=ago(100), handed_over_at=ago(10), receiver="family")
    quick = receipt(world, county, caseworker, identified_at=ago(100), handed_over_at=ago(89.9), receiver="family")
    assert set(ChildHandover.objects.open()) == {fresh, late}
    assert set(ChildHandover.objects.late(48)) == {late, slow}
    assert set(ChildHandover.objects.late(12)) == {late, slow}
    assert quick.hours == 10


def test_closing_says_when_and_to_whom_once(world, county, caseworker):
    row = receipt(world, county, caseworker)
    children.close(row, handed_over_at=ago(0.9), receiver="care_centre", by=caseworker)
    assert (row.hours, row.receiver) == (9, "care_centre")
    with pytest.raises(children.AlreadyHandedOver):
        children.close(row, handed_over_at=ago(0.9), receiver="family", by=caseworker)


def test_what_cannot_be_is_refused_with_its_field(world, county, caseworker):
    village = factories.place("XX010101", parent=county)
    village.level = 3
    village.save()
    for wrong, path in (
        ({"place": village}, "place"),
        ({"identified_at": timezone.now() + timedelta(hours=1)}, "identified_at"),
        ({"identified_at": datetime(1, 1, 1, tzinfo=UTC)}, "identified_at"),
        ({"partner": factories.partner()}, None),
    ):
        with pytest.raises((Invalid, NotAllowed)) as refused:
            receipt(world, county, caseworker, **wrong)
        if path:
            assert [one.path for one in refused.value.problems] == [path]
    assert not ChildHandover.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"girls": 0, "boys": 0},
        {"handed_over_at": timezone.now()},
        {"receiver": "family"},
        {"handed_over_at": timezone.now() - timedelta(days=90), "receiver": "family"},
        {"handed_over_at": timezone.now(), "receiver": "army"},
        {"girls": 100_001},
    ],
)
def test_the_database_too_refuses_a_receipt_that_cannot_be(wrong, world, county):
    values = {"project": world.project, "partner": world.partner, "place": county, "girls": 1, "identified_at": ago(10), **wrong}
    with pytest.raises(IntegrityError), transaction.atomic():
        ChildHandover.objects.create(**values)


def test_a_month_is_counted_once_and_counted_again_replaces_it(world, state, caseworker):
    today = timezone.localdate()
    given = {"project": world.project, "partner": world.partner, "place": state, "year": today.year, "month": today.month}
    given |= {"kind": "associated", "by": caseworker}
    children.count_month(**given, cells={("girl", "0-11"): 0, ("boy", "12-14"): 3, ("boy", "15-17"): None})
    row = children.count_month(**given, cells={("girl", "0-11"): 4})
    assert list(ChildMonth.objects.all()) == [row]
    assert list(row.cells.values_list("sex", "band", "number")) == [("girl", "0-11", 4)]


def test_counts_are_kept_at_admin_1_and_never_ahead(world, county, state, caseworker):
    today = timezone.localdate()
    given = {"project": world.project, "partner": world.partner, "kind": "dependent", "by": caseworker}
    with pytest.raises(Invalid) as refused:
        children.count_month(**given, place=county, year=today.year + 1, month=today.month, cells={})
    assert [one.path for one in refused.value.problems] == ["place", "month", "cells"]
    with pytest.raises(Invalid):
        children.count_violations(
            project=world.project, partner=world.partner, place=county, year=today.year, month=today.month, number=1, by=caseworker
        )


def test_who_may_not_count_children_is_refused(world, county, state):
    for person in (world.manager, world.reporter, factories.member(Role.CASEWORKER, organization=factories.partner())):
        with pytest.raises(NotAllowed):
            receipt(world, county, person)


def test_the_pages_take_a_receipt_close_it_and_correct_it(client, world, county, caseworker):
    client.force_login(caseworker)
    given = {"place": county.code, "girls": "1", "boys": "", "sex_unknown": "0", "handed_over_at": "", "receiver": ""}
    given["identified_at"] = timezone.localtime(ago(5)).strftime("%Y-%m-%dT%H:%M")
    answer = client.post(reverse("hand_over_children"), given)
    assert answer.status_code == 303
    row = ChildHandover.objects.get()
    assert "Not yet handed over" in client.get(reverse("child_handovers")).content.decode()
    moment = timezone.localtime().strftime("%Y-%m-%dT%H:%M")
    answer = client.post(reverse("close_child_handover", args=[row.pk]), {"handed_over_at": moment, "receiver": ""})
    assert answer.status_code == 422
    answer = client.post(reverse("close_child_handover", args=[row.pk]), {"handed_over_at": moment, "receiver": "child_protection"})
    assert answer.status_code == 303
    answer = client.post(
        reverse("correct_child_handover", args=[row.pk]), {**given, "boys": "2", "handed_over_at": moment, "receiver": "child_protection"}
    )
    row.refresh_from_db()
    assert (answer.status_code, row.children, row.is_open) == (303, 3, False)


def test_the_pages_count_a_month_and_violations(client, world, state, caseworker):
    client.force_login(caseworker)
    month = f"{timezone.localdate():%Y-%m}"
    given = {"month": month, "place": state.code, "kind": "associated", "cell_girl_0-11": "12", "cell_boy_15-17": "0"}
    assert client.post(reverse("count_children"), given).status_code == 303
    row = ChildMonth.objects.get()
    assert 'value="12"' in client.get(reverse("recount_children", args=[row.pk])).content.decode()
    assert client.post(reverse("count_children"), {"month": month, "place": state.code, "kind": "associated"}).status_code == 422
    assert client.post(reverse("count_violations"), {"month": month, "place": state.code, "number": "2"}).status_code == 303
    assert GraveViolationCount.objects.get().number == 2


def test_small_numbers_are_hidden_from_a_reader_without_raw_figures_on_the_page_and_in_files(client, world, state, county, caseworker):
    today = timezone.localdate()
    receipt(world, county, caseworker, girls=7, boys=6)
    given = {"project": world.project, "partner": world.partner, "place": state, "year": today.year, "month": today.month, "by": caseworker}
    children.count_month(**given, kind="associated", cells={("girl", "0-11"): 3, ("girl", "12-14"): 1234})
    children.count_violations(**given, number=8)
    pages = [reverse(name) for name in ("child_handovers", "child_counts", "child_violations")]
    client.force_login(factories.member(Role.FOCAL_POINT))
    for page in pages:
        text = client.get(page).content.decode()
        assert "hidden-cell" in text
        assert "1,234" not in text
        assert "export=csv" not in text or page == pages[0]
        assert client.get(page, {"export": "csv"}).status_code == 404
    client.force_login(world.mande)
    for page, number in zip(pages, ("7", "1,234", "8"), strict=True):
        text = client.get(page).content.decode()
        assert "hidden-cell" not in text
        assert number in text
    told = b"".join(client.get(pages[0], {"export": "csv"}).streaming_content).decode()
    assert "Renk" in told


def test_a_stranger_sees_no_receipt_and_no_count(client, world, county, caseworker):
    row = receipt(world, county, caseworker)
    client.force_login(factories.member(Role.CASE_SUPERVISOR, organization=factories.partner()))
    assert "Renk" not in client.get(reverse("child_handovers")).content.decode()
    assert client.get(reverse("close_child_handover", args=[row.pk])).status_code == 404
    client.force_login(world.reporter)
    assert client.get(reverse("child_handovers")).status_code == 404


@pytest.mark.parametrize(("name", "queries"), [("child_handovers", 9), ("child_counts", 8), ("child_violations", 7)])
def test_the_lists_take_as_many_queries_with_three_rows_as_with_one(
    name, queries, client, world, state, county, caseworker, django_assert_num_queries
):
    client.force_login(caseworker)
    client.get(reverse(name))
    today = timezone.localdate()
    given = {"project": world.project, "partner": world.partner, "place": state, "by": caseworker, "year": today.year - 1}
    for month, kind in enumerate(("associated", "dependent", "at_risk"), 1):
        receipt(world, county, caseworker)
        children.count_month(**given, month=month, kind=kind, cells={("girl", "0-11"): 3})
        children.count_violations(**given, month=month, number=1)
        if month in (1, 3):
            with django_assert_num_queries(queries):
                client.get(reverse(name))
