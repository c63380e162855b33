import io
import re
from datetime import timedelta
from pathlib import Path

import polib
import pytest
from django.utils import timezone
from docx import Document
from python_calamine import CalamineWorkbook

from plumbing.refusals import Refused
from privacy import files
from reporting import donor_report, report_files, report_text
from reporting.documents.word_template import NotATemplate
from reporting.models import DonorReportFile
from tests.reporting.reported import Reported

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def reported():
    made = Reported()
    for quarter, trained in enumerate((100, 50, 80)):
        made.quarter(quarter, trained, 30, 100, women=20)
    return made


@pytest.fixture
def report(reported):
    return reported.written()


def content(row):
    row.refresh_from_db()
    assert row.built_at is not None, row.error
    return b"".join(files.read(row.path, key_id="", purpose=report_files.PURPOSE, owner_id=str(row.pk)))


def template(*texts):
    document = Document()
    for text in texts:
        document.add_paragraph(text)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def test_each_file_of_a_frozen_report_holds_its_numbers_and_its_hash(reported, report):
    rows = {kind: report_files.ask_for(report, kind=kind, by=reported.mande) for kind in ("docx", "xlsx", "pdf")}
    assert report_files.build_waiting() == 3

    word = Document(io.BytesIO(content(rows["docx"])))
    words = "\n".join(cell.text for table in word.tables for row in table.rows for cell in row.cells)
    assert "150" in words
    assert report.content_hash in word.sections[0].footer.paragraphs[0].text
    book = CalamineWorkbook.from_filelike(io.BytesIO(content(rows["xlsx"])))
    assert any(row[1] == "LIV-2" and 150.0 in row for row in book.get_sheet_by_name("Indicators").to_python())
    assert content(rows["pdf"]).startswith(b"%PDF-")


def test_asking_twice_for_the_same_content_gives_one_file_and_an_edit_asks_for_a_new_one(reported, report):
    first = report_files.ask_for(report, kind="pdf", by=reported.mande)
    assert report_files.ask_for(report, kind="pdf", by=reported.signer) == first
    report_files.build_waiting()
    assert report_files.ask_for(report, kind="pdf", by=reported.mande) == first

    donor_report.edit_section(report.sections.get(key="risks"), by=reported.mande, text="Roads are open again.")
    report.refresh_from_db()
    second = report_files.ask_for(report, kind="pdf", by=reported.mande)
    assert second != first
    report_files.build_waiting()
    second.refresh_from_db()
    assert second.content_hash == report.content_hash


