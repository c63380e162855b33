"""A report on its way: drafted, submitted, returned, accepted, reopened."""

from decimal import Decimal

import pytest

from accounts.models import AuditEvent
from accounts.roles import Role
from plumbing.refusals import Invalid, Stale
from programs import access, framework
from programs.models import IndicatorDefinition
from reporting import checks, drafts, submissions
from reporting.drafts import FigureInput
from reporting.models import Figure, Reopening, Restatement, Submission
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return factories.world()


def drafted(world, indicator, value, *, number=0, by=None):
    period = world.open(number)
    submission = drafts.start(world.project, world.partner, period, by=by or world.reporter)
    drafts.write_figures(submission, [FigureInput(indicator.code, world.place.code, value=value)], by=by or world.reporter)
    return submission


def accepted(world, indicator, value, *, number=0):
    submission = submissions.submit(drafted(world, indicator, value, number=number), by=world.reporter)
    return submissions.accept(submission, by=world.mande)


def test_a_report_travels_from_draft_to_counting_figures(world):
    indicator = world.indicator()
    submission = accepted(world, indicator, "12")
    figure = Figure.objects.get(submission=submission)
    assert (figure.value, figure.counts) == (Decimal(12), True)
    events = list(AuditEvent.objects.filter(event__startswith="submission.").order_by("id").values_list("event", flat=True))
    assert events == ["submission.started", "submission.figures_written", "submission.submitted", "submission.accepted"]


def test_acceptance_freezes_the_rules_of_the_definition(world):
    indicator = world.indicator()
    accepted(world, indicator, "12")
    assert IndicatorDefinition.objects.get(pk=indicator.definition_id).frozen_at is not None


def test_a_second_open_revision_is_refused_with_the_first(world):
    indicator = world.indicator()
    first = drafted(world, indicator, "1")
    with pytest.raises(drafts.AlreadyOpen) as refused:
        drafts.start(world.project, world.partner, world.period, by=world.reporter)
    assert refused.value.submission == first


def test_a_partner_reports_anew_after_its_first_revision_was_withdrawn(world):
    indicator = world.indicator()
    submissions.withdraw(drafted(world, indicator, "1"), by=world.mande, reason="It was typed for the wrong partner.")
    again = drafts.start(world.project, world.partner, world.period, by=world.reporter)
    assert (again.revision, again.state) == (2, Submission.State.DRAFT)
    drafts.write_figures(again, [FigureInput(indicator.code, world.place.code, value="7")], by=world.reporter)
    submissions.accept(submissions.submit(again, by=world.reporter), by=world.mande)
    assert list(Figure.objects.counting().values_list("value", flat=True)) == [Decimal(7)]


def test_an_empty_owed_figure_blocks_submission_until_a_reason_is_given(world):
    indicator = world.indicator()
    world.open()
    submission = drafts.start(world.project, world.partner, world.period, by=world.reporter)
    with pytest.raises(Invalid) as refused:
        submissions.submit(submission, by=world.reporter)
    assert [p.code for p in refused.value.problems] == ["missing"]
    drafts.write_figures(submission, [FigureInput(indicator.code, world.place.code, reason="access_denied")], by=world.reporter)
    assert submissions.submit(submission, by=world.reporter).state == Submission.State.SUBMITTED


def test_zero_is_a_figure_and_not_a_gap(world):
    indicator = world.indicator()
    submission = accepted(world, indicator, "0")
    assert Figure.objects.get(submission=submission).value == 0


def test_the_submitter_cannot_accept_even_with_the_reviewers_role(world):
    indicator = world.indicator()
    world.open()
    submission = drafts.start(world.project, world.partner, world.period, by=world.manager, origin="on_behalf")
    drafts.write_figures(submission, [FigureInput(indicator.code, world.place.code, value="3")], by=world.manager)
    Submission.objects.filter(pk=submission.pk).update(state="submitted", submitted_at=submission.created_at, submitted_by=world.manager)
    submission.refresh_from_db()
    with pytest.raises(submissions.OwnWork):
        submissions.accept(submission, by=world.manager)
    assert submissions.may_accept(submission, by=world.manager) != ""


