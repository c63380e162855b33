"""Before any row: the child check. Then a random code, and nothing else than what identification asks for."""

from __future__ import annotations

import uuid
from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import AuditEvent
from accounts.roles import Role
from plumbing.refusals import Invalid
from programs.access import NotAllowed
from reintegration import codes, consents, groundwork, intake, pathways
from reintegration.models import Case, ErasureReceipt, IntakeDraft, Referral, Transition
from tests import cases, factories

pytestmark = pytest.mark.django_db


def asked(world, by, **changes):
    """What a first contact gives."""
    return {
        "project": world.project, "partner": world.partner, "pathway": "reintegration", "place": world.place, "source": "self_report",
        "sex": "female", "birth_year": None, "age_band": "25-35", "adult_beyond_doubt": True, "notice": cases.notice(),
        "notice_given_on": timezone.localdate(), "notice_method": "oral", "basis": "public_interest",
        "safe_contact": {"may_call": True, "visit": False}, "by": by, **changes,
    }  # fmt: skip


def test_a_case_opens_under_a_random_code_at_identified_with_its_first_step_and_its_event(world, worker):
    case = intake.open_case(**asked(world, worker))

    assert codes.typed(str(case).lower()) == case.code
    assert (case.state, case.category, case.caseworker) == ("identified", "", worker)
    assert [(t.number, t.to_state) for t in case.transitions.all()] == [(1, "identified")]
    assert AuditEvent.objects.filter(event="case.opened").count() == 1


@pytest.mark.parametrize(
    "doubt",
    [
        {"adult_beyond_doubt": False},
        {"age_band": None, "birth_year": None},
        {"age_band": "15-17"},
        {"age_band": ""},
        {"birth_year": 2026 - 18},
        {"birth_year": 2026 - 16, "age_band": "18-24"},
        {"birth_year": 2010, "age_band": None},
    ],
)
def test_any_doubt_means_no_row_at_all(world, worker, doubt):
    before = AuditEvent.objects.count()

    with pytest.raises(intake.MayBeChild, match="call child protection"):
        intake.open_case(**asked(world, worker, opened_on=date(2026, 11, 1), **doubt))

    assert not Case.objects.exists()
    assert not Transition.objects.exists()
    assert AuditEvent.objects.count() == before


def test_whoever_was_born_nineteen_years_before_is_taken(world, worker):
    case = intake.open_case(**asked(world, worker, birth_year=timezone.localdate().year - 19, age_band=None))

    assert case.birth_year == timezone.localdate().year - 19


@pytest.mark.parametrize(
    "values",
    [
        {"birth_year": None, "age_band": None},
        {"birth_year": 2026 - 18, "age_band": None},
        {"birth_year": 2026 - 18, "age_band": "18-24"},
        {"birth_year": None, "age_band": "15-17"},
        {"birth_year": None, "age_band": ""},
    ],
)
def test_the_database_itself_holds_nobody_who_may_be_a_child(world, values):
    with pytest.raises(IntegrityError), transaction.atomic():
        cases.case(world, **values)


def test_only_who_works_on_cases_there_opens_one(world):
    for person in (world.manager, world.reporter, factories.member(Role.ADMINISTRATOR), cases.supervisor(world)):
        with pytest.raises(NotAllowed):
            intake.open_case(**asked(world, person))


def test_what_is_too_exact_not_offered_or_unknown_is_said_all_at_once(world, worker):
    village = factories.place(parent=factories.place(parent=world.place))
    village.level = 3

    with pytest.raises(Invalid) as refusal:
        intake.open_case(**asked(world, worker, place=village, pathway="ddr_site", safe_contact={}))

    assert {problem.path for problem in refusal.value.problems} == {"place", "pathway", "safe_contact"}
    assert not Case.objects.exists()


def test_the_partners_own_id_is_taken_once(world, worker):
    key = uuid.uuid4()
    intake.open_case(**asked(world, worker, external_id=key))

    with pytest.raises(ValidationError):
        intake.open_case(**asked(world, worker, external_id=key))


