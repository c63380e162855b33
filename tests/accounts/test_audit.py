from __future__ import annotations

import random
import threading
import time
from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts import audit, keys
from accounts.models import AuditChain, AuditEvent, AuditSubject, Organization, User


@pytest.fixture
def person(db) -> User:
    return User.objects.create_user("officer@agency.example", name="An officer")


def _write(many: int = 5, by: User | None = None) -> None:
    for number in range(many):
        audit.record("thing.changed", [("thing", str(number)), ("project", "7")], by=by, old=str(number), new="é")


@pytest.mark.django_db
def test_an_event_says_who_what_about_and_by_which_way(person):
    event = audit.record("thing.changed", [person, ("thing", "4"), person], by=person, old=1, reason="typo")

    assert (event.actor, event.behind, event.via) == (f"user:{person.pk}", "", "portal")
    assert event.detail == '{"old":1,"reason":"typo"}'
    assert list(event.subjects.values_list("kind", "key").order_by("kind")) == [("thing", "4"), ("user", str(person.pk))]


@pytest.mark.django_db
def test_what_runs_by_itself_and_who_is_not_signed_in_are_told_apart():
    assert audit.record("period.opened", by=None).actor == "system"
    assert audit.record("period.opened", by=None).via == "task"
    assert audit.record("sign_in.failed", by=AnonymousUser()).actor == "anonymous"
    assert audit.record("file.imported", by=None, via="command").via == "command"


@pytest.mark.django_db
def test_what_a_key_does_names_its_issuer_behind_it(person):
    partner = Organization.objects.create(name="A partner", kind="partner", iati_type="22")
    issued = keys.create(organization=partner, name="sync", expires_at=timezone.now() + timedelta(days=9), by=person)
    service = User.objects.get(pk=issued.key.service_user_id)

    event = audit.record("submission.submitted", by=service)

    assert (event.actor, event.behind, event.via) == (f"user:{service.pk}", f"user:{person.pk}", "api")


@pytest.mark.django_db
def test_an_event_of_a_rolled_back_act_is_not_kept():
    def act() -> None:
        with transaction.atomic():
            audit.record("thing.changed", [("thing", "1")], by=None)
            raise _Refused

    with pytest.raises(_Refused):
        act()
    assert not AuditEvent.objects.exists()
    assert not AuditSubject.objects.exists()


@pytest.mark.django_db
def test_every_event_gets_one_number_and_the_chain_holds(capsys):
    _write(7)
    assert audit.seal_all() == 7
    _write(4)
    assert audit.seal(limit=3) == 3
    assert audit.seal_all() == 1
    assert audit.seal_all() == 0

    assert list(AuditEvent.objects.order_by("id").values_list("number", flat=True)) == list(range(1, 12))
    verdict = audit.verify()
    assert (verdict.checked, verdict.broken_at, verdict.unsealed) == (11, None, 0)
    call_command("verify_audit")
    assert verdict.head in capsys.readouterr().out


@pytest.mark.django_db
@pytest.mark.parametrize("field", ["at", "event", "actor", "behind", "via", "detail", "hash"])
@pytest.mark.skipif("connection.vendor == 'postgresql'", reason="PostgreSQL refuses the change itself")
def test_a_change_after_sealing_is_found_and_named(field):
    _write(6)
    audit.seal_all()
    value = timezone.now() + timedelta(seconds=1) if field == "at" else "a" * 64 if field == "hash" else "x"
    AuditEvent.objects.filter(number=4).update(**{field: value})

    assert audit.verify().broken_at == 4
    with pytest.raises(CommandError, match="broken at event 4"):
        call_command("verify_audit")