def test_a_deputy_cannot_accept_what_the_absent_colleague_entered(world):
    indicator = world.indicator()
    world.open()
    submission = drafts.start(world.project, world.partner, world.period, by=world.manager, origin="on_behalf")
    drafts.write_figures(submission, [FigureInput(indicator.code, world.place.code, value="3")], by=world.manager)
    other = factories.member(Role.MANDE_OFFICER, program=world.project.program)
    Submission.objects.filter(pk=submission.pk).update(state="submitted", submitted_at=submission.created_at, submitted_by=other)
    access.deputize(absent=world.manager, deputy=world.mande, until=world.project.ends_on, by=factories.member(Role.ADMINISTRATOR))
    submission.refresh_from_db()
    with pytest.raises(submissions.OwnWork):
        submissions.accept(submission, by=world.mande)


def test_a_returned_submission_keeps_the_partners_figures_and_its_revision(world):
    indicator = world.indicator()
    submission = submissions.submit(drafted(world, indicator, "41"), by=world.reporter)
    comment = submissions.Comment(indicator, world.place, "Attendance sheets show 31. Which is right?")
    submissions.return_for_revision(submission, by=world.mande, comments=[comment])
    assert (submission.state, submission.revision) == ("returned", 1)
    assert Figure.objects.get(submission=submission).value == 41
    assert submission.notes.get().sent_at is not None
    drafts.write_figures(submission, [FigureInput(indicator.code, world.place.code, value="31")], by=world.reporter)
    submissions.submit(submission, by=world.reporter)
    assert submission.notes.get().answered_at is not None
    assert submission.snapshots.count() == 2


def test_a_return_without_words_is_refused_and_changes_nothing(world):
    submission = submissions.submit(drafted(world, world.indicator(), "4"), by=world.reporter)
    with pytest.raises(Invalid):
        submissions.return_for_revision(submission, by=world.mande)
    submission.refresh_from_db()
    assert submission.state == "submitted"


def test_each_figure_that_goes_back_needs_a_comment_or_the_report_a_note(world):
    said, silent = world.indicator(), world.indicator()
    submission = drafted(world, said, "4")
    drafts.write_figures(submission, [FigureInput(silent.code, world.place.code, value="5")], by=world.reporter)
    submissions.submit(submission, by=world.reporter)
    submissions.decide(submission, indicator=silent, place=world.place, decision="return", by=world.mande)
    comment = submissions.Comment(said, world.place, "Which list is this from?")
    with pytest.raises(Invalid) as refused:
        submissions.return_for_revision(submission, by=world.mande, comments=[comment])
    assert f"{silent.code} {world.place.name}" in str(refused.value)
    submissions.return_for_revision(submission, by=world.mande, comments=[comment], note="See the list of August.")
    assert submission.state == "returned"


def test_recall_works_until_the_first_decision(world):
    indicator = world.indicator()
    submission = submissions.submit(drafted(world, indicator, "4"), by=world.reporter)
    submissions.recall(submission, by=world.reporter)
    assert submission.state == "draft"
    submissions.submit(submission, by=world.reporter)
    submissions.decide(submission, indicator=indicator, place=world.place, decision="accept", by=world.mande)
    with pytest.raises(submissions.WrongState):
        submissions.recall(submission, by=world.reporter)


def test_two_writers_on_one_draft_the_second_is_told(world):
    indicator = world.indicator()
    submission = drafted(world, indicator, "4")
    seen = submission.draft_version
    drafts.write_figures(submission, [FigureInput(indicator.code, world.place.code, value="5")], by=world.reporter, version=seen)
    other = Submission.objects.get(pk=submission.pk)
    with pytest.raises(Stale) as refused:
        drafts.write_figures(other, [FigureInput(indicator.code, world.place.code, value="6")], by=world.reporter, version=seen)
    assert refused.value.current == seen + 1
    assert Figure.objects.get(submission=submission).value == 5


