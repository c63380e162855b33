import base64
import json
from datetime import date
from uuid import uuid4

import pytest
from django.db.models import F
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.models import User
from plumbing import pages

LEFT = [None, date(2026, 1, 31), date(2026, 6, 30)]
people = st.lists(st.tuples(st.sampled_from(LEFT), st.sampled_from(["Ayen", "Deng", "دينق"])), max_size=9)
orders = st.sampled_from([["left_on", "name"], ["-left_on", "name"], ["name", "-left_on"], ["-name"], []])


def walk(rows, order, size):
    """Every page from the first to the last, by the marks alone."""
    found, cursor = [], None
    while True:
        page = pages.page(rows, order, cursor=cursor, size=size)
        found.append(page)
        if page.next is None:
            return found
        cursor = page.next


class EveryRowOnce(TestCase):
    @settings(max_examples=40, deadline=None)
    @given(people=people, order=orders, size=st.integers(1, 4))
    def test_pages_hold_every_row_once_in_order_and_lead_back_the_same_way(self, people, order, size):
        User.objects.bulk_create(
            User(email=f"{uuid4()}@demo.example", name=name, left_on=left, is_active=left is None) for left, name in people
        )
        keys = pages.keys(order)
        expected = list(User.objects.order_by(*pages.order_by(keys)).values_list("pk", flat=True))
        forward = walk(User.objects.all(), keys, size)
        assert [row.pk for page in forward for row in page] == expected
        assert all(len(page) == size for page in forward[:-1])

        at, backward = forward[-1], [forward[-1]]
        while at.previous:
            at = pages.page(User.objects.all(), keys, cursor=at.previous, size=size)
            backward.insert(0, at)
        assert [row.pk for page in backward for row in page] == expected
        assert [page.next for page in backward] == [page.next for page in forward]


@pytest.mark.django_db
def test_rows_without_a_value_come_last_in_both_directions():
    for index, left in enumerate([None, date(2026, 6, 30), date(2026, 1, 31)]):
        User.objects.create(email=f"{index}@demo.example", name="Ayen", left_on=left, is_active=left is None)
    for ordering, shown in (
        (["left_on"], [date(2026, 1, 31), date(2026, 6, 30), None]),
        (["-left_on"], [date(2026, 6, 30), date(2026, 1, 31), None]),
    ):
        assert [row.left_on for page in walk(User.objects.all(), pages.keys(ordering), 1) for row in page] == shown


@pytest.mark.django_db
def test_a_row_that_arrives_while_someone_reads_moves_nothing():
    made = [User.objects.create(email=f"{n}@demo.example", name=n) for n in "BDF"]
    keys = pages.keys(["name"])
    first = pages.page(User.objects.all(), keys, size=2)
    User.objects.create(email="a@demo.example", name="A")
    assert [row.pk for row in pages.page(User.objects.all(), keys, cursor=first.next, size=2)] == [made[2].pk]


@pytest.mark.django_db
def test_a_page_of_plain_values_leads_on_too(django_assert_num_queries):
    for name in "ABC":
        User.objects.create(email=f"{name}@demo.example", name=name)
    rows = User.objects.values("id", "name")
    keys = pages.keys(["name"])
    with django_assert_num_queries(2):
        first = pages.page(rows, keys, size=2)
        second = pages.page(rows, keys, cursor=first.next, size=2)
    assert [row["name"] for row in [*first, *second]] == ["A", "B", "C"]


@pytest.mark.django_db
def test_an_order_through_a_relation_or_an_annotation_can_be_cut():
    for name in "ABC":
        User.objects.create(email=f"{name}@demo.example", name=name)
    rows = User.objects.annotate(word=F("name"))
    assert [row.name for page in walk(rows, pages.keys(["organization__name", "-word"]), 1) for row in page] == ["A", "B", "C"][::-1]


def forged(*parts):
    return base64.urlsafe_b64encode(json.dumps(list(parts)).encode()).decode().rstrip("=")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "%00",
        "é",
        "A" * 5000,
        forged(),
        forged(2, None, "n", 1),
        forged(True, None, "n", 1),
        forged(0, None, "n"),
        forged(0, "not a date", "n", 1),
        forged(0, "0001-01-01", "n", 1),
        forged(0, None, "a\x00b", 1),
        forged(0, None, ["n"], 1),
        forged(0, None, "n", 10**30),
        forged(0, None, "n", "one"),
        forged(0, None, "n", True),
        base64.urlsafe_b64encode(b"[0,null,1.5,1]").decode(),
        base64.urlsafe_b64encode(b"[" * 1500).decode(),
    ],
)
def test_a_page_mark_that_was_not_given_out_is_refused_before_the_database_sees_it(cursor, django_assert_num_queries):
    with django_assert_num_queries(0), pytest.raises(pages.CursorError):
        pages.page(User.objects.all(), pages.keys(["left_on", "name"]), cursor=cursor)


@given(st.text(max_size=200))
def test_no_text_whatever_gets_past_as_a_page_mark_with_another_error(text):
    with pytest.raises(pages.CursorError):
        pages.read_mark(text, pages.keys(["left_on", "name"]), User)
