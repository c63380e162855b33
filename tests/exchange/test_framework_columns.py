"""Sheet, headings and columns are found and proposed with how sure we are."""

from __future__ import annotations

from datetime import date

import pytest

from exchange import framework_columns
from exchange.framework_columns import Certainty, NoFramework
from exchange.framework_words import Field
from exchange.spreadsheets import Sheet, Workbook


def book(*rows: tuple, merged=(), name: str = "Logframe") -> Workbook:
    return Workbook("xlsx", (Sheet("Notes", (("Indicator",), ("text",))), Sheet(name, tuple(rows), merged=merged)))


def fields(found) -> dict[str, Field]:
    return {column.letter: column.field for column in found.columns}


def test_the_sheet_and_row_with_the_most_known_headings_are_chosen() -> None:
    found = framework_columns.find(book(("My project",), (), ("Result", "Indicator", "Baseline", "Target"), ("R", "I", "1", "2")))
    assert (found.sheet, found.header_row, found.header_rows) == ("Logframe", 3, 1)
    assert list(fields(found).values()) == [Field.RESULT, Field.INDICATOR, Field.BASELINE, Field.TARGET]
    assert {column.certainty for column in found.columns} == {Certainty.SURE}


def test_two_rows_of_headings_are_read_together() -> None:
    rows = (
        ("Intervention logic", "Indicator", "Achieved", None, "Baseline"),
        (None, None, "2023", "2024", "value"),
        ("Outcome 1: Peace", "# of forums", "4", "6", "1"),
    )
    found = framework_columns.find(book(*rows, merged=(((1, 3), (1, 4)),)))
    assert found.header_rows == 2
    assert list(fields(found).values()) == [Field.RESULT, Field.INDICATOR, Field.FIGURE, Field.FIGURE, Field.BASELINE]
    assert [column.period.start for column in found.of(Field.FIGURE)] == [date(2023, 1, 1), date(2024, 1, 1)]


def test_the_first_row_of_data_is_not_taken_for_a_second_row_of_headings() -> None:
    found = framework_columns.find(book(("Level", "Result", "Indicator", "Target"), ("outcome", "Result", "Source", None)))
    assert found.header_rows == 1


def test_a_misspelt_heading_is_likely_and_a_longer_one_is_to_check() -> None:
    found = framework_columns.find(book(("Result", "Indicator", "Basline", "Final target value agreed"), ("R", "I", "1", "2")))
    by_letter = {column.letter: column for column in found.columns}
    assert (by_letter["C"].field, by_letter["C"].certainty) == (Field.BASELINE, Certainty.LIKELY)
    assert (by_letter["D"].field, by_letter["D"].certainty) == (Field.TARGET, Certainty.CHECK)


def test_an_unknown_heading_that_is_a_date_above_numbers_is_likely_a_figure() -> None:
    found = framework_columns.find(book(("Result", "Indicator", "Jan–Jun 2025", "Remarks"), ("R", "I", "4", "see mail")))
    figure = found.of(Field.FIGURE)[0]
    assert figure.certainty == Certainty.LIKELY
    assert (figure.period.start, figure.period.end) == (date(2025, 1, 1), date(2025, 6, 30))
    assert found.columns[3].field == Field.UNUSED


def test_the_period_in_a_title_goes_to_figures_that_name_none_but_not_the_year_in_a_code() -> None:
    titled = book(("Reporting period: 1 July 2024 - 31 December 2024",), ("Result", "Indicator", "Actual"), ("R", "I", "4"))
    coded = book(("Logframe XM-DAC-2020-1",), ("Result", "Indicator", "Actual"), ("R", "I", "4"))
    assert framework_columns.find(titled).of(Field.FIGURE)[0].period.start == date(2024, 7, 1)
    assert framework_columns.find(coded).of(Field.FIGURE)[0].period is None


def test_what_was_confirmed_for_the_donor_before_is_sure() -> None:
    rows = (("Result", "Indicator", "Beneficiary kind 2024"), ("R", "I", "IDP"))
    assert framework_columns.find(book(*rows)).columns[2].field == Field.UNUSED
    column = framework_columns.find(book(*rows), remembered={"beneficiary kind": Field.GROUP}).columns[2]
    assert (column.field, column.certainty, column.why) == (Field.GROUP, Certainty.SURE, "remembered")


def test_a_field_goes_to_one_column_and_the_other_says_so() -> None:
    found = framework_columns.find(book(("Result", "Indicator", "Indicator", "Target"), ("R", "I", "J", "2")))
    assert fields(found) == {"A": Field.RESULT, "B": Field.INDICATOR, "C": Field.UNUSED, "D": Field.TARGET}
    assert found.columns[2].certainty == Certainty.CHECK


def test_of_several_targets_the_last_is_the_target_and_the_others_are_milestones() -> None:
    found = framework_columns.find(book(("Result", "Indicator", "Target 2024", "Target 2026", "Target 2025"), ("R", "I", "1", "3", "2")))
    assert [column.field for column in found.columns[2:]] == [Field.MILESTONE, Field.TARGET, Field.MILESTONE]


def test_a_column_that_counts_the_rows_is_no_code() -> None:
    counted = book(("No.", "Indicator", "Target"), ("1", "a", "5"), ("2", "b", "6"))
    coded = book(("No.", "Indicator", "Target"), ("O1.1", "a", "5"), ("O1.2", "b", "6"))
    assert framework_columns.find(counted).columns[0].field == Field.UNUSED
    assert framework_columns.find(coded).columns[0].field == Field.CODE


def test_a_person_may_name_the_sheet_and_row_and_change_columns() -> None:
    rows = book(("Was wir tun", "Zahl"), ("Foren", "4"))
    with pytest.raises(NoFramework):
        framework_columns.find(rows)
    found = framework_columns.find(rows, sheet="Logframe", header_row=1)
    changed = found.with_fields({1: Field.INDICATOR, 2: Field.TARGET})
    assert fields(changed) == {"A": Field.INDICATOR, "B": Field.TARGET}
    assert changed.columns[0].certainty == Certainty.SURE