def test_a_reopened_figure_counts_until_its_correction_is_accepted(world):
    indicator, other = world.indicator(), world.indicator()
    world.open()
    submission = drafts.start(world.project, world.partner, world.period, by=world.reporter)
    figures = [FigureInput(row.code, world.place.code, value="10") for row in (indicator, other)]
    drafts.write_figures(submission, figures, by=world.reporter)
    submissions.submit(submission, by=world.reporter)
    submissions.accept(submission, by=world.mande)
    revision = submissions.reopen(
        world.project, world.partner, world.period, indicators=[indicator], reason="double attendance sheet found", by=world.manager
    )
    assert (revision.revision, revision.figures.count()) == (2, 1)
    with pytest.raises(Invalid) as refused:
        drafts.write_figures(revision, [FigureInput(other.code, world.place.code, value="99")], by=world.reporter)
    assert [p.code for p in refused.value.problems] == ["not_reopened"]
    drafts.write_figures(revision, [FigureInput(indicator.code, world.place.code, value="8")], by=world.reporter)
    assert Figure.objects.counting().get(indicator=indicator).value == 10
    submissions.submit(revision, by=world.reporter)
    submissions.accept(revision, by=world.mande)
    assert Figure.objects.counting().get(indicator=indicator).value == 8
    assert Figure.objects.counting().get(indicator=other).value == 10
    restated = Restatement.objects.get()
    assert (restated.old_text, restated.new_text, restated.reason) == ("10", "8", "double attendance sheet found")
    assert Reopening.objects.get().closed_at is not None


def test_accept_with_holds_takes_the_rest_and_reopens_the_held_figure(world):
    good, doubtful = world.indicator(), world.indicator()
    world.open()
    submission = drafts.start(world.project, world.partner, world.period, by=world.reporter)
    drafts.write_figures(submission, [FigureInput(row.code, world.place.code, value="7") for row in (good, doubtful)], by=world.reporter)
    submissions.submit(submission, by=world.reporter)
    submissions.accept(submission, by=world.mande, holds=[doubtful], hold_reason="no sheet")
    assert list(Figure.objects.counting().values_list("indicator__code", flat=True)) == [good.code]
    revision = Submission.objects.open().get()
    assert [f.indicator_id for f in revision.figures.all()] == [doubtful.pk]
    submissions.submit(revision, by=world.reporter)
    submissions.accept(revision, by=world.mande)
    assert Figure.objects.counting().count() == 2


def test_a_place_and_one_below_it_never_both_count(world):
    indicator = world.indicator()
    below = factories.place(parent=world.place)
    world.open()
    submission = drafts.start(world.project, world.partner, world.period, by=world.reporter)
    figures = [FigureInput(indicator.code, at.code, value="5") for at in (world.place, below)]
    drafts.write_figures(submission, figures, by=world.reporter)
    submissions.explain(
        submission, indicator=indicator, place=world.place, flag="parent_child", sentence="Town and quarter.", by=world.reporter
    )
    submissions.submit(submission, by=world.reporter)
    with pytest.raises(submissions.CountedTwice):
        submissions.accept(submission, by=world.mande)
    submissions.accept(submission, by=world.mande, counts_at=[world.place])
    assert list(Figure.objects.counting().values_list("place", flat=True)) == [world.place.pk]


def test_a_partner_without_the_role_there_can_do_nothing(world):
    indicator = world.indicator()
    submission = drafted(world, indicator, "4")
    stranger = factories.member(Role.PARTNER_REPORTER, organization=factories.partner())
    with pytest.raises(access.NotAllowed):
        drafts.write_figures(submission, [FigureInput(indicator.code, world.place.code, value="9")], by=stranger)
    assert not Submission.objects.visible_to(stranger).exists()
    assert Submission.objects.visible_to(world.reporter).get() == submission


def test_own_sign_off_comes_before_submission_and_an_edit_takes_it_back(world):
    indicator = world.indicator()
    world.partner.wants_own_sign_off = True
    world.partner.save()
    submission = drafted(world, indicator, "4")
    with pytest.raises(submissions.WrongState):
        submissions.submit(submission, by=world.reporter)
    boss = factories.member(Role.PARTNER_MANAGER, organization=world.partner)
    submissions.sign_off(submission, by=boss)
    drafts.write_figures(submission, [FigureInput(indicator.code, world.place.code, value="5")], by=world.reporter)
    assert submission.signed_off_at is None
    submissions.sign_off(submission, by=boss)
    assert submissions.submit(submission, by=world.reporter).state == "submitted"


