"""Referrals: with consent and an agreement, seen by the receiver only while open, and never a loop that nobody sees."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent, Message
from accounts.roles import Role
from plumbing.refusals import Invalid, Refused
from reintegration import caseload, consents, contacts, referrals, todo
from reintegration.models import Case, Consent, OverrideRequest, Referral, SharingAgreement
from tests import cases, factories

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
ROUTE = "Office of the partner, +211 000"


@pytest.fixture
def world():
    return factories.world()


@pytest.fixture
def case(world):
    return cases.case(world, state="active")


@pytest.fixture
def centre(world):
    office = factories.partner("Vocational centre")
    SharingAgreement.objects.create(
        partner=world.partner, receiver=office, reference="A-1", starts_on=TODAY - timedelta(days=9), ends_on=TODAY + timedelta(days=400),
        recorded_by=world.manager,
    )  # fmt: skip
    return office


@pytest.fixture
def receiver(centre):
    return factories.member(Role.PARTNER_REPORTER, organization=centre)


def agree(case, purpose, **fields):
    values = {
        "answer": "yes", "notice": case.notice, "method": "oral", "given_on": TODAY, "until": TODAY + timedelta(days=365),
        "recorded_by": case.caseworker, **fields,
    }  # fmt: skip
    return Consent.objects.create(case=case, purpose=purpose, **values)


def agreed(case, centre):
    agree(case, "services")
    return agree(case, "sharing", organization=centre)


def send(case, centre, **fields):
    return referrals.send(case, **{"to": centre, "service": "vocational", "contact_route": ROUTE, "by": case.caseworker, **fields})


def test_a_referral_stands_on_both_consents_and_an_agreement(case, centre, receiver):
    consent = agreed(case, centre)
    row = send(case, centre)
    assert (row.state, row.consent, row.answer_due_on) == ("sent", consent, TODAY + timedelta(days=7))
    assert AuditEvent.objects.filter(event="referral.sent").count() == 1
    assert Message.objects.get(recipient=receiver).line == "A referral waits for your answer."


@pytest.mark.parametrize("given", [[], ["services"], ["sharing"]])
def test_one_consent_alone_or_none_is_not_enough(case, centre, given):
    for purpose in given:
        agree(case, purpose, **({"organization": centre} if purpose == "sharing" else {}))
    with pytest.raises(referrals.ConsentMissing):
        send(case, centre)
    assert not Referral.objects.exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"until": TODAY - timedelta(days=1), "given_on": TODAY - timedelta(days=400)},
        {"answer": "no"},
        {"answer": "ask"},
        {"service": "health"},
    ],
)
def test_consent_that_ran_out_was_refused_or_names_something_else_does_not_count(case, centre, fields):
    agree(case, "services")
    receiver = {} if "service" in fields else {"organization": centre}
    agree(case, "sharing", **receiver, **fields)
    with pytest.raises(referrals.ConsentMissing):
        send(case, centre)


def test_consent_for_the_kind_of_service_is_enough(case, centre):
    agree(case, "services")
    agree(case, "sharing", service="vocational")
    assert send(case, centre).state == "sent"


def test_withdrawn_consent_does_not_count(case, centre):
    consent = agreed(case, centre)
    Consent.objects.filter(pk=consent.pk).update(withdrawn_at=timezone.now(), withdrawn_by=case.caseworker)
    with pytest.raises(referrals.ConsentMissing):
        send(case, centre)


def test_without_an_agreement_in_force_nothing_is_sent(case, centre):
    agreed(case, centre)
    SharingAgreement.objects.update(ends_on=TODAY - timedelta(days=1))
    with pytest.raises(referrals.NoAgreement):
        send(case, centre)


def test_the_receiver_sees_four_things_while_it_is_open_and_nothing_afterwards(case, centre, receiver):
    agreed(case, centre)
    row = send(case, centre, reason="Needs child care")
    assert list(referrals.receiving(receiver)) == [row]
    package = referrals.open_package(row, by=receiver)
    assert vars(package) == {
        "code": str(case), "service": "Vocational training", "urgency": "Normal", "contact_route": ROUTE,
    }  # fmt: skip
    assert AuditEvent.objects.filter(event="referral.read").count() == 1
    referrals.decline(row, reason="no_place", by=receiver)
    assert not referrals.receiving(receiver).exists()


def test_a_stranger_to_the_receiver_neither_sees_nor_answers_it(world, case, centre):
    agreed(case, centre)
    row = send(case, centre)
    for person in (world.reporter, world.manager, factories.member(Role.PARTNER_REPORTER, organization=factories.partner())):
        assert not referrals.receiving(person).exists()
        with pytest.raises(PermissionDenied):
            referrals.accept(row, by=person)


def test_accepted_then_completed(case, centre, receiver):
    agreed(case, centre)
    row = referrals.accept(send(case, centre), by=receiver)
    assert (row.state, row.answered_by, list(referrals.receiving(receiver))) == ("accepted", receiver, [row])
    referrals.complete(row, outcome="received", note="Diploma", by=receiver)
    assert (row.state, row.outcome, Referral.objects.get().outcome_note) == ("completed", "received", "Diploma")
    assert row.ended_at is not None
    assert not referrals.receiving(receiver).exists()


def test_states_follow_their_order_and_no_other(case, centre, receiver):
    agreed(case, centre)
    worker = case.caseworker
    row = send(case, centre)
    with pytest.raises(referrals.NotOpen):
        referrals.complete(row, outcome="received", by=receiver)
    with pytest.raises(Invalid):
        referrals.decline(row, reason="", by=receiver)
    referrals.accept(row, by=receiver)
    with pytest.raises(referrals.NotOpen):
        referrals.decline(row, reason="no_place", by=receiver)
    referrals.withdraw(row, by=worker)
    acts = (
        lambda: referrals.accept(row, by=receiver), lambda: referrals.complete(row, outcome="partly", by=worker),
        lambda: referrals.withdraw(row, by=worker),
    )  # fmt: skip
    for act in acts:
        with pytest.raises(referrals.NotOpen):
            act()
    assert Referral.objects.get().state == "withdrawn"


def test_withdrawing_ends_access_and_asks_the_receiver_to_delete(case, centre, receiver):
    agreed(case, centre)
    row = send(case, centre)
    referrals.withdraw(row, by=case.caseworker)
    assert row.deletion_asked_at is not None
    assert Message.objects.filter(recipient=receiver, line="A referral was withdrawn. Delete what you kept of it.").exists()
    assert not referrals.receiving(receiver).exists()


def test_all_open_referrals_end_where_consent_ends(case, centre, receiver):
    agreed(case, centre)
    rows = [send(case, centre), send(case, centre)]
    referrals.accept(rows[0], by=receiver)
    assert consents.withdraw(case, purpose="sharing", by=case.caseworker) == 2
    assert Message.objects.filter(recipient=receiver, step="withdrawn").count() == 2
    assert not Referral.objects.open().exists()


def test_a_referral_ends_by_itself_after_its_day(case, centre):
    agreed(case, centre)
    row = send(case, centre)
    assert referrals.sweep(today=row.expires_on) == 0
    assert referrals.sweep(today=row.expires_on + timedelta(days=1)) == 1
    row.refresh_from_db()
    assert row.state == "expired"
    assert referrals.sweep(today=row.expires_on + timedelta(days=2)) == 0


def test_an_answer_that_does_not_come_surfaces_and_is_reminded_of_once_by_itself_and_daily_by_hand(case, centre, receiver):
    agreed(case, centre)
    row = send(case, centre)
    late = row.answer_due_on + timedelta(days=1)
    mine = type(case).objects.visible_to(case.caseworker)
    assert list(Referral.objects.stuck(late).filter(case__in=mine)) == [row]
    assert not Referral.objects.stuck(row.answer_due_on).exists()
    assert (referrals.sweep(today=late), referrals.sweep(today=late)) == (1, 0)
    assert (referrals.remind(row, by=case.caseworker), referrals.remind(row, by=case.caseworker)) == (1, 0)
    assert {line.line for line in Message.objects.filter(recipient=receiver)} == {"A referral waits for your answer."}


# Without consent, for a vital interest


def ask(case, centre):
    return referrals.ask_override(case, to=centre, service="health", contact_route=ROUTE, reason="Bleeding", by=case.caseworker)


def test_for_a_vital_interest_a_second_person_lets_it_go_without_consent(world, case, centre):
    request = ask(case, centre)
    with pytest.raises(PermissionDenied):
        referrals.decide_override(request, grant=True, by=case.caseworker)
    supervisor = cases.supervisor(world)
    row = referrals.decide_override(request, grant=True, by=supervisor)
    assert (row.state, row.consent, row.overridden_by, row.sent_by) == ("sent", None, supervisor, case.caseworker)
    assert Referral.objects.get().override_reason == "Bleeding"
    with pytest.raises(Refused):
        referrals.decide_override(request, grant=True, by=supervisor)


def test_a_refused_exception_sends_nothing(world, case, centre):
    request = ask(case, centre)
    assert referrals.decide_override(request, grant=False, by=cases.supervisor(world)) is None
    assert not Referral.objects.exists()
    assert OverrideRequest.objects.get().decision == "refused"


def test_after_a_withdrawal_nobody_sets_consent_aside(world, case, centre):
    request = ask(case, centre)
    agree(case, "sharing", organization=centre, withdrawn_at=timezone.now(), withdrawn_by=case.caseworker)
    with pytest.raises(referrals.ConsentMissing):
        ask(case, centre)
    with pytest.raises(referrals.ConsentMissing):
        referrals.decide_override(request, grant=True, by=cases.supervisor(world))
    assert not Referral.objects.exists()


def test_agreements_are_listed_to_the_two_organizations_and_to_who_sets_up(client, world, centre, case, django_assert_max_num_queries):
    other = SharingAgreement.objects.create(
        partner=factories.partner(),
        receiver=factories.partner(),
        reference="FOREIGN",
        starts_on=TODAY,
        ends_on=TODAY,
        recorded_by=world.manager,
    )
    administrator, receiving = factories.member(Role.ADMINISTRATOR), factories.member(Role.CASE_SUPERVISOR, organization=centre)
    for person, seen in ((case.caseworker, 1), (receiving, 1), (factories.member(Role.FOCAL_POINT), 2), (administrator, 2)):
        client.force_login(person)
        with django_assert_max_num_queries(6):
            page = client.get(reverse("sharing_agreements"))
        assert page.status_code == 200
        assert len(page.context["list"].rows) == seen
        assert ("FOREIGN" in page.content.decode()) is (seen == 2)
    client.force_login(case.caseworker)
    assert client.get(reverse("record_sharing_agreement")).status_code == 403
    assert client.post(reverse("end_sharing_agreement", args=[other.pk])).status_code == 403
    client.force_login(world.manager)
    assert client.get(reverse("sharing_agreements")).status_code == 404


def test_an_agreement_is_recorded_and_ended_and_then_nothing_new_is_sent(client, world, case, centre):
    agreed(case, centre)
    administrator, office = factories.member(Role.ADMINISTRATOR), factories.partner("Savings union")
    client.force_login(administrator)
    body = {
        "partner": world.partner.pk, "receiver": office.pk, "reference": "A-2", "starts_on": TODAY.isoformat(), "ends_on": TODAY.isoformat(),
    }  # fmt: skip
    assert client.post(reverse("record_sharing_agreement"), body).status_code == 303
    assert client.post(reverse("record_sharing_agreement"), {**body, "receiver": world.partner.pk}).status_code == 422
    row = SharingAgreement.objects.get(reference="A-1")
    assert client.post(reverse("end_sharing_agreement", args=[row.pk])).status_code == 303
    row.refresh_from_db()
    assert (row.ended_by, AuditEvent.objects.filter(event="sharing_agreement.ended").count()) == (administrator, 1)
    with pytest.raises(referrals.NotOpen):
        referrals.end_agreement(row, by=administrator)
    with pytest.raises(referrals.NoAgreement):
        send(case, centre)


def test_with_the_last_agreement_open_referrals_end_and_become_a_to_do(client, world, case, centre, receiver):
    agreed(case, centre)
    administrator, row = factories.member(Role.ADMINISTRATOR), SharingAgreement.objects.get(reference="A-1")
    other = SharingAgreement.objects.create(
        partner=world.partner, receiver=centre, reference="A-2", starts_on=TODAY, ends_on=TODAY, recorded_by=administrator
    )
    sent, finished = send(case, centre), send(case, centre, service="health")
    referrals.decline(finished, reason="no_place", by=receiver)
    referrals.accept(sent, by=receiver)
    referrals.end_agreement(row, by=administrator)
    sent.refresh_from_db()
    assert sent.state == "accepted", "another agreement is in force"
    referrals.end_agreement(other, by=administrator)
    for one in (sent, finished):
        one.refresh_from_db()
    assert (sent.state, sent.lost_agreement, sent.deletion_asked_at is not None) == ("withdrawn", True, True)
    assert (finished.state, finished.lost_agreement) == ("declined", False)
    assert not referrals.receiving(receiver).exists()
    assert Message.objects.filter(recipient=receiver, line__startswith="A referral was withdrawn.").exists()
    assert AuditEvent.objects.filter(event="referral.withdrawn", subjects__key=str(sent.pk)).count() == 1
    client.force_login(case.caseworker)
    acts = [one.act for one in todo.due_for(case.caseworker) if one.kind == "referral"]
    assert "Ended with its agreement: Vocational training" in acts
    page = client.get(reverse("case", args=[case.code])).content.decode()
    assert "Referral to Vocational centre ended with its agreement" in page
    assert "Referrals that ended without the service" in client.get(reverse("cases")).content.decode()
    assert "Ended without the service: Health service" in [one.act for one in todo.due_for(case.caseworker)], "declined is an end too"
    contacts.record(case, kind="visit", result="done", happened_on=TODAY, by=case.caseworker)
    assert not Referral.objects.lost().exists(), "the person was told"
    assert not [one for one in todo.due_for(case.caseworker) if one.kind == "referral"]


def test_an_agreement_that_runs_out_ends_what_is_open_in_the_night(case, centre):
    agreed(case, centre)
    row, last = send(case, centre), SharingAgreement.objects.get(reference="A-1").ends_on
    Referral.objects.filter(pk=row.pk).update(answer_due_on=last + timedelta(days=9), expires_on=last + timedelta(days=9))
    assert referrals.sweep(today=last) == 0
    assert (referrals.sweep(today=last + timedelta(days=1)), referrals.sweep(today=last + timedelta(days=1))) == (1, 0)
    row.refresh_from_db()
    assert (row.state, row.lost_agreement) == ("withdrawn", True)


def test_what_was_accepted_long_ago_and_never_completed_surfaces_everywhere(client, world, case, centre, receiver):
    agreed(case, centre)
    row = send(case, centre)
    referrals.accept(row, by=receiver)
    assert not Referral.objects.stuck(TODAY + timedelta(days=30)).exists()
    Referral.objects.filter(pk=row.pk).update(answered_at=timezone.now() - timedelta(days=40), answer_due_on=TODAY - timedelta(days=39))
    (due,) = [one for one in todo.due_for(case.caseworker) if one.kind == "referral"]
    assert (due.act, due.is_late) == ("Accepted, nothing heard since: Vocational training", True)
    client.force_login(case.caseworker)
    assert "accepted, and nothing was heard since" in client.get(reverse("case", args=[case.code])).content.decode()
    assert "1 not closing" in client.get(reverse("cases"), {"flag": "unanswered"}).content.decode()
    assert [load.unanswered for load in caseload.loads(Case.objects.all())] == [1]
    referrals.complete(row, outcome="received", by=case.caseworker)
    assert not [one for one in todo.due_for(case.caseworker) if one.kind == "referral"]
    assert not caseload.flagged(Case.objects.all(), "unanswered", TODAY)


def test_a_referral_that_ran_out_is_told_to_the_caseworker_until_it_is_sent_again(client, case, centre):
    agreed(case, centre)
    row = send(case, centre)
    assert referrals.sweep(today=row.expires_on + timedelta(days=1)) >= 1
    assert [one.act for one in todo.due_for(case.caseworker) if one.kind == "referral"] == [
        "Ended without the service: Vocational training"
    ]
    client.force_login(case.caseworker)
    assert "ran out" in client.get(reverse("case", args=[case.code])).content.decode()
    agreed(case, centre)
    send(case, centre)
    assert not [one for one in todo.due_for(case.caseworker) if one.kind == "referral"]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_consent_withdrawn_while_a_referral_is_sent_ends_it(case, centre, monkeypatch):
    """The withdrawal comes between the look at the consent and the referral: it waits for it and finds it."""
    agreed(case, centre)
    looked, withdrawn, look = threading.Event(), threading.Event(), referrals.consent_for

    def slowly(*args, **given):
        found = look(*args, **given)
        looked.set()
        withdrawn.wait(1)
        return found

    def withdraw():
        try:
            assert looked.wait(10)
            consents.withdraw(case, by=case.caseworker)
        finally:
            withdrawn.set()
            connection.close()

    monkeypatch.setattr(referrals, "consent_for", slowly)
    withdrawing = threading.Thread(target=withdraw)
    withdrawing.start()
    sent = referrals.send(case, to=centre, service="legal", contact_route=ROUTE, by=case.caseworker)
    withdrawing.join(30)

    sent.refresh_from_db()
    assert (sent.state, sent.consent.withdrawn_at is None) == ("withdrawn", False)