def test_a_worker_that_died_with_its_lease_loses_nothing(reported, report):
    row = report_files.ask_for(report, kind="xlsx", by=reported.mande)
    DonorReportFile.objects.filter(pk=row.pk).update(lease_token="gone", lease_until=timezone.now() + timedelta(minutes=1), attempts=1)
    row.refresh_from_db()
    assert not report_files.build(row)
    assert report_files.build_waiting() == 0

    DonorReportFile.objects.filter(pk=row.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert report_files.build_waiting() == 1


def test_a_builder_whose_lease_was_taken_over_does_not_finish(reported, report, monkeypatch):
    row = report_files.ask_for(report, kind="xlsx", by=reported.mande)
    store = files.store

    def slow(*args, **kwargs):
        DonorReportFile.objects.filter(pk=row.pk).update(lease_token="another")
        return store(*args, **kwargs)

    monkeypatch.setattr(files, "store", slow)
    assert not report_files.build(row)
    row.refresh_from_db()
    assert row.built_at is None


def test_a_file_that_cannot_be_made_says_why_and_is_not_tried_for_ever(reported, report):
    donor_report.edit_section(report.sections.get(key="risks"), by=reported.mande, text="ꦲ is not in the font")
    report.refresh_from_db()
    row = report_files.ask_for(report, kind="pdf", by=reported.mande)

    assert report_files.build_waiting() == 0
    assert report_files.build_waiting() == 0
    row.refresh_from_db()
    assert row.error
    assert row.built_at is None


def test_files_of_unfrozen_numbers_are_refused(reported):
    with pytest.raises(Refused, match="Freeze"):
        report_files.ask_for(reported.started(), kind="pdf", by=reported.mande)


def test_a_missions_template_is_filled_and_names_it_does_not_know_are_listed(reported, report):
    chosen = report_files.add_template(
        title="PBF", content=template("{{ title }}: {{ figure.LIV-2.reached }}", "{{ figure.XX.reached }}"), by=reported.mande
    )
    report_files.choose_template(report, template=chosen, by=reported.mande)
    row = report_files.ask_for(report, kind="template", by=reported.mande)
    report_files.build_waiting()

    document = Document(io.BytesIO(content(row)))
    assert document.paragraphs[0].text == "Semi-annual report: 150"
    assert row.unknown_names == "figure.XX.reached"


def test_a_template_that_is_none_is_refused_and_nothing_is_kept(reported):
    with pytest.raises(NotATemplate):
        report_files.add_template(title="PBF", content=b"PK nothing", by=reported.mande)


def test_the_final_file_is_replaced_until_it_is_sent_and_never_afterwards(reported, report):
    donor_report.sign_off(report, by=reported.signer, content_hash=report.content_hash)
    report_files.keep_final(report, content=b"%PDF-1.7\n%one\n", name="one.pdf", by=reported.mande)
    row = report_files.keep_final(report, content=b"%PDF-1.7\n%two\n", name="two.pdf", by=reported.mande)
    assert list(report.files.filter(kind="final")) == [row]
    donor_report.send(report, by=reported.signer)

    with pytest.raises(donor_report.WrongState):
        report_files.keep_final(report, content=b"%PDF-1.7\n%three\n", name="three.pdf", by=reported.mande)
    assert content(row) == b"%PDF-1.7\n%two\n"


def test_only_a_pdf_or_a_word_file_is_a_final_file(reported, report):
    donor_report.sign_off(report, by=reported.signer, content_hash=report.content_hash)

    with pytest.raises(files.FileRefused):
        report_files.keep_final(report, content=b"\x89PNG\r\n\x1a\n" + b"0" * 50, name="x.png", by=reported.mande)
    assert not report.files.exists()


def test_a_report_in_french_and_in_arabic_becomes_a_pdf(reported):
    for language in ("fr", "ar"):
        report = donor_report.start(reported.requirement, by=reported.mande, language=language, why="another language")
        donor_report.freeze(report, by=reported.mande)
        row = report_files.ask_for(report, kind="pdf", by=reported.mande)
        report_files.build_waiting()
        assert content(row).startswith(b"%PDF-")
        assert report_text.content_of(report).language == language


def test_a_chart_is_drawn_once_three_periods_are_published(reported):
    report = reported.started()
    report.through = reported.world.periods[2].ends_on
    report.save()
    donor_report.freeze(report, by=reported.mande)

    charts = [chart for section in report_text.content_of(report).sections for chart in section.charts]
    assert [chart.code for chart in charts][:1] == ["LIV-2"]
    assert [int(point.reached) for point in charts[0].points if point.reached is not None] == [100, 150, 230]
    assert charts[0].points[-1].plan == 400


@pytest.mark.parametrize("language", ["fr", "es", "ar"])
def test_every_word_that_the_files_add_is_translated(language):
    catalog = polib.pofile(str(ROOT / "locale" / language / "LC_MESSAGES" / "django.po"))
    said = {entry.msgid for entry in catalog if entry.translated()}
    words = {
        word
        for name in ("content", "outline", "annexes", "pdf")
        for word in re.findall(r"""\b_\("([^"]+)"\)""", (ROOT / "reporting" / "documents" / f"{name}.py").read_text())
    }

    assert len(words) > 60
    assert sorted(words - said) == []