def test_a_nil_report_is_a_report(world):
    world.indicator()
    world.open()
    submission = drafts.start(world.project, world.partner, world.period, by=world.reporter)
    drafts.set_nil(submission, by=world.reporter, reason="The road was closed all quarter.")
    submissions.submit(submission, by=world.reporter)
    assert submissions.accept(submission, by=world.mande).state == "accepted"


def test_flags_need_a_sentence_before_anything_is_submitted(world):
    indicator = world.indicator(factories.definition("RUN-1", over_time="running_total"))
    accepted(world, indicator, "40")
    submission = drafted(world, indicator, "35", number=1)
    with pytest.raises(Invalid) as refused:
        submissions.submit(submission, by=world.reporter)
    assert [p.code for p in refused.value.problems] == ["flag"]
    submissions.explain(
        submission, indicator=indicator, place=world.place, flag="fell", sentence="Five double entries removed.", by=world.reporter
    )
    assert submissions.submit(submission, by=world.reporter).state == "submitted"


def test_cells_above_the_total_block_and_unknown_rest_only_flags(world):
    factories.dimension("sex", "female", "male", "unknown")
    indicator = world.indicator(factories.definition("SEX-1", breakdowns=(("sex",),)))
    world.open()
    submission = drafts.start(world.project, world.partner, world.period, by=world.reporter)
    figures = [
        FigureInput(indicator.code, world.place.code, value="10"),
        FigureInput(indicator.code, world.place.code, {"sex": "female"}, value="6"),
        FigureInput(indicator.code, world.place.code, {"sex": "male"}, value="5"),
    ]
    drafts.write_figures(submission, figures, by=world.reporter)
    with pytest.raises(Invalid) as refused:
        submissions.submit(submission, by=world.reporter)
    assert [p.code for p in refused.value.problems] == ["cells"]
    drafts.write_figures(submission, [FigureInput(indicator.code, world.place.code, {"sex": "male"}, value="3")], by=world.reporter)
    with pytest.raises(Invalid) as refused:
        submissions.submit(submission, by=world.reporter)
    assert [p.code for p in refused.value.problems] == ["flag"]


def test_everything_wrong_is_said_at_once_and_nothing_is_written(world):
    indicator = world.indicator()
    share = world.indicator(factories.ratio("SHR-1"))
    world.open()
    submission = drafts.start(world.project, world.partner, world.period, by=world.reporter)
    figures = [
        FigureInput("NOPE", world.place.code, value="1"),
        FigureInput(indicator.code, "ZZ99", value="1"),
        FigureInput(indicator.code, world.place.code, {"sex": "robot"}, value="1"),
        FigureInput(indicator.code, world.place.code, value="1.5"),
        FigureInput(share.code, world.place.code, numerator="3"),
    ]
    with pytest.raises(Invalid) as refused:
        drafts.write_figures(submission, figures, by=world.reporter)
    assert [p.path for p in refused.value.problems] == [
        "figures/0/indicator",
        "figures/1/place",
        "figures/2/disaggregation",
        "figures/3/value",
        "figures/4/denominator",
    ]
    assert not Figure.objects.exists()
    assert Submission.objects.get(pk=submission.pk).draft_version == 1


def test_sending_what_one_has_seen_keeps_the_partners_sign_off_and_refuses_what_changed(world):
    world.partner.wants_own_sign_off = True
    world.partner.save()
    submission = drafted(world, world.indicator(), "4")
    boss = factories.member(Role.PARTNER_MANAGER, organization=world.partner)
    submissions.sign_off(submission, by=boss)
    with pytest.raises(Stale):
        submissions.submit(submission, by=world.reporter, version=submission.draft_version - 1)
    submissions.submit(submission, by=world.reporter, version=submission.draft_version)
    assert (submission.state, submission.signed_off_by) == ("submitted", boss)


