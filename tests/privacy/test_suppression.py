"""Hidden numbers stay hidden: each rule by itself, and an attacker with pencil and paper on random tables."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as some

from privacy.suppression import (
    HIDDEN,
    Release,
    Shown,
    may_show_percentage,
    may_show_period,
    protect_line,
    protect_lines,
    protect_table,
    protect_total,
    release,
    show_together,
    shown_values,
)


def seen(cells):
    return ["-" if cell is HIDDEN else "n/a" if cell.status == "not_applicable" else cell.value for cell in cells]


def test_the_worked_table():
    table = protect_table([(12, 3), (20, 15), (9, 14)], threshold=5)
    assert [seen(row) for row in table.rows] == [["-", "-"], [20, 15], ["-", "-"]]
    assert (seen(table.row_totals), seen(table.column_totals), table.total.value) == ([15, 35, 23], [41, 32], 73)


@pytest.mark.parametrize(
    ("cells", "shown", "total"),
    [
        ([12, 20, 9], [12, 20, 9], 41),
        ([12, 3, 20], ["-", "-", 20], 35),  # the smallest other cell goes with the small one
        ([2, 1, 30, 10], ["-", "-", 30, "-"], 43),  # two small ones that add up to less than 5 say too much
        ([2, 3, 30], ["-", "-", 30], 35),
        ([3, 0, 0], ["-", 0, 0], "-"),
        ([1, 1], ["-", "-"], "-"),  # everything is hidden, the total too
        ([3], ["-"], "-"),
        ([0, 0], [0, 0], 0),
        ([None, 3, 40], ["n/a", "-", "-"], 43),  # a category that was not offered protects nothing
    ],
)
def test_one_way_tables(cells, shown, total):
    line = protect_line(cells, threshold=5)
    assert (seen(line.cells), *seen([line.total])) == (shown, total)


def test_confidential_tables_hide_zeros_too():
    line = protect_line([0, 40, 60], threshold=10, hide_zeros=True)
    assert (seen(line.cells), line.total.value) == (["-", "-", 60], 100)
    assert protect_total(0, threshold=10, hide_zeros=True) == HIDDEN
    assert protect_total(0, threshold=5) == Shown(0)


def test_less_than_is_written_only_where_nothing_but_small_cells_is_hidden():
    assert protect_line([2, 3, 30], threshold=5).only_primary
    assert not protect_line([12, 3, 20], threshold=5).only_primary
    assert not protect_line([12, 30], threshold=5).only_primary


def test_by_sex_and_by_age_the_total_is_hidden_in_both_or_in_none():
    by_sex, by_age = protect_lines([[4, 0], [2, 2]], threshold=5)
    assert by_sex.total == by_age.total == HIDDEN
    assert (seen(by_sex.cells), seen(by_age.cells)) == (["-", 0], ["-", "-"])
    by_sex, by_age = protect_lines([[12, 3, 20], [15, 20]], threshold=5)
    assert (seen(by_sex.cells), seen(by_age.cells), by_sex.total.value) == (["-", "-", 20], [15, 20], 35)
    with pytest.raises(ValueError, match="same total"):
        protect_lines([[4, 1], [2, 2]], threshold=5)


def test_a_block_that_can_hardly_vary_drops_the_breakdown():
    table = protect_table([(1, 40), (2, 2)], threshold=5)
    assert table.dropped
    assert (seen(table.row_totals), table.total.value) == (["-", "-"], 45)


def test_dropping_keeps_only_a_total_that_is_large_enough():
    table = protect_table([(1, 1), (1, 0)], threshold=5)
    assert (table.dropped, table.total) == (True, HIDDEN)


def test_a_category_not_offered_is_no_complement_in_a_two_way_table():
    table = protect_table([(12, 3, None), (20, 15, 30), (9, 14, 30)], threshold=5)
    assert [seen(row) for row in table.rows] == [["-", "-", "n/a"], [20, 15, 30], ["-", "-", 30]]


def test_an_export_holds_nothing_where_a_number_is_hidden():
    assert shown_values(protect_line([12, 3, 20], threshold=5).cells) == [None, None, 20]
    assert {cell.status for cell in protect_line([12, 3, 20], threshold=5).cells} == {"suppressed", "shown"}


@pytest.mark.parametrize(
    ("numerator", "denominator", "options", "shown"),
    [
        (7, 14, {}, True),
        (5, 9, {}, False),  # a base below twice the threshold
        (3, 40, {}, False),  # a small numerator
        (37, 40, {}, False),  # a small remainder
        (0, 19, {}, False),  # 0 % of few people says something about each of them
        (0, 20, {}, True),
        (20, 20, {}, True),
        (19, 19, {}, False),
        (0, 400, {"threshold": 10, "hide_zeros": True}, False),
        (12, 40, {"is_suppressed": True}, False),
    ],
)
def test_percentages_that_would_tell_a_small_number_are_hidden(numerator, denominator, options, shown):
    assert may_show_percentage(numerator, denominator, **{"threshold": 5, **options}) == shown


@pytest.mark.parametrize(
    ("now", "last", "options", "expected"),
    [
        (42, 40, {}, Release(40, held=True)),
        (45, 40, {}, Release(45, held=False)),
        (38, 40, {}, Release(40, held=True)),
        (35, 40, {}, Release(35, held=False)),
        (40, 40, {}, Release(40, held=False)),
        (40, 40, {"threshold": 10, "hide_zeros": True}, Release(40, held=True)),
        (3, None, {}, Release(None, held=True)),
        (5, None, {}, Release(5, held=False)),
        (0, None, {}, Release(0, held=False)),
    ],
)
def test_a_series_moves_in_steps_of_the_threshold(now, last, options, expected):
    assert release(now, last, **{"threshold": 5, **options}) == expected


def test_a_periods_own_number_follows_the_same_step():
    assert [may_show_period(number, threshold=5) for number in (0, 1, 4, 5, -4, -5)] == [True, False, False, True, False, True]
    assert not may_show_period(0, threshold=10, hide_zeros=True)


cells = some.one_of(some.integers(0, 12), some.integers(0, 80), some.none())
thresholds = some.sampled_from([(5, False), (10, True), (10, False)])


@given(some.lists(cells, min_size=1, max_size=6), thresholds)
def test_no_hidden_cell_of_a_one_way_table_follows_from_the_rest(line, rule):
    threshold, hide_zeros = rule
    table = protect_line(line, threshold=threshold, hide_zeros=hide_zeros)
    hidden = [number for number, cell in zip(line, table.cells, strict=True) if cell == HIDDEN]
    if table.dropped:
        return
    assert not any(1 <= cell.value < threshold for cell in (*table.cells, table.total) if cell.value is not None)
    if table.total != HIDDEN:
        assert len(hidden) != 1
        assert not hidden or sum(hidden) >= threshold  # each can be anything from 0 to their sum
    else:
        assert hidden


def test_every_step_of_a_random_release_is_zero_or_at_least_the_threshold():
    last, published = None, []
    for number in (3, 6, 7, 9, 11, 11, 30, 27, 24):
        step = release(number, last, threshold=5)
        last = step.value
        published.append(last)
    assert published == [None, 6, 6, 6, 11, 11, 30, 30, 24]


@given(some.lists(some.integers(0, 12), min_size=4, max_size=12), some.integers(2, 3), thresholds)
def test_no_hidden_cell_of_a_published_two_way_table_is_pinned_down(numbers, width, rule):
    threshold, hide_zeros = rule
    rows = [numbers[at : at + width] for at in range(0, len(numbers) - width + 1, width)]
    table = protect_table(rows, threshold=threshold, hide_zeros=hide_zeros)
    if table.dropped:
        assert all(cell == HIDDEN for row in table.rows for cell in row)
        assert table.total == HIDDEN or table.total.value >= threshold
        return
    hidden = [(i, j) for i, row in enumerate(table.rows) for j, cell in enumerate(row) if cell == HIDDEN]
    for possible in _possible(rows, hidden):
        assert len(possible) == 0 or max(possible) - min(possible) >= threshold


def _possible(rows, hidden):
    """Every value each hidden cell can have, by trying all tables with the same published numbers (one degree of freedom)."""
    if not hidden:
        return []
    (top, left), (_t, right), (bottom, _l), _last = sorted(hidden)
    tables = []
    for first in range(sum(map(sum, rows)) + 1):
        second = rows[top][left] + rows[top][right] - first
        third = rows[top][left] + rows[bottom][left] - first
        fourth = rows[bottom][left] + rows[bottom][right] - third
        if min(first, second, third, fourth) >= 0:
            tables.append((first, second, third, fourth))
    return list(zip(*tables, strict=True))


@given(some.lists(some.lists(some.integers(0, 60), min_size=2, max_size=2), min_size=2, max_size=5), thresholds)
def test_nothing_small_is_ever_shown(rows, rule):
    threshold, hide_zeros = rule
    table = protect_table(rows, threshold=threshold, hide_zeros=hide_zeros)
    numbers = [
        cell.value for row in (*table.rows, table.row_totals, table.column_totals, [table.total]) for cell in row if cell.value is not None
    ]
    assert not any(1 <= number < threshold or (hide_zeros and number == 0) for number in numbers)


def ways(**people):
    """Steps by their first letters: ``ways(abc=5)`` are five people whom a, b and c count."""
    return {frozenset(name): number for name, number in people.items()}


@pytest.mark.parametrize(
    ("people", "order", "shown"),
    [
        (ways(a=12, ab=12, abc=12), "bc", "bc"),
        (ways(a=3, ab=12, abc=12), "bc", "c"),  # all - b would be three
        (ways(a=14, ab=12, ac=12, ad=12), "abcd", "bcd"),  # everybody is in a: that its difference to all is zero stays hidden
        (ways(a=4, b=12, c=12, d=12), "bcd", "bc"),  # all - b - c - d would be four: a difference of four numbers
        (ways(ab=12, a=12, bc=3), "abc", "b"),  # all - a would be three
        (ways(a=200, ab=150, abc=100, abd=90), "abcd", "bcd"),
        (ways(a=4, b=5), "ab", ""),
    ],
)
def test_numbers_of_the_same_people_stand_together_only_where_no_block_is_small(people, order, shown):
    assert show_together(people, order, threshold=10, hide_zeros=True) == set(shown)


def test_what_is_known_by_its_meaning_is_shown_and_zeros_of_ordinary_data_are_too():
    assert show_together(ways(a=12, b=15), "ab", threshold=10, hide_zeros=True) == {"a"}
    assert show_together(ways(a=12, b=15), "ab", threshold=10, hide_zeros=True, known={"b"}) == {"a", "b"}
    assert show_together(ways(a=12, ab=15), "abz", threshold=5) == {"a", "b", "z"}


populations = some.dictionaries(some.frozensets(some.sampled_from("abcd")), some.integers(1, 40), min_size=1, max_size=8)


@given(populations, some.permutations("abcd"), thresholds)
def test_no_sum_or_difference_of_shown_numbers_is_a_small_group(people, order, rule):
    """All combinations with factors of -2 to 2, the total among them. Who adds up knows which ways nobody has gone."""
    threshold, hide_zeros = rule
    if sum(people.values()) < threshold:
        return
    shown = [*show_together(people, order, threshold=threshold, hide_zeros=hide_zeros)]
    counted = [(number, [1, *(key in signature for key in shown)]) for signature, number in people.items()]
    for factors in product(range(-2, 3), repeat=len(shown) + 1):
        group = [sum(f * one for f, one in zip(factors, counts, strict=True)) for _number, counts in counted]
        if min(group) >= 0 and any(group):
            assert sum(times * number for times, (number, _counts) in zip(group, counted, strict=True)) >= threshold
        elif hide_zeros and not any(group):
            assert not any(factors), "a difference of zero is told"


@given(some.lists(some.integers(20, 200), min_size=2, max_size=9))
def test_steps_of_big_numbers_all_stay(left_at_each_step):
    """Everybody who goes a way is counted by its steps up to where he or she stands."""
    people = {frozenset(range(step)): number for step, number in enumerate(left_at_each_step)}
    assert len(show_together(people, range(len(people) - 1), threshold=10, hide_zeros=True)) == len(people) - 1
