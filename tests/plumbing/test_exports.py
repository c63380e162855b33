import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from django.utils import timezone
from python_calamine import CalamineWorkbook

from accounts.models import Organization, User
from plumbing import exports
from plumbing.exports import Field

pytestmark = pytest.mark.django_db

FIELDS = [
    Field("Name", "name"),
    Field("E-mail", "email"),
    Field("Left", "left_on"),
    Field("Since", "created_at"),
    Field("May sign in", "is_active", {True: "yes", False: "no"}),
    Field("Employer", "organization__name"),
]


def make(**given):
    return User.objects.create(
        **({"email": "ayen@demo.example", "name": "Ayen", "created_at": datetime(2026, 9, 30, 22, 30, tzinfo=UTC)} | given)
    )


def read_csv():
    text = "".join(exports.csv_lines(User.objects.order_by("pk"), FIELDS))
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


def read_xlsx(**given):
    file = io.BytesIO()
    exports.write_xlsx(file, User.objects.order_by("pk"), FIELDS, **given)
    file.seek(0)
    return CalamineWorkbook.from_filelike(file)


def test_both_files_hold_the_same_rows_with_words_for_codes_and_the_readers_time():
    make(organization=Organization.objects.create(name="Nile Youth Initiative", kind="partner", iati_type="22"))
    make(email="deng@demo.example", name="دينق", is_active=False, left_on=date(2026, 6, 30))
    with timezone.override("Africa/Juba"):
        rows = read_csv()
        sheet = read_xlsx().get_sheet_by_index(0).to_python()
    assert rows[0] == sheet[0] == [field.heading for field in FIELDS]
    assert rows[1] == ["Ayen", "ayen@demo.example", "", "2026-10-01 00:30:00", "yes", "Nile Youth Initiative"]
    assert rows[2] == ["دينق", "deng@demo.example", "2026-06-30", "2026-10-01 00:30:00", "no", ""]
    assert sheet[1][3] == datetime(2026, 10, 1, 0, 30)
    assert sheet[2][:3] == ["دينق", "deng@demo.example", date(2026, 6, 30)]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+1+cmd|' /C calc'!A0", "'+1+cmd|' /C calc'!A0"),
        ("-2+3+A1", "'-2+3+A1"),
        ("\t=1", "'\t=1"),
        (" =1", "' =1"),
        ("＝1+1", "'＝1+1"),
        ("-5", "-5"),
        ("+254 700 000000", "+254 700 000000"),
        ("+254-700-000000", "+254-700-000000"),
        ("Ayen = Deng", "Ayen = Deng"),
        ("", ""),
    ],
)
def test_what_a_spreadsheet_would_run_stays_text_and_a_number_or_telephone_stays_readable(text, written):
    assert exports.harmless(text) == written
    make(name=text)
    assert read_csv()[1][0] == written
    assert read_xlsx().get_sheet_by_index(0).to_python()[1][0] == written


def test_a_number_too_long_for_a_spreadsheet_is_kept_to_its_last_digit():
    class Sheet:
        written = []

        def write_number(self, line, column, value):
            self.written.append(value)

        def write_string(self, line, column, value):
            self.written.append(value)

    for value in (Decimal("12.5"), Decimal("12345678901.123456"), 0):
        exports._write(Sheet(), 1, 1, value, {})
    assert Sheet.written == [Decimal("12.5"), "12345678901.123456", 0]


class AtHand:
    """Rows that are no queryset, as the portfolio's file has them."""

    def __init__(self, rows):
        self.rows = rows

    def values_list(self, *paths):
        return self

    def iterator(self, chunk_size):
        return iter(self.rows)