def carried_above(world, over_time: str):
    """Accepted at the county in the first quarter; sent from a place within it in the second."""
    row = world.indicator(factories.definition("RUN", over_time=over_time, counting="things"), assigned=False)
    inside = factories.place("SS070301", parent=world.place)
    assigned = framework.assign(row, by=world.manager, partner=world.partner, places=[world.place])
    world.open(0)
    first = drafts.start(world.project, world.partner, world.periods[0], by=world.reporter)
    drafts.write_figures(first, [FigureInput("RUN", world.place.code, value="100")], by=world.reporter)
    send(world, first)
    submissions.accept(first, by=world.mande)
    framework.assign(row, by=world.manager, partner=world.partner, places=[inside], starts_on=world.periods[1].starts_on)
    world.open(1)
    second = drafts.start(world.project, world.partner, world.periods[1], by=world.reporter)
    figures = [FigureInput("RUN", inside.code, value="60"), FigureInput("RUN", world.place.code, reason="not_due")]
    drafts.write_figures(second, figures, by=world.reporter)
    send(world, second)
    return second, inside, assigned


def send(world, submission):
    for flag in checks.check(submission).flags:
        submissions.explain(submission, indicator=flag.indicator, place=flag.place, flag=flag.kind, sentence="So.", by=world.reporter)
    submissions.submit(submission, by=world.reporter)


@pytest.mark.parametrize("over_time", ["running_total", "snapshot"])
def test_a_number_carried_at_a_place_above_is_not_counted_twice(over_time):
    world = factories.world()
    second, inside, _assigned = carried_above(world, over_time)
    for named in ([], [inside]):
        with pytest.raises(submissions.CountedTwice, match="carried"):
            submissions.accept(second, by=world.mande, counts_at=named)
    submissions.accept(second, by=world.mande, counts_at=[world.place])
    assert list(Figure.objects.counting().values_list("place__code", "value")) == [(world.place.code, 100)]


def test_a_snapshot_that_ended_with_its_assignment_is_not_carried():
    world = factories.world()
    second, inside, assigned = carried_above(world, "snapshot")
    type(assigned).objects.filter(pk=assigned.pk).update(ends_on=world.periods[0].ends_on)
    submissions.accept(second, by=world.mande)
    assert set(Figure.objects.counting().values_list("place__code", "value")) == {(world.place.code, 100), (inside.code, 60)}


def test_what_is_added_per_period_may_move_to_a_place_within():
    world = factories.world()
    second, inside, _assigned = carried_above(world, "per_period")
    submissions.accept(second, by=world.mande)
    assert set(Figure.objects.counting().values_list("place__code", "value")) == {(world.place.code, 100), (inside.code, 60)}


@pytest.mark.parametrize("places", [3, 30])
def test_the_place_check_asks_the_same_questions_however_many_places(places, django_assert_max_num_queries):
    world = factories.world()
    world.indicator(factories.definition("A", over_time="running_total"))
    world.open(0)
    submission = drafts.start(world.project, world.partner, world.period, by=world.reporter)
    figures = [FigureInput("A", factories.place(f"SS99{n:02d}").code, value="1") for n in range(places)]
    drafts.write_figures(submission, figures, by=world.reporter)
    with django_assert_max_num_queries(5):
        assert len(submissions._to_count(submission, set(), set())) == places


def test_the_reviewer_names_on_the_page_which_place_counts(client):
    world = factories.world()
    second, inside, _assigned = carried_above(world, "running_total")
    client.force_login(world.mande)
    address = f"/reports/{world.project.code}/{world.periods[1].code}/{world.partner.pk}/review/accept/"
    refused = client.post(address)
    assert refused.status_code == 409
    assert f'name="counts_at" value="{world.place.pk}"' in refused.content.decode()
    assert client.post(address, {"counts_at": world.place.pk}).status_code == 302
    second.refresh_from_db()
    assert second.state == "accepted"
    assert not Figure.objects.counting().filter(place=inside).exists()
