"""Support to a force is assessed by one person, decided by another, watched afterwards, and the reasons stay here."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from accounts import practice
from accounts.models import AuditEvent, Message
from institutions import due_diligence
from institutions.models import HrddpAssessment
from plumbing.refusals import Invalid
from programs import access, gates, workplan
from programs.models import ActionPoint, ActivityRecord, SupportClearance
from tests.institutions.making import cleared, prepared, soon, trained, waiting
from tests.programs.test_gates import support_line


@pytest.mark.parametrize(
    ("likelihood", "severity", "level"), [(1, 4, "low"), (1, 5, "medium"), (3, 3, "medium"), (3, 5, "high"), (5, 5, "high")]
)
def test_risk_is_likelihood_times_severity(post, likelihood, severity, level):
    row = prepared(post, likelihood=likelihood, severity=severity)
    assert (row.risk, row.risk_level) == (likelihood * severity, level)


def test_where_a_level_begins_is_a_setting(post):
    practice.seed()
    setting = practice.PracticeValue.objects.get(key="due-diligence-high-from")
    practice.change(setting, value="9", by=post.administrator)
    assert prepared(post).risk_level == "high"


def test_the_published_list_proposes_the_scope():
    assert due_diligence.proposed_scope("law_training") == "out"
    assert due_diligence.proposed_scope("logistics") == "in"


def test_everything_missing_is_said_at_once(post):
    row = prepared(post, scope="", scope_reason="", record=" ", likelihood=None, severity=None)
    with pytest.raises(Invalid) as refused:
        due_diligence.send(row, by=post.officer)
    assert {problem.path for problem in refused.value.problems} == {"scope"}
    row = due_diligence.write(row, by=post.officer, scope="in", scope_reason="Raises capability")
    with pytest.raises(Invalid) as refused:
        due_diligence.send(row, by=post.officer)
    assert {problem.path for problem in refused.value.problems} == {"record", "likelihood"}


def test_a_page_opened_before_it_was_sent_takes_nothing_back(post):
    row = prepared(post)
    as_opened = HrddpAssessment.objects.get()
    due_diligence.send(row, by=post.officer)
    with pytest.raises(due_diligence.NotNow):
        due_diligence.write(as_opened, by=post.officer, record="Nothing known")
    kept = HrddpAssessment.objects.get()
    assert (kept.state, kept.sent_by, kept.record == "Nothing known") == ("waiting", post.officer, False)


def test_what_is_written_is_not_readable_in_the_database(post):
    prepared(post, record="Beatings in custody")
    with connection.cursor() as cursor:
        cursor.execute("SELECT record FROM institutions_hrddpassessment")
        (stored,) = cursor.fetchone()
    assert b"Beatings" not in bytes(stored)
    assert HrddpAssessment.objects.get().record == "Beatings in custody"


def test_a_decision_writes_the_clearance_that_plans_wait_for(post):
    with pytest.raises(gates.ClearanceMissing):
        workplan.move(support_line(post), to="planned", by=post.manager)
    row = cleared(post)
    clearance = SupportClearance.objects.get()
    assert row.clearance == clearance
    assert (clearance.recipient, clearance.decision, clearance.valid_until) == (post.station.organization, "proceed", soon())
    assert "risk" not in clearance.scope + clearance.conditions
    line = support_line(post, code="2.5")
    assert workplan.move(line, to="planned", by=post.manager).status == "planned"


def test_support_that_happened_without_it_is_flagged_until_the_decision(post):
    trained(post)
    assert ActivityRecord.objects.without_clearance().count() == 1
    cleared(post)
    assert not ActivityRecord.objects.without_clearance().exists()


def test_support_outside_the_policy_passes_with_its_scope_decision(post):
    row = due_diligence.send(
        due_diligence.prepare(
            institution=post.station, project=post.project, by=post.officer, support="Course on human rights law",
            support_kind="law_training", scope="out", scope_reason="Human rights law only",
        ),
        by=post.officer,
    )  # fmt: skip
    due_diligence.decide(row, decision="proceed", reason="On the list", valid_until=soon(), by=post.decider)
    assert SupportClearance.objects.get().decision == "out_of_scope"


def test_whoever_prepared_it_or_manages_the_project_does_not_decide(post):
    row = waiting(post)
    with pytest.raises(access.NotAllowed):
        due_diligence.decide(row, decision="proceed", reason="x", valid_until=soon(), by=post.officer)
    access.give(user=post.officer, role="clearance_decider", by=None)
    with pytest.raises(due_diligence.OwnAssessment):
        due_diligence.decide(row, decision="proceed", reason="x", valid_until=soon(), by=post.officer)
    post.project.manager = post.decider
    post.project.save()
    row.refresh_from_db()
    with pytest.raises(gates.OwnProject):
        due_diligence.decide(row, decision="proceed", reason="x", valid_until=soon(), by=post.decider)
    assert not SupportClearance.objects.exists()


def test_the_database_too_refuses_a_decision_by_its_preparer(post):
    row = cleared(post)
    with pytest.raises(IntegrityError), transaction.atomic():
        HrddpAssessment.objects.filter(pk=row.pk).update(decided_by=row.prepared_by_id)


def test_a_decision_lasts_a_year_at_most_and_is_taken_once(post):
    row = waiting(post)
    with pytest.raises(gates.ValidTooLong):
        due_diligence.decide(row, decision="proceed", reason="x", valid_until=soon(400), by=post.decider)
    row = HrddpAssessment.objects.get()
    assert (row.state, row.decision) == ("waiting", "")
    due_diligence.decide(row, decision="decline", reason="Too many cases", valid_until=soon(), by=post.decider)
    with pytest.raises(due_diligence.NotNow):
        due_diligence.decide(row, decision="proceed", reason="x", valid_until=soon(), by=post.decider)
    assert gates.clearance_of(post.station.organization, soon(0)) is None


def test_going_on_with_mitigation_needs_measures_with_owner_and_date(post):
    row = waiting(post)
    given = {"decision": "proceed_with_mitigation", "reason": "Possible", "conditions": "Trainees are screened", "valid_until": soon()}
    with pytest.raises(Invalid):
        due_diligence.decide(row, by=post.decider, **given)
    measure = due_diligence.add_measure(row, text="Check the record of each trainee", owner=post.reporter, due_on=soon(20), by=post.officer)
    assert ActionPoint.objects.get() == measure.action_point
    assert str(row.pk) not in measure.action_point.origin_path
    assert due_diligence.decide(row, by=post.decider, **given).clearance.conditions == "Trainees are screened"


def test_a_grave_allegation_makes_the_review_due_and_tells_the_decider_without_saying_what(post):
    row = cleared(post)
    due_diligence.note(row, kind="allegation", text="Killing at the market", happened_on=soon(0), by=post.officer)
    row.refresh_from_db()
    assert row.state == "review_due"
    told = Message.objects.filter(recipient=post.decider, item=f"due_diligence:{row.pk}")
    assert told.count() == 2  # it waited for the decision, and now for the review
    assert not any("market" in message.line for message in told)
    assert gates.clearance_of(post.station.organization, soon(0)) is not None


def test_an_earlier_note_of_another_kind_changes_no_state(post):
    row = cleared(post)
    due_diligence.note(row, kind="monitoring", text="Visited the cells", happened_on=soon(0), by=post.officer)
    assert HrddpAssessment.objects.get().state == "decided"
    with pytest.raises(Invalid):
        due_diligence.note(row, kind="decision", text="x", happened_on=soon(0), by=post.officer)


@pytest.mark.parametrize("decision", ["suspend", "withdraw"])
def test_taking_it_back_stops_plans_at_once_and_keeps_the_reason_here(post, decision):
    row = cleared(post)
    due_diligence.decide(row, decision=decision, reason="Killing at the market", by=post.decider)
    clearance = SupportClearance.objects.get()
    assert clearance.suspended_at is not None
    assert "market" not in clearance.suspension_reason
    with pytest.raises(gates.ClearanceMissing):
        workplan.move(support_line(post), to="planned", by=post.manager)
    assert list(row.entries.values_list("kind", flat=True)) == ["decision", "decision"]


def test_after_a_review_a_new_decision_replaces_the_old_clearance(post):
    row = cleared(post)
    due_diligence.note(row, kind="allegation", text="Beating", happened_on=soon(0), by=post.officer)
    row.refresh_from_db()
    due_diligence.decide(row, decision="proceed", reason="Not confirmed", valid_until=soon(30), by=post.decider)
    assert SupportClearance.objects.current(soon(0)).get().valid_until == soon(30)
    assert SupportClearance.objects.count() == 2


def test_a_renewal_starts_from_what_was_found_but_not_from_what_was_decided(post):
    row = cleared(post)
    again = due_diligence.prepare(institution=post.station, project=post.project, by=post.officer, renews=row)
    assert (again.record, again.risk, again.decision, again.state) == (row.record, 9, "", "preparing")


def test_named_roles_in_scope_read_it_and_nobody_else(post):
    row = prepared(post)
    seen = {name for name in ("officer", "decider", "manager", "reporter", "stranger", "auditor", "administrator", "focal")
            if HrddpAssessment.objects.visible_to(getattr(post, name)).filter(pk=row.pk).exists()}  # fmt: skip
    assert seen == {"officer", "decider"}


def test_opening_it_is_an_event(post, visitor):
    row = prepared(post)
    assert visitor("decider").get(f"/due-diligence/{row.pk}/").status_code == 200
    event = AuditEvent.objects.get(event="due_diligence.opened")
    assert event.actor == f"user:{post.decider.pk}"
    assert visitor("manager").get(f"/due-diligence/{row.pk}/").status_code == 404
    assert AuditEvent.objects.filter(event="due_diligence.opened").count() == 1


def test_the_list_of_assessments_is_no_file(post, visitor):
    prepared(post)
    client = visitor("officer")
    page = client.get("/due-diligence/")
    assert "Community policing training" in page.content.decode()
    assert "export=csv" not in page.content.decode()
    exported = client.get("/due-diligence/?export=csv")
    assert exported["Content-Type"].startswith("text/html")
    assert visitor("manager").get("/due-diligence/").status_code == 403
