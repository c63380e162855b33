import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal

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


def test_an_empty_list_still_has_its_headings_and_the_filters_are_told():
    book = read_xlsx(about=[("State", "due")])
    assert book.get_sheet_by_index(0).to_python() == [[field.heading for field in FIELDS]]
    assert book.get_sheet_by_index(1).to_python() == [["State", "due"]]
    assert read_csv() == [[field.heading for field in FIELDS]]


def test_a_long_list_takes_one_query_and_several_pieces(django_assert_num_queries):
    User.objects.bulk_create(User(email=f"{n}@demo.example", name=str(n)) for n in range(2 * exports.CHUNK + 1))
    with django_assert_num_queries(1):
        pieces = list(exports.csv_lines(User.objects.order_by("pk"), FIELDS))
    assert len(pieces) == 3
    assert sum(piece.count("\r\n") for piece in pieces) == 2 * exports.CHUNK + 2


def test_a_sheet_that_is_full_is_followed_by_another(monkeypatch):
    monkeypatch.setattr(exports, "ROWS_PER_SHEET", 2)
    User.objects.bulk_create(User(email=f"{n}@demo.example", name=str(n)) for n in range(5))
    book = read_xlsx()
    assert [len(book.get_sheet_by_index(index).to_python()) for index in range(3)] == [3, 3, 2]
