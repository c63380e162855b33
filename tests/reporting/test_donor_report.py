from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import translation

from accounts.models import AuditEvent, Message
from accounts.roles import Role
from plumbing.refusals import Invalid, Refused, Stale
from programs import calendar, framework
from programs.access import NotAllowed
from programs.models import Category, Dimension, ReportRequirement
from reporting import donor_report, report_checks, report_files, report_text
from reporting.documents import outline
from reporting.documents.content import ReportContent
from reporting.models import DonorReport, RestatedReport
from tests import factories
from tests.reporting.reported import Reported

pytestmark = pytest.mark.django_db
State = DonorReport.State


@pytest.fixture
def reported():
    made = Reported()
    made.quarter(0, 100, 30, 100, women=60)
    made.quarter(1, 50, 45, 90, women=30)
    return made


def row(report, code):
    return report_text.rows_of(report_text.content_of(report))[code]


def sign_off(report, by):
    return donor_report.sign_off(report, by=by, content_hash=report.content_hash)


def sent(reported):
    report = reported.written()
    sign_off(report, reported.signer)
    report_files.keep_final(report, content=b"%PDF-1.7\n%final\n", name="final.pdf", by=reported.mande)
    return donor_report.send(report, by=reported.signer)


def test_a_report_starts_with_a_part_for_each_outcome_and_the_computed_ones(reported):
    report = reported.started()

    keys = list(report.sections.values_list("key", flat=True))
    assert keys[:2] == ["progress", "outcome-1"]
    assert keys[-3:] == ["spending", "indicators", "breakdowns"]
    assert "lessons" not in keys
    assert list(report.sections.get(key="outcome-1").results.all()) == [reported.world.result]


def test_frozen_numbers_are_the_accepted_ones_pooled_by_their_rules(reported):
    report = donor_report.freeze(reported.started(), by=reported.mande)

    training, share = row(report, "LIV-2"), row(report, "OUT-1")
    assert training.reached.value == Decimal(150)
    assert share.reached.value == Decimal(50)
    assert share.reached.detail == "45 of 90"
    assert training.target.value == Decimal(400)
    assert (report.accepted_reports, report.expected_reports) == (2, 2)
    assert report.state == State.FROZEN


def test_every_number_leads_to_the_submissions_that_gave_it(reported):
    report = donor_report.freeze(reported.started(), by=reported.mande)

    training = report.figures.get(code="LIV-2").sources.order_by("figure__period_end")
    assert [source.figure.value for source in training] == [Decimal(100), Decimal(50)]
    assert [source.figure.submission.period.code for source in training] == ["2026-Q1", "2026-Q2"]
    share = report.figures.get(code="OUT-1").sources.get()
    assert (share.figure.numerator, share.carried) == (Decimal(45), False)


def test_figures_that_are_not_accepted_or_lie_after_the_report_stay_out(reported):
    reported.quarter(2, 999, 1, 90)
    report = donor_report.freeze(reported.started(), by=reported.mande)

    assert row(report, "LIV-2").reached.value == Decimal(150)


def test_a_missing_partner_is_named_and_lowers_the_coverage(reported):
    office = reported.second_partner()
    framework.assign(reported.training, by=reported.world.manager, partner=office, places=[reported.world.place])
    calendar.expect(reported.world.periods[1])
    report = donor_report.freeze(reported.started(), by=reported.mande)

    content = report_text.content_of(report)
    assert report.expected_reports > report.accepted_reports
    assert any("WomenLead" in line and "2026-Q2" in line for line in content.coverage)
    assert any(check.key == "missing" and not check.blocks for check in report_checks.check(report))


def test_small_numbers_of_people_are_hidden_in_the_published_content_and_kept_raw_for_tracing():
    reported = Reported()
    reported.quarter(0, 3, 1, 2)
    report = donor_report.freeze(reported.started(), by=reported.mande)

    line = report.figures.get(code="LIV-2")
    assert (line.value, line.published, line.published_status) == (Decimal(3), "•••", "suppressed")
    reached = row(report, "LIV-2").reached
    assert (reached.value, reached.detail) == (None, "")
    assert row(report, "OUT-1").reached.value is None
    for chart in (chart for section in report_text.content_of(report).sections for chart in section.charts):
        assert all(point.reached is None for point in chart.points)


