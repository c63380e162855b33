"""Reading only what changed: nothing is left out, also not what was committed late."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts import audit
from accounts.api import checkpoints
from accounts.roles import Role
from programs import activities
from programs.models import ActivityRecord
from tests import factories
from tests.callers import as_person


def recorded(world):
    return activities.record(
        project=world.project,
        partner=world.partner,
        kind="training",
        happened_on=timezone.localdate(),
        place=world.place,
        by=world.reporter,
    ).activity


def since(caller, checkpoint):
    return [row["id"] for row in caller.get("/activities/", {"updated_since": checkpoint}).json()["results"]]


@pytest.mark.django_db
def test_a_checkpoint_reads_back_as_itself():
    mark = checkpoints.now()
    back = checkpoints.read(str(mark))
    assert back is not None
    assert (back.number, back.moment) == (mark.number, mark.moment.replace(microsecond=0))
    assert checkpoints.read("48213") is None
    assert checkpoints.read("1.20261399T000000Z") is None


@pytest.mark.django_db
def test_a_row_whose_act_was_numbered_after_the_read_comes_although_its_time_lies_long_before():
    world = factories.world()
    caller = as_person(factories.member(Role.PROGRAM_MANAGER, organization=factories.agency()))
    early = recorded(world)
    audit.seal_all()
    checkpoint = caller.get("/activities/").json()["checkpoint"]
    late = recorded(world)
    ActivityRecord.objects.update(updated_at=timezone.now() - timedelta(hours=3))
    assert since(caller, checkpoint) == [late.pk]
    audit.seal_all()
    assert since(caller, checkpoint) == [late.pk]
    assert early.pk != late.pk


@pytest.mark.django_db
def test_a_row_changed_without_an_act_comes_by_its_time():
    world = factories.world()
    caller = as_person(factories.member(Role.PROGRAM_MANAGER, organization=factories.agency()))
    row = recorded(world)
    audit.seal_all()
    ActivityRecord.objects.update(updated_at=timezone.now() - timedelta(hours=3))
    checkpoint = caller.get("/activities/").json()["checkpoint"]
    assert since(caller, checkpoint) == []
    row.note = "Corrected by hand."
    row.save()
    assert since(caller, checkpoint) == [row.pk]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_writer_who_commits_after_the_read_is_not_lost():
    world = factories.world()
    caller = as_person(factories.member(Role.PROGRAM_MANAGER, organization=factories.agency()))
    written, may_commit, made = threading.Event(), threading.Event(), []

    def write() -> None:
        with transaction.atomic():
            made.append(recorded(world).pk)
            ActivityRecord.objects.filter(pk=made[0]).update(updated_at=timezone.now() - timedelta(hours=3))
            written.set()
            may_commit.wait(10)
        connection.close()

    thread = threading.Thread(target=write)
    thread.start()
    written.wait(10)
    recorded(world)
    audit.seal_all()
    read = caller.get("/activities/").json()
    assert made[0] not in [row["id"] for row in read["results"]]
    may_commit.set()
    thread.join()
    audit.seal_all()
    assert made[0] in since(caller, read["checkpoint"])
