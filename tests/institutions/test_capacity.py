"""Capacity is compared with itself alone, moderated and self apart; weak areas become action points."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from institutions import capacity
from plumbing.refusals import Invalid
from programs.models import ActionPoint
from surveys import instruments, rounds
from surveys.models import InstrumentVersion
from tests.institutions.making import soon


def held(post, days, level, assessor="moderated", stage="baseline"):
    """Every statement at one level of four."""
    if not InstrumentVersion.objects.exists():
        instruments.load_shipped()
    version = InstrumentVersion.objects.get(instrument__code="police-capacity")
    if version.status == "draft":
        instruments.activate(version, by=post.administrator)
    day = timezone.localdate() - timedelta(days=days)
    row = rounds.plan(
        version=version, project=post.project, partner=post.partner, place=post.place, stage=stage, held_on=day, by=post.officer,
        subject="institution", organization=post.police, assessor=assessor, mode="meeting",
    )  # fmt: skip
    rounds.open(row, by=post.officer)
    answers = {}
    for item in version.items.all():
        scored = sorted((o for o in item.option_set.options.all() if o.score is not None), key=lambda o: o.score)
        answers[item.code] = scored[level - 1].code
    rounds.respond(row, answers=answers, by=post.officer, evidence=dict.fromkeys(answers, "Books"))
    row = rounds.close(row, by=post.officer) or row
    rounds.approve(row, by=post.manager)
    row.refresh_from_db()
    return row


def test_moderated_and_self_scores_stand_apart_and_weak_areas_are_owed(post, visitor):
    held(post, 200, 1)
    held(post, 200, 3, assessor="self")
    last = held(post, 20, 2, stage="endline")
    found = capacity.of(post.station, post.officer)
    assert [round(value) for value in found.overall.moderated] == [0, 33]
    assert [round(value) for value in found.overall.own] == [67]
    area = found.areas[0].domain
    given = {"domain": area.pk, "text": "Complaint book in all posts", "owner": post.reporter.pk, "due_on": soon(60)}
    client = visitor("officer")
    assert client.post(f"/institutions/{post.station.pk}/measured/act/", given).status_code == 303
    assert ActionPoint.objects.get().capacity_action.domain == area
    page = client.get(f"/institutions/{post.station.pk}/measured/").content.decode()
    assert "Complaint book in all posts" in page
    own = held(post, 10, 4, assessor="self", stage="endline")
    with pytest.raises(Invalid):
        capacity.act_on(post.station, survey_round=own, domain=area, text="x", owner=post.reporter, due_on=soon(9), by=post.officer)
    assert last.assessor == "moderated"


def test_what_the_scores_rest_on_stands_with_them(post, visitor, django_assert_max_num_queries):
    held(post, 20, 2)
    client = visitor("reporter")
    assert 'class="last" cx="33.33"' in client.get(f"/institutions/{post.station.pk}/measured/").content.decode()
    with django_assert_max_num_queries(8):
        page = client.get(f"/institutions/{post.station.pk}/measured/evidence/").content.decode()
    assert "Misconduct has consequences." in page
    assert page.count("Books") == 16
    assert visitor("stranger").get(f"/institutions/{post.station.pk}/measured/evidence/").status_code == 404