@pytest.mark.django_db
@pytest.mark.skipif("connection.vendor == 'postgresql'", reason="PostgreSQL refuses the change itself")
def test_a_removed_event_or_subject_is_found():
    _write(6)
    audit.seal_all()
    AuditSubject.objects.filter(event__number=5, kind="project").delete()
    assert audit.verify().broken_at == 5

    AuditSubject.objects.filter(event__number=2).delete()
    AuditEvent.objects.filter(number=2).delete()
    assert audit.verify() == audit.Verdict(1, 2, "event 2 is missing; the next one present is 3", audit.verify().head)


@pytest.mark.django_db
def test_a_subject_added_after_sealing_is_found():
    _write(3)
    audit.seal_all()
    AuditSubject.objects.create(event=AuditEvent.objects.get(number=2), kind="project", key="8")

    assert audit.verify().broken_at == 2


@pytest.mark.django_db
@pytest.mark.skipif("connection.vendor == 'postgresql'", reason="PostgreSQL refuses the change itself")
def test_an_end_that_was_cut_off_is_found():
    _write(6)
    audit.seal_all()
    AuditSubject.objects.filter(event__number=6).delete()
    AuditEvent.objects.filter(number=6).delete()
    assert audit.verify().broken_at == 6

    AuditChain.objects.all().delete()
    assert audit.verify().broken_at == 6


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM accounts_auditevent WHERE id = %s",
        "UPDATE accounts_auditevent SET event = 'other' WHERE id = %s",
        "UPDATE accounts_auditevent SET number = number + 100, hash = repeat('b', 64) WHERE id = %s",
        "UPDATE accounts_auditevent SET number = NULL, hash = NULL WHERE id = %s",
        "DELETE FROM accounts_auditsubject WHERE event_id = %s",
        "UPDATE accounts_auditsubject SET key = '9' WHERE event_id = %s",
    ],
)
@pytest.mark.parametrize("sealed", [True, False])
def test_postgresql_refuses_every_change_but_the_seal(statement, sealed):
    _write(2)
    if sealed:
        audit.seal_all()
    elif "number" in statement:
        statement = "UPDATE accounts_auditevent SET number = 5, hash = repeat('b', 64), detail = 'other' WHERE id = %s"
    before = list(AuditEvent.objects.order_by("id").values()), list(AuditSubject.objects.order_by("id").values())

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, [AuditEvent.objects.order_by("id")[0].pk])
    assert before == (list(AuditEvent.objects.order_by("id").values()), list(AuditSubject.objects.order_by("id").values()))


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_eight_writers_with_late_commits_and_roll_backs_lose_double_and_skip_nothing():
    """Two sweeps run beside the writers; whoever follows the number sees every kept event once, in one unbroken row."""
    kept: list[str] = []
    failures: list[BaseException] = []
    stop, lock = threading.Event(), threading.Lock()

    def write(writer: int) -> None:
        dice = random.Random(writer)
        for turn in range(25):
            name = f"{writer}-{turn}"
            try:
                with transaction.atomic():
                    audit.record("thing.changed", [("thing", name)], by=None)
                    time.sleep(dice.choice([0, 0, 0.002, 0.02]))
                    if dice.random() < 0.25:
                        raise _Refused
                with lock:
                    kept.append(name)
            except _Refused:
                continue

    def sweep() -> None:
        while not stop.is_set():
            audit.seal(limit=17)
            time.sleep(0.003)

    def run(target, *args) -> None:
        try:
            target(*args)
        except BaseException as failure:
            failures.append(failure)
        finally:
            connection.close()

    writers = [threading.Thread(target=run, args=(write, number)) for number in range(8)]
    sweeps = [threading.Thread(target=run, args=(sweep,)) for _ in range(2)]
    for thread in [*sweeps, *writers]:
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    for thread in sweeps:
        thread.join()
    audit.seal_all()

    assert not failures
    assert sorted(AuditSubject.objects.values_list("key", flat=True)) == sorted(kept)
    assert list(AuditEvent.objects.order_by("number").values_list("number", flat=True)) == list(range(1, len(kept) + 1))
    assert audit.verify().checked == len(kept)


class _Refused(Exception):
    pass
