"""A police post in the field of the programs' tests, with the people of the institutional level."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from institutions import due_diligence, profiles, support
from institutions.models import HrddpAssessment, Institution, SupportDetail
from tests.programs.making import Field, make_dimensions, make_field, person


@dataclass
class Post:
    field: Field
    officer: User
    stranger: User  # an institution officer of the other project
    station: Institution

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["field"], name)


INFORMATION = {
    "record": "No case in two years.", "command": "One commander.", "oversight": "An inspector each quarter.", "conduct": "Two complaints.",
    "ability_to_mitigate": "The inspector can suspend.", "political": "Calm.",
}  # fmt: skip


def make_post() -> Post:
    field = make_field()
    make_dimensions()
    from programs.models import Category, Dimension

    rank = Dimension.objects.create(code="rank", name="Rank")
    for order, code in enumerate(["senior", "middle", "junior", "unknown"]):
        Category.objects.create(dimension=rank, code=code, name=code.title(), order=order)
    officer = person("ins_officer", Role.INSTITUTION_OFFICER, field.agency, project=field.project)
    stranger = person("ins_stranger", Role.INSTITUTION_OFFICER, field.agency, project=field.other_project)
    station = profiles.record(
        project=field.project, partner=field.partner, kind="police_station", place=field.place, organization=field.police, by=officer
    )
    return Post(field, officer, stranger, station)


def soon(days: int = 100) -> date:
    return timezone.localdate() + timedelta(days=days)


def prepared(post: Post, **changes: Any) -> HrddpAssessment:
    given = {
        "support": "Community policing training", "support_kind": "training", "scope": "in", "scope_reason": "Raises capability",
        "likelihood": 3, "severity": 3, **INFORMATION, **changes,
    }  # fmt: skip
    return due_diligence.prepare(institution=post.station, project=post.project, by=post.officer, **given)


def waiting(post: Post, **changes: Any) -> HrddpAssessment:
    return due_diligence.send(prepared(post, **changes), by=post.officer)


def cleared(post: Post, **changes: Any) -> HrddpAssessment:
    given = {"decision": "proceed", "reason": "Low risk", "valid_until": soon(), "by": post.decider, **changes}
    return due_diligence.decide(waiting(post), **given)


def trained(post: Post, **changes: Any) -> SupportDetail:
    given = {
        "institution": post.station, "project": post.project, "partner": post.partner, "kind": "training", "title": "Community policing I",
        "happened_on": soon(-10), "place": post.place, "people": 42, "by": post.officer,
        "cells": {"rank=junior|sex=female": 12, "rank=junior|sex=male": 9, "rank=middle|sex=male": 21}, **changes,
    }  # fmt: skip
    return support.record(**given)