def test_codes_stay_in_the_alphabet_are_checked_and_read_as_typed():
    drawn = {codes.mint() for _ in range(200)}

    assert len(drawn) == 200
    for code in drawn:
        assert len(code) == 9
        assert set(code) <= set(codes.ALPHABET)
        assert codes.typed(f"{code[:4]}-{code[4:8]}-{code[8]}".lower()) == code
        other = codes.ALPHABET[(codes.ALPHABET.index(code[0]) + 1) % 32]
        assert codes.typed(other + code[1:]) is None
    assert codes.typed("IL0O") is None


def test_an_intake_is_left_resumed_and_becomes_a_case(world, worker):
    given = asked(world, worker)
    begun = {k: given[k] for k in given if k not in {"place", "source", "sex", "safe_contact"}}
    draft = intake.begin(**begun)
    intake.keep(draft, answers={"sex": "female", "birth_year": 2015}, by=worker)

    case = intake.finish(
        IntakeDraft.objects.get(),
        place=world.place,
        source="community",
        sex="female",
        safe_contact={"may_call": False, "visit": True},
        by=worker,
    )

    assert (case.age_band, case.birth_year, case.source) == ("25-35", None, "community")
    assert case.safe_contact == {"may_call": False, "visit": True}
    assert not IntakeDraft.objects.exists()


def test_somebody_elses_intake_is_not_seen_and_an_old_one_goes(world, worker):
    given = asked(world, worker)
    draft = intake.begin(**{k: given[k] for k in given if k not in {"place", "source", "sex", "safe_contact"}})

    with pytest.raises(NotAllowed):
        intake.keep(draft, answers={}, by=cases.caseworker(world))
    IntakeDraft.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    assert intake.drop_expired() == 1


def test_a_sealed_case_is_read_by_nobody_and_erased_by_a_second_person(world, worker):
    supervisor = cases.supervisor(world)
    case = cases.case(world, caseworker=worker, state="eligible", category="ASSOC")
    consent = consents.record(
        case,
        purpose="sharing",
        answer="yes",
        notice=cases.notice(),
        method="oral",
        given_on=timezone.localdate(),
        by=worker,
        service="legal",
    )
    Referral.objects.create(
        case=case, to_organization=factories.partner(), service="legal", contact_route="the office", consent=consent, sent_by=worker,
        answer_due_on=timezone.localdate(), expires_on=timezone.localdate(),
    )  # fmt: skip

    sealed = intake.seal_possible_child(case, by=worker)

    assert sealed.erase_by - sealed.sealed_at == timedelta(hours=24)
    assert not Case.objects.visible_to(worker).exists()
    assert not Case.objects.visible_to(supervisor).exists()
    assert Referral.objects.get().state == "withdrawn"
    with pytest.raises(intake.SecondPersonNeeded):
        intake.erase_sealed(case, by=worker)
    intake.erase_sealed(case, by=supervisor)
    assert not Case.objects.exists()
    assert not Referral.objects.exists()
    assert ErasureReceipt.objects.get().erased_by == supervisor
    assert AuditEvent.objects.filter(subjects__kind="case", subjects__key=str(case.pk)).count() >= 3


def test_what_stands_before_the_first_intake_is_laid_by_who_sets_the_portal_up(world):
    administrator = factories.member(Role.ADMINISTRATOR)
    with pytest.raises(NotAllowed):
        groundwork.put_notice(version="2", language="Nuer", text="We write a code.", by=cases.caseworker(world))
    notice = groundwork.put_notice(version="2", language="Nuer", text="We write a code.", by=administrator)
    with pytest.raises(ValidationError):
        groundwork.put_notice(version="2", language="Nuer", text="Again.", by=administrator)
    for pathway in ("reintegration", "prevention"):
        groundwork.offer(world.project.program, pathway=pathway, by=administrator)
    desk = groundwork.put_protection_contact(name="Desk", phone="+211", place=world.place, by=administrator)
    assert set(pathways.offered(world.project.program)) == {"reintegration", "prevention"}
    assert intake.protection_contacts(world.project) == [desk]
    told = AuditEvent.objects.filter(
        event__in=["notice.put", "pathway.offered", "protection_contact.put"], actor=f"user:{administrator.pk}"
    )
    assert (notice.in_use, told.count()) == (True, 4)