def test_a_small_cell_of_a_breakdown_hides_a_second_one():
    reported = Reported()
    reported.quarter(0, 50, 30, 100, women=48)
    report = donor_report.freeze(reported.started(), by=reported.mande)

    (table,) = [table for section in report_text.content_of(report).sections for table in section.breakdowns]
    cells = {line.label: line.cells[0].value for line in table.rows}
    assert cells["Male"] is None
    assert cells["Female"] is None
    assert cells["Total"] == Decimal(50)


def test_freezing_twice_gives_the_same_numbers_and_keeps_the_reasons(reported):
    report = reported.written()
    reasons = dict(report.figures.values_list("code", "variance_reason"))
    before = report_text.content_of(report)
    donor_report.freeze(report, by=reported.mande)

    assert dict(report.figures.values_list("code", "variance_reason")) == reasons
    assert report_text.rows_of(report_text.content_of(report)) == report_text.rows_of(before)


def test_numbers_in_the_text_are_filled_in_and_lead_to_their_figure(reported):
    report = reported.written()

    part = next(section for section in report_text.content_of(report).sections if section.key == "progress")
    assert [(span.text, span.figure) for span in part.paragraphs[0]] == [
        ("By June ", ""),
        ("150", "LIV-2"),
        (" people completed training.", ""),
    ]


def test_an_edit_moves_the_hash_and_a_stale_writer_is_told(reported):
    report = reported.written()
    before, seen = report.content_hash, report.edit_version
    section = report.sections.get(key="risks")
    donor_report.edit_section(section, by=reported.mande, text="Roads are open again.", edit_version=seen)
    report.refresh_from_db()

    assert report.content_hash != before
    with pytest.raises(Stale):
        donor_report.edit_section(section, by=reported.signer, text="Mine", edit_version=seen)
    section.refresh_from_db()
    assert section.text == "Roads are open again."


def test_what_is_not_solved_stops_the_sign_off_and_is_named(reported):
    report = donor_report.freeze(reported.started(), by=reported.mande)

    with pytest.raises(donor_report.NotReady) as refused:
        sign_off(report, reported.signer)
    assert {check.key for check in refused.value.checks} >= {"sections", "ratings"}
    report.refresh_from_db()
    assert report.signed_off_at is None


def test_a_number_below_its_milestone_needs_a_reason(reported):
    report = reported.written()
    line = report.figures.filter(is_below=True).first()
    assert line is not None
    donor_report.explain(line, by=reported.mande, reason="")

    assert any(check.key == "variance" and check.blocks for check in report_checks.check(report))


def test_the_one_who_prepared_cannot_sign_off_and_the_database_says_so_too(reported):
    report = reported.written()
    double = factories.member(Role.PROGRAM_MANAGER, program=reported.project.program)
    DonorReport.objects.filter(pk=report.pk).update(prepared_by=double)
    report.refresh_from_db()

    with pytest.raises(donor_report.OwnReport):
        sign_off(report, double)
    with pytest.raises(IntegrityError), transaction.atomic():
        DonorReport.objects.filter(pk=report.pk).update(signed_off_by=double, signed_off_at=report.frozen_at)


def test_nobody_signs_content_they_did_not_see(reported):
    report = reported.written()
    seen = report.content_hash
    donor_report.edit_section(report.sections.get(key="risks"), by=reported.mande, text="Changed meanwhile.")

    with pytest.raises(Stale):
        donor_report.sign_off(report, by=reported.signer, content_hash=seen)


def test_a_signed_report_does_not_change_any_more(reported):
    report = reported.written()
    sign_off(report, reported.signer)

    for act in (
        lambda: donor_report.edit_section(report.sections.first(), by=reported.mande, text="x"),
        lambda: donor_report.freeze(report, by=reported.mande),
        lambda: donor_report.explain(report.figures.first(), by=reported.mande, reason="x"),
        lambda: donor_report.add_section(report, by=reported.mande, heading="More"),
    ):
        with pytest.raises(donor_report.WrongState):
            act()


def test_the_hash_stays_when_it_is_signed_off_and_the_files_say_who_signed(reported):
    report = reported.written()
    before = report.content_hash
    sign_off(report, reported.signer)

    content = report_text.content_of(report)
    assert content.content_hash == before == report.content_hash
    assert str(reported.signer) in content.standing


