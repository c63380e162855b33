"""Results frameworks as field offices keep them are read to the last decimal, and every doubt is shown with its cell."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from exchange import framework_columns, frameworks, spreadsheets
from exchange.framework_words import Field
from exchange.frameworks import Answer
from exchange.spreadsheets import Sheet, Workbook

FILES = (
    *("donor-ame-hnd", "donor-aso-mmr", "donor-eur-alb", "donor-mena-egy", "french-ame-usamco", "french-aso-thamco"),
    *("french-eur-grc", "french-mena-lby", "tidy-ame-bra", "tidy-aso-bgd", "tidy-ehgl-sdn", "tidy-eur-mne"),
)
HEADINGS = ("Result", "Code", "Indicator", "Unit", "Group", "Baseline", "Target", "Achieved 2024")


def read(*rows: tuple, answers: dict[str, Answer] | None = None, headings: tuple = HEADINGS, **about) -> frameworks.Framework:
    sheet = Sheet("Logframe", (headings, *rows), **about)
    found = framework_columns.find(Workbook("xlsx", (sheet,)))
    return frameworks.read(sheet, found, answers=answers)


def row(
    name: str | None = "# of forums", *, result="Outcome 1: Peace", code=None, unit=None, group=None, base=None, target=None, actual=None
):
    return (result, code, name, unit, group, base, target, actual)


@pytest.mark.parametrize("name", FILES)
def test_a_real_framework_gives_exactly_what_its_publisher_counted(shared_data: Path, name: str) -> None:
    folder = shared_data / "results" / "frameworks"
    expected = json.loads((folder / "EXPECTED.json").read_text())[f"{name}.xlsx"]
    book = spreadsheets.read((folder / f"{name}.xlsx").read_bytes())
    found = framework_columns.find(book)
    read = frameworks.read(book.sheet(found.sheet), found)
    figures = [figure.quantity.amount for indicator in read.indicators for figure in indicator.figures]
    targets = [indicator.target.amount for indicator in read.indicators if indicator.target is not None]
    alike = Counter((indicator.result, indicator.name) for indicator in read.indicators)
    assert {
        "layout": name.partition("-")[0],
        "rows": len(read.indicators),
        "results": len(read.results),
        "by_type": dict(Counter(read.results[indicator.result].kind for indicator in read.indicators)),
        "measure": dict(Counter(indicator.measure for indicator in read.indicators)),
        "baselines": sum(indicator.baseline is not None for indicator in read.indicators),
        "targets": len(targets),
        "actuals": len(figures),
        "sum_targets": sum(targets, Decimal(0)),
        "sum_actuals": sum(figures, Decimal(0)),
        "zero_actuals": sum(amount == 0 for amount in figures),
        "indicator_in_several_groups": sum(count > 1 for count in alike.values()),
    } == {**expected, "sum_targets": Decimal(expected["sum_targets"]), "sum_actuals": Decimal(expected["sum_actuals"])}
    assert read.blocking == ()


def test_notes_under_the_table_are_notes(shared_data: Path) -> None:
    book = spreadsheets.read((shared_data / "results" / "frameworks" / "donor-ame-hnd.xlsx").read_bytes())
    found = framework_columns.find(book)
    assert frameworks.read(book.sheets[0], found).notes == (("B19", "Note: figures are provisional until verified."),)


def test_the_donors_wording_code_unit_and_numbers_come_with_their_cells() -> None:
    indicator = read(row(code="O1.1", unit="USD", base="USD 14", target="30", actual=Decimal("0"))).indicators[0]
    assert (indicator.name, indicator.code, indicator.measure, indicator.unit) == ("# of forums", "O1.1", "unit", "USD")
    assert (indicator.baseline.value, indicator.baseline.cell, indicator.target.cell) == (14, "F2", "G2")
    assert indicator.figures[0].quantity.value == 0
    assert indicator.figures[0].period.end == date(2024, 12, 31)


def test_not_reported_is_no_zero() -> None:
    indicator = read(row(base="n/a", target="–", actual=None)).indicators[0]
    assert (indicator.baseline, indicator.target, indicator.figures) == (None, None, ())


def test_a_share_without_numerator_stays_bare_and_one_with_it_keeps_both() -> None:
    bare, full = read(row("% feeling safe", target="58 %"), row("% disputes settled", target="9 of 24")).indicators
    assert (bare.measure, bare.target.share, bare.target.numerator) == ("percentage", 58, None)
    assert (full.measure, full.target.share, full.target.numerator, full.target.denominator) == ("percentage", None, 9, 24)


def test_a_cell_shown_as_percent_is_taken_as_shown() -> None:
    framework = read(row("Share of women", target=Decimal("0.45")), percent=frozenset({(2, 7)}))
    assert framework.indicators[0].target.share == 45


def test_a_merged_result_speaks_for_its_rows_and_a_banner_for_the_rows_below() -> None:
    merged = read(row(), row(result=None), row(result=None), merged=(((2, 1), (4, 1)),))
    assert merged.results[0].rows == (2, 3, 4)
    banner = read(
        ("Outcome 1: Peace", *(None,) * 7),
        row(result=None),
        ("Output 1.1: Forums", *(None,) * 7),
        row(result=None),
        merged=(((2, 1), (2, 8)),),
    )
    assert [(one.kind, one.number, one.title, one.rows) for one in banner.results] == [
        ("outcome", "1", "Peace", (3,)),
        ("output", "1.1", "Forums", (5,)),
    ]
    assert banner.results[1].parent == 0


def test_a_column_for_each_kind_of_result_gives_the_tree() -> None:
    headings = ("Impact", "Outcome", "Output", "Indicator", "Target")
    framework = read(
        ("Peace", None, None, "Index", "5"),
        (None, "Trust", None, "Trust score", "6"),
        (None, None, "Forums", "# of forums", "7"),
        (None, None, "Radio", "# of programs", "8"),
        headings=headings,
    )
    assert [(one.kind, one.title, one.parent) for one in framework.results] == [
        ("impact", "Peace", None),
        ("outcome", "Trust", 0),
        ("output", "Forums", 1),
        ("output", "Radio", 1),
    ]


def test_an_output_finds_its_outcome_by_number_by_words_or_by_standing_under_it() -> None:
    numbered = read(row(result="Outcome 1: A"), row("b", result="Outcome 2: B"), row("c", result="Output 1.1: C"))
    worded = read(row(result="Outcome: A"), row("b", result="Outcome: B"), row("c", result="Output: A"))
    under = read(row(result="Outcome: A"), row("c", result="Output: C"), row("b", result="Outcome: B"), row("d", result="Output: D"))
    assert numbered.results[2].parent == 0
    assert worded.results[2].parent == 0
    assert [under.results[1].parent, under.results[3].parent] == [0, 2]


def test_an_output_that_the_file_puts_under_nothing_is_asked_and_can_wait() -> None:
    rows = (row(result="Outcome: A"), row("b", result="Outcome: B"), row("c", result="Output: C"))
    framework = read(*rows)
    problem = next(one for one in framework.problems if one.key.startswith("parent:"))
    assert (problem.kind, problem.open, framework.results[2].parent) == ("warning", False, None)
    assert read(*rows, answers={problem.key: Answer("1")}).results[2].parent == 1


def test_the_same_indicator_for_two_groups_stays_two_and_is_said() -> None:
    framework = read(row(group="IDP"), row(group="Host community"))
    assert [indicator.group for indicator in framework.indicators] == ["IDP", "Host community"]
    problem = framework.problems[0]
    assert (problem.kind, problem.cells) == ("warning", ("C2", "C3"))
    assert "population groups" in problem.message


def test_numbers_without_an_indicator_block_until_named_or_left_out() -> None:
    rows = (row(), row(None, target="40"))
    framework = read(*rows)
    problem = framework.blocking[0]
    assert (problem.cells, problem.message) == (("C3",), "Row 3 has a number (G3 = 40) but no indicator")
    assert (len(framework.indicators), framework.left_out) == (1, (3,))
    named = read(*rows, answers={problem.key: Answer("name", "  # of courts ")})
    assert named.indicators[1].name == "# of courts"
    assert named.blocking == ()
    assert read(*rows, answers={problem.key: Answer("leave_out")}).blocking == ()
    assert read(*rows, answers={problem.key: Answer("name", " ")}).blocking != ()


def test_a_range_blocks_until_one_number_is_chosen_and_is_kept_as_a_note() -> None:
    framework = read(row(target="12-15"))
    problem = framework.blocking[0]
    assert [choice.key for choice in problem.choices] == ["take:12", "take:15", "other", "empty"]
    assert framework.indicators[0].target is None
    chosen = read(row(target="12-15"), answers={problem.key: Answer("take:15")}).indicators[0]
    assert chosen.target.value == 15
    assert chosen.notes == ("G2: 12-15",)
    assert read(row(target="12-15"), answers={problem.key: Answer("other", "13,5")}).indicators[0].target.value == Decimal("13.5")
    assert read(row(target="12-15"), answers={problem.key: Answer("other", "thirteen")}).blocking != ()


def test_an_error_an_uncomputed_formula_and_a_date_block_with_their_cell() -> None:
    framework = read(
        row(base=None, target=None, actual=date(2015, 12, 1)),
        errors={(2, 6): "#REF!"},
        uncomputed=frozenset({(2, 7)}),
    )
    assert [problem.cells for problem in framework.blocking] == [("F2",), ("G2",), ("H2",)]
    assert "#REF!" in framework.blocking[0].message
    assert "never computed" in framework.blocking[1].message
    assert framework.blocking[2].said == "2015-12-01"


def test_an_error_beside_the_used_columns_is_nobodys_problem() -> None:
    headings = (*HEADINGS, "Remarks")
    framework = read((*row(target="3"), None), headings=headings, errors={(2, 9): "#REF!"})
    assert framework.problems == ()


def test_one_comma_is_settled_by_the_other_cells_or_asked() -> None:
    open_question = read(row(target="1,490"))
    problem = open_question.problems[0]
    assert (problem.kind, open_question.indicators[0].target.value) == ("warning", 1490)
    assert read(row(target="1,490"), answers={problem.key: Answer("second")}).indicators[0].target.value == Decimal("1.49")
    settled = read(row(target="1,490", base="12.5"))
    assert settled.problems == ()


def test_a_computed_share_with_many_decimals_is_rounded_and_said() -> None:
    framework = read(row(target=Decimal("58.3333333333333")))
    assert framework.indicators[0].target.value == Decimal("58.333333")
    assert framework.problems[0].kind == "warning"


def test_an_unknown_kind_of_result_is_asked_once_for_all_its_rows() -> None:
    headings = ("Level", *HEADINGS)
    rows = (("Ziel", *row(result="Peace")), ("Ziel", *row("b", result="Trust")))
    framework = read(*rows, headings=headings)
    assert [problem.cells for problem in framework.blocking] == [("A2", "A3")]
    settled = read(*rows, headings=headings, answers={framework.blocking[0].key: Answer("impact")})
    assert [result.kind for result in settled.results] == ["impact", "impact"]


def test_totals_repeated_headings_and_column_numbers_are_not_indicators() -> None:
    framework = read(tuple("12345678"), row(target="3"), HEADINGS, ("Total", None, None, None, None, None, "3", None))
    assert len(framework.indicators) == 1
    assert framework.left_out == (5,)
    assert "total" in framework.problems[0].message


def test_an_indicator_before_any_result_asks_for_one() -> None:
    framework = read(row(result=None, target="1"))
    assert framework.blocking[0].key == "no_result:2"
    named = read(row(result=None, target="1"), answers={"no_result:2": Answer("name", "Peace")})
    assert (named.results[0].kind, named.results[0].title, named.indicators[0].result) == ("outcome", "Peace", 0)


def test_words_where_a_text_measure_is_reported_are_notes_and_no_problem() -> None:
    framework = read(row(unit="Qualitative", target="Law adopted"))
    assert (framework.problems, framework.indicators[0].measure, framework.indicators[0].target) == ((), "text", None)
    assert framework.indicators[0].notes == ("Target: Law adopted",)


def test_the_measure_comes_from_the_unit_the_name_or_the_percent_sign() -> None:
    measures = [
        one.measure
        for one in read(row("% safe"), row("Proportion of women"), row("Rate", target="5%"), row("Percentage", unit="unit")).indicators
    ]
    assert measures == ["percentage", "percentage", "percentage", "unit"]
    assert Field.MEASURE == "measure"
