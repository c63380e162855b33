"""Spreadsheets that other people wrote, read safely: .xlsx, .ods and .csv.

The file is judged by its content, never by its name. Every limit is checked before anything is unpacked into memory, error
cells and formulas that were never computed are told apart from empty ones, and numbers become ``Decimal``. Nothing in a file
is ever executed, and files with macros are refused, because they would be handed on to other people as a source.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property

import python_calamine
from django.utils.translation import gettext as _

from exchange import sheet_xml
from exchange.sheet_xml import Place, SheetScan
from plumbing.numbers import normal

LARGEST_FILE = 10 * 1024 * 1024
LARGEST_UNPACKED = 80 * 1024 * 1024
LARGEST_SHEET = 400_000  # cells of the rectangle that holds everything
MOST_PARTS = 1_000
MOST_SHEETS = 50
CONTROL_CHARACTERS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

Value = str | Decimal | bool | date | datetime | time | timedelta | None


class SpreadsheetRefused(Exception):
    """The file cannot be read as a spreadsheet; the message says why and what to do, for the person who chose it."""


@dataclass(frozen=True)
class Sheet:
    """One sheet as a rectangle of values from A1 on; leading empty rows are kept, so that a row is its number in the file.

    ``percent`` marks numbers that the spreadsheet shows as a percentage: the value is 0.85 where the reader saw 85 %.
    """

    name: str
    rows: tuple[tuple[Value, ...], ...]
    visible: bool = True
    merged: tuple[tuple[Place, Place], ...] = ()
    errors: Mapping[Place, str] = field(default_factory=dict)
    uncomputed: frozenset[Place] = frozenset()
    percent: frozenset[Place] = frozenset()

    @property
    def height(self) -> int:
        return len(self.rows)

    @property
    def width(self) -> int:
        return max((len(row) for row in self.rows), default=0)

    def value(self, row: int, column: int) -> Value:
        """The cell itself, None when empty or outside; row and column count from 1."""
        if not (1 <= row <= len(self.rows) and 1 <= column <= len(self.rows[row - 1])):
            return None
        return self.rows[row - 1][column - 1]

    def text(self, row: int, column: int) -> str:
        """The cell as a person would read it, with white space made plain."""
        return shown(self.value(row, column), percent=(row, column) in self.percent)

    def spread(self, row: int, column: int) -> Value:
        """The cell, or for a covered cell of a merged range the value of the range's first cell."""
        anchor = self._anchors.get((row, column))
        return self.value(*anchor) if anchor else self.value(row, column)

    def anchor(self, row: int, column: int) -> Place:
        """Where the value of this cell really stands."""
        return self._anchors.get((row, column), (row, column))

    @cached_property
    def _anchors(self) -> dict[Place, Place]:
        covered = {}
        for (top, left), (bottom, right) in self.merged:
            for row in range(top, min(bottom, max(self.height, top + 1_000)) + 1):
                for column in range(left, min(right, max(self.width, left + 50)) + 1):
                    covered[row, column] = (top, left)
        return covered


@dataclass(frozen=True)
class Workbook:
    """All sheets of a file, hidden ones included, in the file's order."""

    format: str
    sheets: tuple[Sheet, ...]

    def sheet(self, name: str) -> Sheet | None:
        return next((sheet for sheet in self.sheets if sheet.name == name), None)


def read(content: bytes, *, name: str = "") -> Workbook:
    """Read a spreadsheet; raises ``SpreadsheetRefused`` with a message for the person who chose the file."""
    if not content:
        raise SpreadsheetRefused(_("The file is empty. Choose another one."))
    if len(content) > LARGEST_FILE:
        limit = LARGEST_FILE // 1024 // 1024
        raise SpreadsheetRefused(_("The file is larger than %(limit)s MB. Keep only the sheet that is needed.") % {"limit": limit})
    if content.startswith(b"PK\x03\x04"):
        return _read_archive(content)
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        message = _("This is an old Excel file (.xls) or one with a password. Open it, remove the password and save it as .xlsx.")
        raise SpreadsheetRefused(message)
    return Workbook("csv", (_read_csv(content, name),))


def address(row: int, column: int) -> str:
    """``C14`` for row 14, column 3."""
    return f"{letters(column)}{row}"