def test_asking_for_sign_off_tells_those_who_may_but_not_the_preparer(reported):
    report = reported.written()
    donor_report.ask_for_sign_off(report, by=reported.mande)
    donor_report.ask_for_sign_off(report, by=reported.mande)

    told = set(Message.objects.filter(item=f"donor_report:{report.pk}").values_list("recipient", flat=True))
    assert told == {reported.signer.pk, reported.world.manager.pk}
    assert Message.objects.filter(item=f"donor_report:{report.pk}").count() == 2


def test_a_report_goes_out_only_with_its_final_file_and_the_donor_answers(reported):
    report = reported.written()
    with pytest.raises(donor_report.WrongState):
        report_files.keep_final(report, content=b"%PDF-1.7\n", name="f.pdf", by=reported.mande)
    sign_off(report, reported.signer)
    with pytest.raises(Refused, match="final file"):
        donor_report.send(report, by=reported.signer)
    report_files.keep_final(report, content=b"%PDF-1.7\n%final\n", name="final.pdf", by=reported.mande)
    donor_report.send(report, by=reported.signer)
    donor_report.note_comments(report, by=reported.mande, text="Please explain Leer.")
    donor_report.accepted_by_donor(report, by=reported.signer)

    assert report.state == State.ACCEPTED
    events = list(AuditEvent.objects.filter(event__startswith="donor_report.").order_by("id").values_list("event", flat=True))
    assert events[-5:] == [
        "donor_report.signed_off",
        "donor_report.final_kept",
        "donor_report.sent",
        "donor_report.commented",
        "donor_report.accepted",
    ]


def test_a_new_version_says_what_changed_and_why_and_the_sent_one_is_named_by_the_restatement(reported):
    first = sent(reported)
    reported.correct(0, 86)
    assert RestatedReport.objects.get().report == first

    with pytest.raises(Invalid, match="why"):
        donor_report.start(reported.requirement, by=reported.mande)
    second = donor_report.start(reported.requirement, by=reported.mande, why="A sheet was counted twice.")
    donor_report.freeze(second, by=reported.mande)

    (change,) = report_text.content_of(second).changes
    assert (change.code, change.old.value, change.new.value) == ("LIV-2", Decimal(150), Decimal(136))
    assert change.why == "Double attendance sheet (PPS-01, 2026-Q1)"
    assert second.changes.get().restatements.count() == 1
    first.refresh_from_db()
    assert first.state == State.SENT
    assert ReportContent.from_json(first.published).sections[1].results.rows[0].reached.value == Decimal(150)
    assert second.sections.get(key="risks").state == "written"


def test_a_change_of_people_smaller_than_the_threshold_is_held_at_what_was_sent(reported):
    sent(reported)
    reported.correct(0, 98)
    second = donor_report.start(reported.requirement, by=reported.mande, why="A sheet was counted twice.")
    donor_report.freeze(second, by=reported.mande)

    reached = row(second, "LIV-2").reached
    assert reached.value == Decimal(150)
    assert report_text.content_of(second).changes == ()
    assert second.figures.get(code="LIV-2").value == Decimal(148)


def test_the_next_period_starts_from_the_last_text_which_must_be_edited(reported):
    sent(reported)
    following = ReportRequirement.objects.create(
        grant=reported.grant, kind="annual", title="Annual report", covers_from=date(2026, 1, 1), covers_through=date(2026, 12, 31),
        cut_off_on=date(2027, 1, 10), due_on=date(2027, 1, 20),
    )  # fmt: skip
    report = donor_report.start(following, by=reported.mande)

    section = report.sections.get(key="risks")
    assert (section.state, section.text) == ("carried", "By June {LIV-2} people completed training.")
    assert report.sections.get(key="outcome-1").rating == ""
    assert any(check.key == "sections" and check.blocks for check in report_checks.check(report))


