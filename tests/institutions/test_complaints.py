"""Complaints against security personnel: counted by month and state, hidden where small, and never more than a number."""

from __future__ import annotations

import json
from datetime import date

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.urls import reverse

from accounts.models import AuditEvent
from accounts.roles import Role
from institutions import complaints, profiles
from institutions.models import ComplaintMonth
from institutions.tallies import answered, closed, received
from plumbing.refusals import Invalid
from programs import access
from programs.tally import Asked, Empty
from tests.callers import as_person
from tests.programs.making import person

NOW = "2026-10-20T09:00:00Z"


@pytest.fixture(autouse=True)
def in_october():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def body(post):
    return profiles.record(
        project=post.project, partner=post.partner, kind="oversight_body", place=post.place, name="Commission", by=post.officer
    )


@pytest.fixture
def state(post):
    return post.place


def count(post, body, month, received, closed=0, *, year=2026, **changes):
    given = {
        "register": body, "service": "police", "place": post.place, "year": year, "month": month, "received": received, "closed": closed,
        "source": "Sheet", "by": post.officer, **changes,
    }  # fmt: skip
    return complaints.count_month(**given)


def test_a_month_counted_again_is_replaced_and_leaves_an_event_without_numbers(post, body):
    first = count(post, body, 7, 9, 4, due=5, in_time=3, kinds={"force": 2, "extortion": 5})
    again = count(post, body, 7, 11, 4, kinds={"force": 3})
    assert first.pk == again.pk
    kept = ComplaintMonth.objects.get()
    assert (kept.received, kept.due, list(kept.kinds.values_list("kind", "received"))) == (11, None, [("force", 3)])
    told = [json.loads(one.detail) for one in AuditEvent.objects.filter(event="complaints.counted").order_by("pk")]
    assert told == [{"service": "police", "month": "2026-07", "is_new": new} for new in (True, False)]


def test_what_is_no_count_of_a_register_is_refused(post, body):
    for changes, code in (
        ({"register": post.station}, "not_a_register"), ({"place": post.place.parent}, "too_exact"), ({"month": 10}, "not_ended"),
        ({"kinds": {"force": 8, "neglect": 3}}, "kinds_above_total"),
    ):  # fmt: skip
        with pytest.raises(Invalid) as refused:
            count(post, body, **{"month": 7, "received": 10, **changes})
        assert [problem.code for problem in refused.value.problems] == [code]
    for changes in ({"due": 3, "in_time": 4}, {"due": 3}, {"source": " "}, {"month": 0}, {"received": 10**7}):
        with pytest.raises(ValidationError):
            count(post, body, **{"month": 7, "received": 10, **changes})
    with pytest.raises(access.NotAllowed):
        count(post, body, 7, 10, by=post.stranger)
    assert not ComplaintMonth.objects.exists()


