from dataclasses import replace
from decimal import Decimal

import pytest
from django.utils import translation

from reporting.documents.content import HIDDEN_MARK, Number, ReportContent, Span, Status, shown
from tests.reporting.documents.example import example, people


def test_equal_content_has_an_equal_hash_however_its_decimals_were_spelled():
    first = example()
    row = first.sections[0].results.rows[0]
    spelled = replace(row, target=replace(row.target, value=Decimal("70.000")))
    second = replace(
        first,
        sections=(
            replace(first.sections[0], results=replace(first.sections[0].results, rows=(spelled, *first.sections[0].results.rows[1:]))),
            *first.sections[1:],
        ),
    )

    assert first.content_hash == second.content_hash
    assert len(first.content_hash) == 64


def test_signing_off_leaves_the_hash_and_a_changed_word_does_not():
    content = example()
    section = replace(content.sections[0], paragraphs=((Span("Another sentence."),),))

    assert example(signed_off="signed off by R. on 21 October 2026").content_hash == content.content_hash
    assert example(sections=(section, *content.sections[1:])).content_hash != content.content_hash
    assert example(version=3).content_hash != content.content_hash


@pytest.mark.parametrize("status", [Status.SUPPRESSED, Status.NOT_REPORTED, Status.NOT_COMPUTABLE, Status.NOT_SET, Status.NOT_OFFERED])
def test_a_number_that_is_not_shown_cannot_carry_its_value_or_its_parts(status):
    with pytest.raises(ValueError, match="cannot have the value"):
        Number(value=Decimal(3), status=status)
    with pytest.raises(ValueError, match="no detail"):
        Number(status=status, detail="3 of 4")


def test_a_shown_number_without_a_value_is_refused_and_zero_is_a_value():
    with pytest.raises(ValueError, match="cannot have the value None"):
        Number()
    assert shown(people(0)) == "0"


@pytest.mark.parametrize(
    ("language", "number", "words"),
    [
        ("en", Number(Decimal("1234567.5"), 1, "persons"), "1,234,567.5"),
        ("en", Number(Decimal("57.099698"), 0, "%"), "57\N{NO-BREAK SPACE}%"),
        ("fr", Number(Decimal("1234.5"), 1), "1\N{NARROW NO-BREAK SPACE}234,5"),
        ("en", Number(status=Status.SUPPRESSED), HIDDEN_MARK),
        ("en", Number(status=Status.NOT_REPORTED), "not reported"),
    ],
)
def test_numbers_are_spelled_in_the_language_of_the_report(language, number, words):
    with translation.override(language):
        assert shown(number) == words


def test_content_comes_back_from_its_json_as_it_was():
    content = example(signed_off="signed off")

    assert ReportContent.from_json(content.as_json()) == content
