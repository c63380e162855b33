"""A word planted in every encrypted field, through acts and pages: read back where it belongs, and in no byte of database, files or log."""

from __future__ import annotations

import base64
import logging
import shutil
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import outbox
from accounts.roles import Role
from communities import incidents
from institutions import due_diligence
from privacy import files, rotation
from programs import evidence
from programs.models import ActivityRecord, EvidenceFile
from reintegration import concerns, followup, giving, intake, planning, referrals, stages
from reintegration.models import Assessment, Case, FollowUp, IntakeDraft, OverrideRequest, Referral, SharingAgreement
from surveys import instruments
from surveys.models import InstrumentVersion
from tests import cases, factories
from tests.institutions.making import make_post, soon
from tests.privacy.conftest import vault  # noqa: F401 - a folder of its own for files and keys

# Two connections would be two databases otherwise, and pg_dump reads what is committed.
pytestmark = pytest.mark.django_db(transaction=True)
TODAY = timezone.localdate()


class Canaries:
    """A new word each time, no two alike, none a part of another."""

    def __init__(self) -> None:
        self.words: list[str] = []

    def __call__(self) -> str:
        self.words.append(f"canary{len(self.words):03d}zq\u00e9")
        return self.words[-1]


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    """What the portal's own handler writes, kept in a file, at the level of an installation."""
    root = logging.getLogger()
    handler = logging.FileHandler(tmp_path / "portal.log")
    if root.handlers:
        handler.setFormatter(next((one.formatter for one in root.handlers if one.formatter), None))
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield tmp_path / "portal.log"
    root.removeHandler(handler)
    root.setLevel(level)
    handler.close()


