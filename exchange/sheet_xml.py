"""What a reader of cell values does not say, read from the sheet's own XML before the values are.

calamine gives an error cell and a formula that was never computed as empty, does not know a percent format, and lays a sheet
out as a full rectangle, so that one cell in the far corner of a small file would take gigabytes. This file finds all of that
in one pass over the XML: nothing is unpacked whole, no document type or entity is accepted, nothing is fetched.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
STRICT = "{http://purl.oclc.org/ooxml/spreadsheetml/main}"
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
CALCEXT = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"
PERCENT_FORMATS = {9, 10}  # the built-in formats 0% and 0.00%

Place = tuple[int, int]  # row and column, counted from 1


class UnreadableXml(Exception):
    """The XML inside the file is damaged or holds what a spreadsheet never holds (a document type, an entity)."""


@dataclass
class SheetScan:
    """One sheet: how far its cells reach, which of them have no usable value, and which are shown as a percentage."""

    rows: int = 0
    columns: int = 0
    errors: dict[Place, str] = field(default_factory=dict)
    uncomputed: set[Place] = field(default_factory=set)
    percent: set[Place] = field(default_factory=set)
    merged: list[tuple[Place, Place]] = field(default_factory=list)

    def reach(self, row: int, column: int) -> None:
        self.rows, self.columns = max(self.rows, row), max(self.columns, column)


def scan_xlsx(archive: zipfile.ZipFile) -> dict[str, SheetScan]:
    """Every worksheet of an .xlsx by its name."""
    percent_styles = _percent_styles(archive)
    scans = {}
    for name, part in _worksheets(archive):
        scan = SheetScan()
        _scan_worksheet(archive, part, scan, percent_styles)
        scans[name] = scan
    return scans


def scan_ods(archive: zipfile.ZipFile) -> dict[str, SheetScan]:
    """Every table of an .ods by its name. Repeated empty cells at the edge do not count as reach."""
    scans: dict[str, SheetScan] = {}
    scan, row, row_repeat, column = SheetScan(), 0, 1, 0
    for event, element in _events(archive, "content.xml", tags=(f"{TABLE}table", f"{TABLE}table-row", *_ODS_CELLS)):
        if element.tag == f"{TABLE}table" and event == "start":
            scan, row, row_repeat = SheetScan(), 0, 1
            scans[element.get(f"{TABLE}name", "")] = scan
        elif element.tag == f"{TABLE}table-row" and event == "start":
            row, column = row + row_repeat, 0
            row_repeat = int(element.get(f"{TABLE}number-rows-repeated", "1"))
            row -= 1 if row_repeat == 0 else 0
        elif element.tag in _ODS_CELLS and event == "end":
            repeat = int(element.get(f"{TABLE}number-columns-repeated", "1"))
            _scan_ods_cell(element, scan, _Span(row, column + 1, row_repeat, repeat))
            column += repeat
            element.clear()
    return scans


# Excel ------------------------------------------------------------------------------------------------------------------


def _worksheets(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    targets = {
        relation.get("Id"): relation.get("Target", "")
        for relation in _root(archive, "xl/_rels/workbook.xml.rels")
        if relation.get("Type", "").endswith("/worksheet")
    }
    for element in _root(archive, "xl/workbook.xml").iter(f"{MAIN}sheet", f"{STRICT}sheet"):
        identifier = next((value for key, value in element.attrib.items() if key.endswith("}id")), None)
        if identifier in targets:
            target = targets[identifier]
            yield element.get("name", ""), target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"xl/{target}")


def _percent_styles(archive: zipfile.ZipFile) -> set[str]:
    """Numbers of the cell styles that show a share: the cell holds 0.85 and the reader sees 85 %."""
    if "xl/styles.xml" not in archive.namelist():
        return set()
    root = _root(archive, "xl/styles.xml")
    formats = set(PERCENT_FORMATS)
    for element in root.iter(f"{MAIN}numFmt", f"{STRICT}numFmt"):
        if "%" in re.sub(r'"[^"]*"|\\.', "", element.get("formatCode", "")):
            formats.add(int(element.get("numFmtId", "0")))
    cell_styles = next(root.iter(f"{MAIN}cellXfs", f"{STRICT}cellXfs"), ())
    return {str(index) for index, style in enumerate(cell_styles) if int(style.get("numFmtId", "0")) in formats}


def _scan_worksheet(archive: zipfile.ZipFile, part: str, scan: SheetScan, percent_styles: set[str]) -> None:
    row = column = 0
    names = ("row", "c", "mergeCell")
    for event, element in _events(archive, part, tags=tuple(prefix + name for prefix in (MAIN, STRICT) for name in names)):
        kind = etree.QName(element).localname
        if kind == "row":
            if event == "start":
                row, column = int(element.get("r", row + 1)), 0
            else:
                element.clear()
        elif kind == "c" and event == "end":
            row, column = place_of(element.get("r", "")) or (row, column + 1)
            _scan_xlsx_cell(element, scan, (row, column), percent_styles)
        elif kind == "mergeCell" and event == "end":
            first, _, last = element.get("ref", "").partition(":")
            if (start := place_of(first)) and (end := place_of(last)):
                scan.merged.append((start, end))


def _scan_xlsx_cell(element: etree._Element, scan: SheetScan, place: Place, percent_styles: set[str]) -> None:
    parts = {etree.QName(child).localname: child for child in element}
    formula, value = parts.get("f"), parts.get("v")
    if formula is None and value is None and "is" not in parts:
        return  # only formatted
    scan.reach(*place)
    kind = element.get("t", "n")
    if kind == "e":
        scan.errors[place] = (value.text if value is not None and value.text else "#ERROR").strip()
    elif formula is not None and (value is None or (not value.text and kind != "str")):
        scan.uncomputed.add(place)
    if kind == "n" and element.get("s", "0") in percent_styles:
        scan.percent.add(place)


# OpenDocument -----------------------------------------------------------------------------------------------------------

_ODS_CELLS = (f"{TABLE}table-cell", f"{TABLE}covered-table-cell")


@dataclass(frozen=True)
class _Span:
    """A run of equal cells: ``row``, ``column`` of the first, and how often it is repeated downwards and across."""

    row: int
    column: int
    down: int
    across: int


def _scan_ods_cell(element: etree._Element, scan: SheetScan, span: _Span) -> None:
    kind = element.get(f"{OFFICE}value-type")
    formula = element.get(f"{TABLE}formula")
    rows_merged, columns_merged = (int(element.get(f"{TABLE}number-{what}-spanned", "1")) for what in ("rows", "columns"))
    if element.tag == _ODS_CELLS[0] and (rows_merged > 1 or columns_merged > 1):
        last = (span.row + rows_merged - 1, span.column + columns_merged - 1)
        scan.merged.append(((span.row, span.column), last))
    if kind is None and formula is None:
        return
    scan.reach(span.row + span.down - 1, span.column + span.across - 1)
    if span.down * span.across > 10_000:
        return  # the reach alone makes the reader refuse the sheet
    places = {(span.row + down, span.column + across) for down in range(span.down) for across in range(span.across)}
    if element.get(f"{CALCEXT}value-type") == "error":
        text = "".join(element.itertext()).strip() or "#ERROR"
        scan.errors.update(dict.fromkeys(places, text))
    elif formula is not None and kind is None:
        scan.uncomputed.update(places)
    elif kind == "percentage":
        scan.percent.update(places)


# Shared -----------------------------------------------------------------------------------------------------------------


def place_of(address: str) -> Place | None:
    """``C14`` as row 14, column 3; None where it is not an address."""
    match = re.fullmatch(r"\$?([A-Z]{1,3})\$?([1-9][0-9]{0,6})", address)
    if match is None:
        return None
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - 64
    return int(match[2]), column


def _root(archive: zipfile.ZipFile, part: str) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        tree = etree.fromstring(archive.read(part), parser)
    except (etree.XMLSyntaxError, KeyError, ValueError) as wrong:
        raise UnreadableXml(part) from wrong
    if tree.getroottree().docinfo.doctype:
        raise UnreadableXml(part)
    return tree


def _events(archive: zipfile.ZipFile, part: str, tags: tuple[str, ...]) -> Iterator[tuple[str, etree._Element]]:
    try:
        with archive.open(part) as stream:
            walk = etree.iterparse(stream, events=("start", "end"), tag=tags, resolve_entities=False, no_network=True, load_dtd=False)
            for event, element in walk:
                if element.getroottree().docinfo.doctype:
                    raise UnreadableXml(part)
                yield event, element
    except (etree.XMLSyntaxError, KeyError, ValueError) as wrong:
        raise UnreadableXml(part) from wrong