def letters(column: int) -> str:
    """``C`` for column 3, ``AB`` for column 28."""
    name = ""
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def shown(value: Value, *, percent: bool = False) -> str:
    """A value as text: what the person sees in the cell, without the spreadsheet's colours and separators."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, Decimal):
        return f"{normal(value * 100):f}%" if percent else f"{normal(value):f}"
    if isinstance(value, datetime | date | time):
        return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return " ".join(value.split())


# Zipped formats ---------------------------------------------------------------------------------------------------------


def _read_archive(content: bytes) -> Workbook:
    with _opened(content) as archive:
        kind = _kind(archive)
        try:
            scans = sheet_xml.scan_xlsx(archive) if kind == "xlsx" else sheet_xml.scan_ods(archive)
        except (sheet_xml.UnreadableXml, ValueError) as wrong:
            raise SpreadsheetRefused(_damaged()) from wrong
    if len(scans) > MOST_SHEETS:
        raise SpreadsheetRefused(_("The file has more than %(limit)s sheets. Keep only the ones needed.") % {"limit": MOST_SHEETS})
    for name, scan in scans.items():
        if scan.rows * scan.columns > LARGEST_SHEET:
            message = _("The sheet “%(sheet)s” reaches to cell %(cell)s. Delete what is far outside the table and save it again.")
            raise SpreadsheetRefused(message % {"sheet": name, "cell": address(scan.rows, scan.columns)})
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        visible = {one.name: one.visible == python_calamine.SheetVisibleEnum.Visible for one in book.sheets_metadata}
        sheets = tuple(_sheet(book.get_sheet_by_name(name), scan, visible.get(name, True)) for name, scan in scans.items())
    except (python_calamine.CalamineError, python_calamine.ZipError, python_calamine.XmlError, ValueError) as wrong:
        raise SpreadsheetRefused(_damaged()) from wrong
    return Workbook(kind, sheets)


def _opened(content: bytes) -> zipfile.ZipFile:
    """The archive, after a full pass that proves that it does not unpack to more than it says and than we accept."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        parts = archive.infolist()
        if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > LARGEST_UNPACKED:
            raise SpreadsheetRefused(_("The file unpacks to far more than a spreadsheet should. It was not read."))
        if any(part.flag_bits & 0x1 for part in parts):
            raise SpreadsheetRefused(_("The file is protected by a password. Remove it and save the file again."))
        damaged = archive.testzip()  # reads every part to its stated size and checks its sum
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, zlib.error) as wrong:
        raise SpreadsheetRefused(_damaged()) from wrong
    if damaged is not None:
        raise SpreadsheetRefused(_damaged())
    return archive


def _kind(archive: zipfile.ZipFile) -> str:
    names = set(archive.namelist())
    if any(name.endswith("vbaProject.bin") for name in names):
        raise SpreadsheetRefused(_("The file contains macros. Save it as .xlsx, without macros."))
    if "xl/workbook.xml" in names and "xl/_rels/workbook.xml.rels" in names:
        return "xlsx"
    if "mimetype" in names and archive.read("mimetype").startswith(b"application/vnd.oasis.opendocument.spreadsheet"):
        if any(name.startswith(("Basic/", "Scripts/")) for name in names):
            raise SpreadsheetRefused(_("The file contains macros. Save it again without macros."))
        return "ods"
    raise SpreadsheetRefused(_("This is not a spreadsheet. Choose an .xlsx, .ods or .csv file."))


def _sheet(source: python_calamine.CalamineSheet, scan: SheetScan, visible: bool) -> Sheet:
    rows = tuple(tuple(_value(cell) for cell in row) for row in source.to_python(skip_empty_area=False)) if scan.rows else ()
    return Sheet(
        name=source.name,
        rows=rows,
        visible=visible,
        merged=tuple(scan.merged),
        errors=scan.errors,
        uncomputed=frozenset(scan.uncomputed),
        percent=frozenset(scan.percent),
    )


def _value(cell: object) -> Value:
    if isinstance(cell, str):
        return _clean(cell)
    if isinstance(cell, bool):
        return cell
    if isinstance(cell, float | int):
        return Decimal(format(cell, ".15g"))  # a spreadsheet keeps 15 digits; what follows is noise of its binary numbers
    if isinstance(cell, datetime | date | time | timedelta):
        return cell
    return None


def _clean(text: str) -> str | None:
    text = CONTROL_CHARACTERS.sub("", text)
    return text if text.strip() else None


def _damaged() -> str:
    return _("The file is damaged. Open it in a spreadsheet program, save it again and choose that file.")


# Plain text -------------------------------------------------------------------------------------------------------------


def _read_csv(content: bytes, name: str) -> Sheet:
    if b"\x00" in content and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise SpreadsheetRefused(_("This is not a spreadsheet. Choose an .xlsx, .ods or .csv file."))
    text = _decoded(content)
    try:
        rows = tuple(tuple(_clean(cell) for cell in row) for row in _csv_rows(text))
    except csv.Error as wrong:
        raise SpreadsheetRefused(_damaged()) from wrong
    width = max((len(row) for row in rows), default=0)
    if len(rows) * width > LARGEST_SHEET:
        raise SpreadsheetRefused(_("The file has more cells than can be read at once. Keep only the rows that are needed."))
    return Sheet(name=name.rsplit("/", 1)[-1].removesuffix(".csv") or "csv", rows=rows)


def _decoded(content: bytes) -> str:
    """UTF-8 or UTF-16 as marked, else the single-byte code page that spreadsheet programs use in English and French."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _csv_rows(text: str) -> Iterator[list[str]]:
    """Rows by the separator that splits the first lines most evenly; a text in quotes may hold line breaks."""
    head = [line for line in text.splitlines()[:20] if line.strip()]
    separator = max(",;\t|", key=lambda mark: sum(line.count(mark) for line in head))
    return csv.reader(io.StringIO(text, newline=""), delimiter=separator)