ODD = [
    *(
        "a,b",
        'say "no"',
        "two\nlines",
        "one\rreturn",
        " ahead",
        "دينق, دينق",
        "",
        None,
        "'",
        "tab\there",
        "=1+1",
        '-"1',
        "\x00=1",
        "-5",
        "NaN",
    ),
    *(True, False, 0, 1, -1, 10**20, Decimal("1.0"), Decimal("1.00"), Decimal("1E+3"), Decimal("-0.5"), 2.5, UUID(int=7)),
    *(date(2026, 6, 30), datetime(2026, 9, 30, 22, 30), datetime(2026, 9, 30, 22, 30, 1, 5, tzinfo=UTC), ["a", 1], {"a": "b"}),
]


def by_hand(rows, words):
    """What a file holds, value by value and through ``csv.writer``."""

    def plain(value, told):
        if told is not None:
            return exports.harmless(str(told[value])) if value in told else "" if value is None else value
        if isinstance(value, str):
            return exports.harmless(value)
        return timezone.localtime(value).replace(tzinfo=None) if isinstance(value, datetime) and value.tzinfo else value

    file = io.StringIO()
    csv.writer(file).writerows([plain(value, told) for value, told in zip(row, words, strict=True)] for row in rows)
    return file.getvalue()


@pytest.mark.parametrize(
    "column", [ODD, *([one, None, one] for one in ODD), [1, 2, None], ["x", "y,", ""], [Decimal("1.0"), Decimal("1.00")]]
)
def test_a_file_put_together_by_columns_has_the_bytes_of_the_csv_module(column):
    rows = [(value, str(number), value) for number, value in enumerate(column)]
    text = "".join(exports.csv_lines(AtHand(rows), [Field("A, or B", "a"), Field("=B", "b"), Field("C", "c")]))
    assert text == "\ufeff" + by_hand([("A, or B", "=B", "C"), *rows], [None] * 3)
    alone = [(value,) for value in column]
    assert "".join(exports.csv_lines(AtHand(alone), [Field("A", "a")])) == "\ufeff" + by_hand([("A",), *alone], [None])


def test_what_the_database_converts_has_the_same_bytes_however_often_a_value_comes(monkeypatch):
    monkeypatch.setattr(exports, "CHUNK", 3)
    for number, name in enumerate(('"=1"', "=1", "=1", "a,b", "=1", "Ayen", "Ayen")):
        left = date(2026, 6, 1 + number // 2) if number % 3 else None
        make(email=f"{number}@demo.example", name=name, left_on=left, is_active=left is None)
    rows = User.objects.order_by("pk")
    words = [field.words for field in FIELDS]
    expected = by_hand(rows.values_list(*(field.path for field in FIELDS)), words)
    assert "".join(exports.csv_lines(rows, FIELDS)).split("\r\n", 1)[1] == expected


def test_an_empty_list_still_has_its_headings_and_the_filters_are_told():
    book = read_xlsx(about=[("State", "due")])
    assert book.get_sheet_by_index(0).to_python() == [[field.heading for field in FIELDS]]
    assert book.get_sheet_by_index(1).to_python() == [["State", "due"]]
    assert read_csv() == [[field.heading for field in FIELDS]]


def test_a_long_list_takes_one_query_and_several_pieces(django_assert_num_queries):
    User.objects.bulk_create(User(email=f"{n}@demo.example", name=str(n)) for n in range(2 * exports.CHUNK + 1))
    with django_assert_num_queries(1):
        pieces = list(exports.csv_lines(User.objects.order_by("pk"), FIELDS))
    assert len(pieces) == 4  # the headings come at once
    assert sum(piece.count("\r\n") for piece in pieces) == 2 * exports.CHUNK + 2


def test_a_sheet_that_is_full_is_followed_by_another(monkeypatch):
    monkeypatch.setattr(exports, "ROWS_PER_SHEET", 2)
    User.objects.bulk_create(User(email=f"{n}@demo.example", name=str(n)) for n in range(5))
    book = read_xlsx()
    assert [len(book.get_sheet_by_index(index).to_python()) for index in range(3)] == [3, 3, 2]