def whole_year(post, body):
    """Two whole quarters above ten, one below, and one that has only begun."""
    for month, number in ((1, 5), (2, 4), (3, 4), (4, 6), (5, 5), (6, 5), (7, 2), (8, 3), (9, 2)):
        count(post, body, month, number, number // 2, due=number, in_time=1, kinds={"extortion": number // 2})


def test_four_quarters_with_their_sums_for_who_counts_them(post, body):
    whole_year(post, body)
    found = complaints.about(post.station, post.officer)
    assert [(one.year, one.number, one.months, one.received.value) for one in found.quarters] == [
        (2025, 4, 0, None), (2026, 1, 3, 13), (2026, 2, 3, 16), (2026, 3, 3, 7),
    ]  # fmt: skip
    assert (found.received, found.closed, found.due, found.in_time) == (36, 16, 36, 9)
    assert (found.in_time_share, found.not_told_apart) == (25, 20)


def test_without_raw_figures_small_quarters_are_hidden_and_no_sum_gives_them_away(post, body):
    whole_year(post, body)
    count(post, body, 9, 30)  # the third quarter has grown above the threshold
    reader = person("ins_reader", Role.COMMUNITY_OFFICER, post.agency, project=post.project)
    found = complaints.about(post.station, reader)
    assert not found.is_raw
    assert [one.received.value for one in found.quarters] == [None, 13, 16, 35]
    assert [one.closed.value for one in found.quarters] == [None, None, None, None]
    assert (found.received, found.due, found.kinds) == (None, None, ())
    ComplaintMonth.objects.filter(month=8).delete()
    assert [one.received.value for one in complaints.about(post.station, reader).quarters] == [None, 13, 16, None]


def test_the_page_of_a_force_shows_its_own_service_and_of_another_kind_none(visitor, post, body):
    count(post, body, 7, 14, 2)
    count(post, body, 7, 20, 5, service="army")
    page = visitor("officer").get(reverse("institution", args=[post.station.pk])).content.decode()
    assert reverse("institution_complaints", args=[post.station.pk]) in page
    part = (
        visitor("officer").get(reverse("institution_complaints", args=[post.station.pk]), headers={"HX-Request": "true"}).content.decode()
    )
    assert "<html" not in part
    assert ">14<" in part
    assert ">20<" not in part
    own = visitor("officer").get(reverse("institution_complaints", args=[body.pk])).content.decode()
    assert ">34<" in own  # a body sees what it registered, whomever it was about
    court = profiles.record(project=post.project, kind="justice", place=post.place, name="Court", by=post.officer)
    assert (
        reverse("institution_complaints", args=[court.pk])
        not in visitor("officer").get(reverse("institution", args=[court.pk])).content.decode()
    )
    assert visitor("officer").get(reverse("institution_complaints", args=[court.pk])).status_code == 404


@pytest.mark.parametrize("months", [1, 3])
def test_list_and_part_ask_the_same_few_times(visitor, post, body, months, django_assert_num_queries):
    for month in range(1, months + 1):
        count(post, body, month, 12, kinds={"force": 1})
    client = visitor("officer")
    addresses = {reverse("complaint_counts"): 6, reverse("institution_complaints", args=[post.station.pk]): 8}
    for address, queries in addresses.items():
        client.get(address)
        with django_assert_num_queries(queries):
            assert client.get(address).status_code == 200


def test_months_are_for_who_counts_them_and_who_sees_raw_figures(visitor, post, body):
    count(post, body, 7, 14, 2)
    assert "July 2026" in visitor("officer").get(reverse("complaint_counts")).content.decode()
    assert "July 2026" not in visitor("stranger").get(reverse("complaint_counts")).content.decode()
    reader = person("ins_reader", Role.COMMUNITY_OFFICER, post.agency, project=post.project)
    assert [row["month"] for row in as_person(post.officer).get("/complaint-counts/").json()["results"]] == [7]
    for stranger in (reader, post.stranger):
        assert as_person(stranger).get("/complaint-counts/").json()["results"] == []


def test_a_month_is_counted_and_corrected_on_its_pages(visitor, post, body, state):
    client = visitor("officer")
    given = {"month": "2026-07", "place": state.code, "service": "police", "received": 9, "closed": 2, "source": "Sheet", "kind_force": 4}
    assert client.get(reverse("count_complaints", args=[body.pk])).status_code == 200
    assert client.post(reverse("count_complaints", args=[body.pk]), given).status_code == 303
    row = ComplaintMonth.objects.get()
    assert 'value="4"' in client.get(reverse("recount_complaints", args=[row.pk])).content.decode()
    moved = {**given, "month": "2026-08", "place": post.place.parent.code, "received": 3, "kind_force": 1}
    assert client.post(reverse("recount_complaints", args=[row.pk]), moved).status_code == 303
    row = ComplaintMonth.objects.get()  # which month and state it is stays
    assert (row.month, row.place, row.received, row.kinds.get().received) == (7, state, 3, 1)
    refused = client.post(reverse("count_complaints", args=[body.pk]), {**given, "kind_force": 40})
    assert refused.status_code == 422
    assert client.get(reverse("count_complaints", args=[post.station.pk])).status_code == 404
    assert visitor("stranger").get(reverse("recount_complaints", args=[row.pk])).status_code == 404


def asked(post, first, last):
    return Asked(post.project, post.partner, first, last, (post.place.pk,))


QUARTER = (date(2026, 7, 1), date(2026, 9, 30))


def test_figures_add_up_the_months_of_the_period_over_services(post, body):
    for month in (6, 7, 8, 9):
        count(post, body, month, month, 2, due=4, in_time=3)
    for month in (7, 8, 9):
        count(post, body, month, 100, 0, service="army", due=0, in_time=0)
    assert sum(part.value for part in received(asked(post, *QUARTER)).parts) == 7 + 8 + 9 + 300
    assert sum(part.value for part in closed(asked(post, *QUARTER)).parts) == 6
    parts = answered(asked(post, *QUARTER)).parts
    assert (sum(part.value for part in parts), sum(part.of for part in parts)) == (9, 12)


def test_a_figure_stays_empty_while_a_month_is_missing_or_the_period_cuts_one(post, body, state):
    for month in (7, 8):
        count(post, body, month, 5)
    missing = received(asked(post, *QUARTER))
    assert (missing.parts, missing.empty) == ((), {state.pk: Empty.MONTHS_MISSING})
    count(post, body, 9, 5)
    assert sum(part.value for part in received(asked(post, *QUARTER)).parts) == 15
    assert received(asked(post, date(2026, 7, 15), date(2026, 9, 30))).parts == ()
    assert answered(asked(post, *QUARTER)).parts == ()  # the register does not say what was due
    running = received(asked(post, date(2026, 7, 1), date(2026, 10, 20)))  # October has not ended: what there is so far
    assert sum(part.value for part in running.parts) == 15
    before = received(asked(post, date(2026, 4, 1), date(2026, 6, 30)))
    assert (before.parts, before.empty) == ((), {})  # the register began later


def test_another_projects_register_is_not_counted(post, body):
    count(post, body, 7, 5)
    other = Asked(post.other_project, post.partner, date(2026, 7, 1), date(2026, 7, 31), (post.place.pk,))
    assert received(other).parts == ()
