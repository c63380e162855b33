"""Two sent versions of a report beside each other: what changed, what did not, and nobody else's."""

import pytest
from django.urls import reverse

from accounts.roles import Role
from reporting import checks, drafts, snapshots, submissions
from reporting.drafts import FigureInput
from tests import factories
from tests.reporting.reported import Reported

pytestmark = pytest.mark.django_db


@pytest.fixture
def reported():
    return Reported()


def figures(reported, trained, part="5", whole="10", **cells):
    at = reported.world.place.code
    found = [FigureInput("LIV-2", at, value=trained), FigureInput("OUT-1", at, numerator=part, denominator=whole)]
    return found + [FigureInput("LIV-2", at, cell={"sex": sex}, value=value) for sex, value in cells.items()]


def sent_twice(reported, first, second):
    submission = reported.draft(0, first)
    explain(reported, submission)
    submissions.submit(submission, by=reported.world.reporter)
    submissions.return_for_revision(submission, by=reported.mande, note="Please check.")
    submission.refresh_from_db()
    drafts.write_figures(submission, second, by=reported.world.reporter, replace_all=True)
    explain(reported, submission)
    submissions.submit(submission, by=reported.world.reporter)
    return submission


def explain(reported, submission):
    for flag in checks.check(submission).flags:
        submissions.explain(
            submission, indicator=flag.indicator, place=flag.place, flag=flag.kind, sentence="As expected.", by=reported.world.reporter
        )


def url(reported, **query):
    world = reported.world
    return reverse("report_versions", args=[world.project.code, world.periods[0].code, world.partner.pk], query=query)


def test_what_changed_between_two_versions_stands_figure_by_figure(reported, client):
    both = {"female": "10", "male": "20", "unknown": "0"}
    submission = sent_twice(
        reported,
        figures(reported, "30", **both),
        figures(reported, "31", part="6", female="11", male="20", unknown="0"),
    )
    first, second = snapshots.of_report(submission)
    found = snapshots.compare(first, second, project=reported.project)
    told = {(one.code, one.cell): (one.before, one.after, one.difference) for one in found.figures}
    assert told == {("LIV-2", ""): ("30", "31", 1), ("LIV-2", "Female"): ("10", "11", 1), ("OUT-1", ""): ("5 / 10", "6 / 10", None)}
    assert found.unchanged == 2
    client.force_login(reported.mande)
    page = client.get(url(reported)).content.decode()
    assert "Completed training" in page
    assert "2 figures are the same in both." in page
    assert second.digest[:12] in page
    other_way = client.get(url(reported, **{"from": second.pk, "to": first.pk})).content.decode()
    assert "-1" in other_way.replace("−", "-")


def test_a_figure_taken_out_and_a_new_one_are_said(reported):
    kept = figures(reported, "30")
    submission = sent_twice(reported, kept, [*kept, *figures(reported, "30", female="10", male="20", unknown="0")[2:]])
    first, second = snapshots.of_report(submission)
    assert {one.kind for one in snapshots.compare(first, second, project=reported.project).figures} == {"new"}
    assert {one.kind for one in snapshots.compare(second, first, project=reported.project).figures} == {"gone"}


def test_figures_that_a_reopening_did_not_touch_are_no_change(reported):
    reported.quarter(0, 30, 5, 10)
    submission = reported.correct(0, 28)
    first, second = snapshots.of_report(submission)
    assert (first.submission.revision, second.submission.revision) == (1, 2)
    found = snapshots.compare(first, second, project=reported.project)
    assert [(one.code, one.before, one.after) for one in found.figures] == [("LIV-2", "30", "28")]
    assert found.left_out == 1


def test_a_version_of_another_report_is_not_found(reported, client):
    submission = reported.quarter(0, 30, 5, 10)
    foreign = reported.quarter(1, 12, 5, 10).snapshots.get()
    client.force_login(reported.mande)
    assert client.get(url(reported, to=foreign.pk)).status_code == 404
    assert client.get(url(reported, to=999999)).status_code == 404
    assert client.get(url(reported, to=submission.snapshots.get().pk)).status_code == 200
    client.force_login(factories.member(Role.PARTNER_REPORTER, organization=factories.partner()))
    assert client.get(url(reported)).status_code == 404


@pytest.mark.parametrize("rows", [1, 3])
def test_the_comparison_asks_the_same_number_of_questions(reported, client, django_assert_num_queries, rows):
    more = [reported.world.indicator(factories.definition(f"MORE-{number}")) for number in range(rows)]

    def with_more(value):
        return figures(reported, "30") + [FigureInput(one.code, reported.world.place.code, value=value) for one in more]

    sent_twice(reported, with_more("4"), with_more("5"))
    client.force_login(reported.mande)
    with django_assert_num_queries(9):
        assert "4" in client.get(url(reported)).content.decode()