def signed_in(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


def through_the_door(word: Canaries, world: factories.World, worker: Any) -> Case:
    """By page: the child check, an intake that is left and resumed, and the case; another intake is left for good."""
    client, notice = signed_in(worker), cases.notice()
    first = {
        "adult": "yes", "age_band": "25-35", "pathway": "reintegration", "notice": notice.pk, "notice_method": "oral",
        "notice_given_on": TODAY.isoformat(), "basis": "public_interest",
    }  # fmt: skip
    rule = {
        "source": "community", "sex": "female", "place": world.place.code, "may_call": "yes", "visit": "no", "call_when": word(),
        "who_may_answer": word(), "never_mention": word(),
    }  # fmt: skip
    for _left in range(2):
        assert client.post(reverse("child_check"), first).status_code == 303
        draft = IntakeDraft.objects.latest("started_at")
        page = reverse("case_intake", args=[draft.pk])
        assert client.post(page, {**rule, "visit_where": word(), "later": "1"}).status_code == 303
        assert word.words[-1] in client.get(page).content.decode()
    draft = IntakeDraft.objects.earliest("started_at")
    answer = client.post(reverse("case_intake", args=[draft.pk]), {**rule, "visit_where": word()})
    assert answer.status_code == 303, answer.content.decode()[-4000:]
    case = Case.objects.get()
    assert answer["Location"] == reverse("case", args=[case.code])
    return case


def on_the_case(word: Canaries, case: Case, supervisor: Any) -> None:
    """Profile, plan, services, contacts, steps: by page where a page has the words, else by act."""
    worker, client = case.caseworker, signed_in(case.caseworker)
    Case.objects.filter(pk=case.pk).update(state="active", pathway="prevention", category="ATRISK_A")
    case.refresh_from_db()
    case.note = word()
    case.save()

    def sent(name: str, *args: Any, **typed: Any) -> None:
        answer = client.post(reverse(name, args=[case.code, *args]), typed)
        assert answer.status_code == 303, (name, answer.status_code, answer.content.decode()[-3000:])

    sent("case_profile", aspiration=word())
    sent("set_factors", push=word(), pull=word(), protective=word())
    sent("record_contact", happened_on=TODAY.isoformat(), kind="visit", result="done", note=word())
    sent("tell_concern", note=word())
    sent("give_service", kind="legal", strand="social", starts_on=TODAY.isoformat(), note=word())
    plan = planning.start(case, by=worker)
    goal = planning.set_goal(plan, strand="economic", title=word(), roles=[(word(), word())], target=Decimal(2), by=worker)
    planning.propose(plan, agreed_on=TODAY, by=worker)
    planning.send_back(plan, note=word(), by=supervisor)
    planning.propose(plan, agreed_on=TODAY, by=worker)
    planning.approve(plan, by=supervisor)
    planning.note_progress(goal, noted_on=TODAY, value=Decimal(1), note=word(), by=worker)
    stages.back(case, to="planned", on=TODAY, reason=word(), by=supervisor)
    stages.ask_to_close(case, exit_reason="withdrew", on=TODAY, reason=word(), by=worker)
    giving.hand_over(case, what="Kit", quantity=Decimal(1), receipt_number="R-1", handed_on=TODAY, by=worker)
    instruments.load_shipped()
    version = InstrumentVersion.objects.get(instrument__code=followup.INSTRUMENT)
    instruments.activate(version, by=factories.member(Role.ADMINISTRATOR))
    wave = FollowUp.objects.create(case=case, wave=3, due_on=TODAY)
    followup.assess(
        wave, answers={"R01": next(iter(followup.sheet().questions["R01"].choices))}, held_on=TODAY, safety={"accepted": "yes"}, by=worker
    )
    kept = Assessment.objects.get()  # answers are codes: a word in their place shows what would have been readable
    kept.answers, kept.safety = {**kept.answers, "R02": word()}, {**(kept.safety or {}), "other": word()}
    kept.save()
    intake.change_safe_contact(case, safe_contact={"may_call": True, "visit": False, "never_mention": word()}, by=worker)


def to_others(word: Canaries, world: factories.World, case: Case, supervisor: Any) -> None:
    """One referral with consent, answered with a note, and one for a vital interest."""
    office = factories.partner("Legal aid")
    receiver = factories.member(Role.PARTNER_REPORTER, organization=office)
    SharingAgreement.objects.create(
        partner=world.partner,
        receiver=office,
        reference="A-1",
        starts_on=TODAY,
        ends_on=TODAY + timedelta(days=9),
        recorded_by=world.manager,
    )
    route = {"to": office, "contact_route": "our office", "by": case.caseworker}
    asked = referrals.ask_override(case, service="health", reason=word(), **route)
    assert referrals.decide_override(asked, grant=True, by=supervisor)
    for purpose in ("services", "sharing"):
        cases.consent(case, purpose, **({"organization": office} if purpose == "sharing" else {}))
    sent = referrals.send(case, service="legal", reason=word(), **route)
    assert signed_in(receiver).post(reverse("accept_referral", args=[sent.pk])).status_code == 303
    told = {"outcome": "received", "note": word()}
    answer = signed_in(case.caseworker).post(reverse("complete_referral", args=[case.code, sent.pk]), told)
    assert answer.status_code == 303, answer.content.decode()[-3000:]


def on_an_institution(word: Canaries) -> None:
    """Due diligence on a force: every word of it, and the sheet of names of an activity."""
    post = make_post()
    told = {name: word() for name in ("record", "command", "oversight", "conduct", "ability_to_mitigate", "political")}
    row = due_diligence.prepare(
        institution=post.station, project=post.project, by=post.officer, support="Course", support_kind="training", scope="in",
        scope_reason="Raises capability", likelihood=2, severity=2, **told,
    )  # fmt: skip
    row = due_diligence.send(row, by=post.officer)
    row = due_diligence.decide(row, decision="proceed", reason=word(), valid_until=soon(), by=post.decider)
    due_diligence.note(row, kind="allegation", text=word(), happened_on=TODAY, by=post.officer)


def on_an_incident(word: Canaries, world: factories.World) -> None:
    """What happened and about the source, told by the partner; then the pages and the file that list it."""
    told = {"text": word(), "source_detail": word()}
    done = incidents.record(
        organization=world.partner, type="threat", event_date=TODAY, place=world.place, source="monitor", by=world.reporter, **told
    )
    client = signed_in(world.reporter)
    assert told["text"] in client.get(reverse("incident", args=[done.incident.pk])).content.decode()
    listed = client.get(reverse("incidents")).content + client.get(reverse("incidents"), {"export": "csv"}).getvalue()
    assert not [one for one in told.values() if one.encode() in listed]


def dumped(tmp_path: Path) -> bytes:
    """The whole database, in every form in which a word could be read from it; sessions and the cache are packed, so unpacked too."""
    table = connection.ops.quote_name(configured.CACHES["default"]["LOCATION"])
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT value FROM {table}")
        unpacked = b"".join(base64.b64decode(value) for (value,) in cursor.fetchall())
    unpacked += "".join(str(one.get_decoded()) for one in Session.objects.all()).encode()
    return unpacked + _copied(tmp_path)


def _copied(tmp_path: Path) -> bytes:
    if connection.vendor == "sqlite":
        raw = connection.connection
        copy = tmp_path / "dump.sqlite3"
        raw.execute("VACUUM INTO ?", [str(copy)])
        return raw.serialize() + "\n".join(raw.iterdump()).encode() + copy.read_bytes()
    parts = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            parts += [row for (row,) in cursor.fetchall()]
    told = connection.settings_dict
    if shutil.which("pg_dump"):
        name = [f"--host={told['HOST'] or 'localhost'}", f"--port={told['PORT'] or 5432}", f"--username={told['USER']}", told["NAME"]]
        done = subprocess.run(
            ["pg_dump", "--no-password", *name], capture_output=True, text=True, check=False, env={"PGPASSWORD": told["PASSWORD"] or "", "PATH": "/usr/bin:/bin:/usr/local/bin"},
        )  # fmt: skip
        parts.append(done.stdout if done.returncode == 0 else "")  # an older pg_dump does not read a newer server
    return "\n".join(parts).encode()


def forms_of(word: str) -> set[bytes]:
    """As text, as hexadecimal, and as JSON writes what is not ASCII; parts of it say the same."""
    whole = word.encode()
    return {whole, word[:-1].encode(), whole.hex().encode(), whole.hex().upper().encode(), word[:-1].encode().hex().encode()}


def everything_encrypted() -> dict[str, list[Any]]:
    """Every encrypted field of the portal with what it holds, opened."""
    return {
        f"{model._meta.label}.{column.name}": [getattr(row, column.attname) for row in model._base_manager.all()]
        for model, columns in rotation._sealed_models()
        for column in columns
    }


def files_read(row: EvidenceFile) -> str:
    return b"".join(files.read(row.path, key_id=row.key_id, purpose=evidence.PURPOSE, owner_id=str(row.pk))).decode()


def test_no_planted_word_is_in_the_database_the_files_the_log_or_a_mail(vault, log, tmp_path):  # noqa: F811
    word = Canaries()
    on_an_institution(word)
    world = factories.world("CANARY-1")
    worker, supervisor = cases.caseworker(world), cases.supervisor(world)
    case = through_the_door(word, world, worker)
    on_the_case(word, case, supervisor)
    to_others(word, world, case, supervisor)
    on_an_incident(word, world)
    activity = ActivityRecord.objects.create(
        project=world.project, partner=world.partner, place=world.place, kind="dialogue", happened_on=TODAY, recorded_by=world.reporter
    )
    sheet = SimpleUploadedFile("sheet.pdf", b"%PDF-1.7\n" + word().encode())
    evidence.attach(activity, upload=sheet, by=world.reporter)
    concerns_read = [one.note for one in concerns.read(case, by=supervisor)]
    outbox.send_due()
    shown = signed_in(worker).get(reverse("case", args=[case.code])).content.decode()
    signed_in(factories.user()).get(reverse("case", args=[case.code]))

    held = everything_encrypted()
    empty = sorted(name for name, values in held.items() if not any("canary" in str(value) for value in values))
    assert not empty, f"{', '.join(empty)}: encrypted, but this test plants no word there. Plant one."
    back = str(held)
    assert len(concerns_read) == 1
    assert held["reintegration.Case.safe_contact"][0]["never_mention"] in shown
    back += "".join(str(files_read(row)) for row in EvidenceFile.objects.all())
    gone = [one for one in word.words if one not in back]
    assert len(gone) == 2, "two words of the rule that the last change replaced; all others read back"
    assert Referral.objects.count() == 2
    assert OverrideRequest.objects.count() == 1

    dump = dumped(tmp_path)
    kept = b"".join(path.read_bytes() for path in Path(configured.MEDIA_ROOT).rglob("*") if path.is_file())
    logged = log.read_bytes()
    assert case.code.encode() in dump, "the dump holds the case"
    assert kept
    assert b"GET" in logged
    letters = "\n".join(f"{one.subject}\n{one.body}" for one in mail.outbox).encode()
    everywhere = {"database": dump, "files": kept, "log": logged, "mail": letters}
    found = [
        f"{one} in the {place}"
        for one in word.words
        for place, content in everywhere.items()
        if any(form in content for form in forms_of(one))
    ]
    assert not found, "\n".join(found)
    assert not [place for place, content in everywhere.items() if place != "database" and case.code.encode() in content]