def test_a_report_in_another_language_words_the_usual_parts_anew_and_keeps_what_people_worded(reported, french):
    french({}, {"Overall progress": "Progrès d'ensemble", "Risks and assumptions": "Risques et hypothèses"})
    first = reported.started()
    first.sections.filter(key="risks").update(heading="What stood in the way")
    report = donor_report.start(reported.requirement, by=reported.mande, language="fr", why="The donor reads French.")
    headings = dict(report.sections.values_list("key", "heading"))
    assert headings["progress"] == "Progrès d'ensemble"
    assert headings["risks"] == "What stood in the way"
    back = donor_report.start(reported.requirement, by=reported.mande, language="en", why="And English.")
    assert back.sections.get(key="progress").heading == "Overall progress"


def test_the_breakdowns_and_ratings_of_a_report_are_said_in_its_language(reported, french):
    french({"Women": "Femmes", "Sex": "Sexe", "on track": "en bonne voie"}, {"Rating: %(rating)s": "Appréciation : %(rating)s"})
    Category.objects.filter(dimension__code="sex", code="female").update(name="Women")
    Category.objects.filter(dimension__code="sex", code="male").update(name="Garçons et hommes")
    Dimension.objects.filter(code="sex").update(name="Sex")
    report = donor_report.start(reported.requirement, by=reported.mande, language="fr")
    report.sections.filter(key="outcome-1").update(rating="on track")
    report = donor_report.freeze(report, by=reported.mande)

    content = report_text.content_of(report)
    (table,) = [table for section in content.sections for table in section.breakdowns]
    assert table.row_heading == "Sexe"
    assert {line.label for line in table.rows} >= {"Femmes", "Garçons et hommes"}
    with translation.override("fr"):
        prose = [block for block in outline.outline(content) if isinstance(block, outline.Prose)]
    assert any("Appréciation : en bonne voie" in "".join(span.text for span in block.spans) for block in prose)


def test_only_one_version_is_worked_on(reported):
    first = reported.started()
    second = donor_report.start(reported.requirement, by=reported.mande, why="Other figures")

    first.refresh_from_db()
    assert (first.state, second.version) == (State.SUPERSEDED, 2)
    with pytest.raises(IntegrityError), transaction.atomic():
        DonorReport.objects.filter(pk=first.pk).update(state="draft")


def test_parts_are_added_and_taken_out_but_an_outcome_stays(reported):
    report = reported.started()
    section = donor_report.add_section(report, by=reported.mande, heading="Partnerships")
    keys = list(report.sections.values_list("key", flat=True))
    assert keys.index("partnerships") < keys.index("spending")
    donor_report.remove_section(section, by=reported.mande)
    assert not report.sections.filter(key="partnerships").exists()
    with pytest.raises(Refused, match="stays"):
        donor_report.remove_section(report.sections.get(key="outcome-1"), by=reported.mande)


def test_a_name_that_no_number_has_is_a_check(reported):
    report = reported.written()
    donor_report.edit_section(report.sections.get(key="risks"), by=reported.mande, text="Of {LIV-9} people.")

    assert any(check.key == "names" and check.blocks and "{LIV-9}" in check.words for check in report_checks.check(report))


def test_others_may_neither_start_nor_freeze_nor_sign(reported):
    report = reported.written()
    donor_viewer = factories.member(Role.DONOR_VIEWER, organization=reported.donor)
    stranger = factories.member(Role.PROGRAM_MANAGER, program=factories.project().program)

    for person in (reported.world.reporter, donor_viewer, stranger):
        for act in (
            lambda by: donor_report.start(reported.requirement, by=by, why="x"),
            lambda by: donor_report.freeze(report, by=by),
            lambda by: donor_report.edit_section(report.sections.first(), by=by, text="x"),
            lambda by: sign_off(report, by),
        ):
            with pytest.raises(NotAllowed):
                act(person)


def test_a_figure_corrected_after_freezing_is_pointed_out(reported):
    report = reported.written()
    reported.correct(0, 80)

    assert any(check.key == "moved_on" for check in report_checks.check(report))


def test_a_donor_viewer_sees_sent_reports_of_its_own_grants_only(reported):
    viewer = factories.member(Role.DONOR_VIEWER, organization=reported.donor)
    other = factories.member(Role.DONOR_VIEWER, organization=factories.donor("Another"))
    reported.written()
    assert not DonorReport.objects.visible_to(viewer).exists()

    DonorReport.objects.all().delete()
    report = sent(reported)
    assert list(DonorReport.objects.visible_to(viewer)) == [report]
    assert not DonorReport.objects.visible_to(other).exists()
