"""What every list page has: filters in the address, sort, a streamed file, and the program chosen in the top bar."""

from __future__ import annotations

import re
from decimal import Decimal
from io import BytesIO

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from exchange.models import Import
from plumbing.lists import ListPage
from programs import access
from programs.models import Expenditure, Program
from reintegration.models import GraveViolationCount
from tests import factories
from tests.test_walk import LETTERS, PAGES, PORTAL_WIDE, Everything, address, own_and_foreign, patterns

pytestmark = pytest.mark.django_db

# Lists of what belongs to no program, and those of the one project that the address names.
WHOLE = {
    *("places", "library", "instruments", "clearances", "sharing_agreements"),
    *("people", "invitations", "organizations", "api_keys", "practice", "audit"),
    *("work_plan", "what_changed"),
}


def lists() -> dict[str, type[ListPage]]:
    found = {pattern.name: getattr(pattern.callback, "view_class", None) for _address, pattern in patterns()}
    return {str(name): view for name, view in found.items() if isinstance(view, type) and issubclass(view, ListPage)}


LISTS = lists()
# These leave by no file: case files, children by month and cell, and due diligence (confidential) stay in the portal.
WITHOUT_FILE = {"cases", "child_counts", "due_diligence"}


def worlds() -> tuple[Everything, Everything]:
    """Two programs with one of everything that a list shows."""
    both = own_and_foreign()
    for one in both:
        world = one.all.world
        office = {"project": world.project, "partner": world.partner}
        GraveViolationCount.objects.create(**office, place=world.place, year=2026, month=1, number=2)
        Import.objects.create(
            kind="framework", project=world.project, file_name="frame.xlsx", path=f"{world.project.code}.bin", digest="d", size=1,
            uploaded_by=world.manager,
        )  # fmt: skip
        Expenditure.objects.create(**office, grant=one.all.grant, period=world.period, amount=Decimal(630), entered_by=one.all.mande)
    return both


def address_of(name: str, one: Everything) -> str:
    if name == "number":
        return reverse(name, args=[one.all.training.definition_id])
    return address(name, PAGES[name][0], one) + ("?state=accepted" if name == "review_list" else "")


def reader_of(name: str, *programs: Program) -> Client:
    """Somebody to whom the list of these programs opens."""
    role = LETTERS[next(one for one in "MSKAFECWIPRUD" if one in PAGES[name][1])]
    if role in PORTAL_WIDE:
        person = factories.member(role)
    else:
        person = factories.member(role, program=programs[0])
        for program in programs[1:]:
            access.give(user=person, role=role, by=None, program=program)
    client = Client()
    client.force_login(person)
    return client


def choose(client: Client, program: Program | None) -> None:
    assert client.post(reverse("scope"), {"program": program.pk if program else ""}).status_code == 302


def shown(client: Client, url: str) -> tuple[set[object], str]:
    """The keys of the rows, and the page without its tags."""
    answer = client.get(url)
    assert answer.status_code == 200, url
    return {row.pk for row in answer.context["list"].rows}, re.sub(r"<[^>]+>", "", answer.content.decode())


def test_every_list_filters_sorts_and_streams():
    both = worlds()
    programs = [one.all.project.program for one in both]
    for name, view in sorted(LISTS.items()):
        assert view.filterset_class is not None, name
        assert any(column.order for column in view.columns), name
        client, url = reader_of(name, *programs), address_of(name, both[0])
        page = client.get(url).content.decode()
        field = next(iter(view.filterset_class.base_filters))
        assert f'name="{field}"' in page, name
        for kind in ("csv", "xlsx"):
            answer = client.get(url, {**QueryDict(url.partition("?")[2]).dict(), "export": kind})
            if name in WITHOUT_FILE:
                assert not answer.streaming, name
                assert f"export={kind}" not in page, name
            else:
                assert answer.streaming, name
                assert b"".join(answer.streaming_content), name


@pytest.mark.parametrize(
    ("name", "query", "found"),
    [
        ("imports", {"kind": "framework", "state": "uploaded", "words": "PPS"}, 1),
        ("imports", {"kind": "workbook"}, 0),
        ("grants", {"words": "Donor of ZZZ"}, 1),
        ("grants", {"running": "no", "words": "nothing"}, 0),
        ("child_violations", {"year": "2026"}, 2),
        ("child_violations", {"year": "2025"}, 0),
    ],
)
def test_a_filter_keeps_what_it_says(name, query, found):
    client = reader_of(name, *(one.all.project.program for one in worlds()))
    assert len(client.get(reverse(name), query).context["list"].rows) == found


def test_every_list_is_narrowed_or_named_as_whole():
    assert len(LISTS) > 35
    can = {name for name, view in LISTS.items() if view.follows_choice and hasattr(view.model.objects.all(), "narrowed_to")}
    assert can | {"cases"} == set(LISTS) - WHOLE  # cases are narrowed where they are found, so that their counts are too


def test_every_list_shows_what_belongs_to_the_program_chosen_and_says_so():
    both = worlds()
    programs = [one.all.project.program for one in both]
    for name in sorted(set(LISTS) - WHOLE):
        client, url = reader_of(name, *programs), address_of(name, both[0])
        whole, page = shown(client, url)
        assert "Only program" not in page, name

        parts = []
        for program in programs:
            choose(client, program)
            rows, page = shown(client, url)
            assert f"Only program {program.name} is shown." in page, name
            assert "Show all programs" in page, name
            parts.append(rows)
        first, second = parts
        assert first, name
        assert first | second == whole, name
        assert not first & second, name
        choose(client, None)
        assert shown(client, url)[0] == whole, name


def test_drop_downs_offer_what_belongs_to_the_program_chosen():
    both = worlds()
    own, foreign = (one.all.project for one in both)
    offering = set()
    for name in sorted(set(LISTS) - WHOLE):
        client, url = reader_of(name, own.program, foreign.program), address_of(name, both[0])
        field = client.get(url).context["list"].filter.form.fields.get("project")
        if field is None or not hasattr(field, "queryset"):
            continue
        offering.add(name)
        assert {own, foreign} <= set(field.queryset) or name == "number", name
        choose(client, own.program)
        assert foreign not in client.get(url).context["list"].filter.form.fields["project"].queryset, name
    assert len(offering) > 10


def test_a_choice_of_another_program_is_answered_with_what_to_do():
    own, foreign = (one.all.project for one in worlds())
    client = reader_of("review_list", own.program, foreign.program)
    choose(client, own.program)
    answer = client.get(reverse("review_list"), {"project": foreign.pk})
    assert not answer.context["list"].rows
    assert "it holds only what belongs to the program chosen at the top" in answer.content.decode()
    partners = answer.context["list"].filter.form.fields["partner"].queryset
    assert set(partners) == {one.organization for one in own.partners.all()}


def test_a_list_of_what_belongs_to_no_program_stays_whole():
    both = worlds()
    programs = [one.all.project.program for one in both]
    for name in sorted(WHOLE):
        client, url = reader_of(name, *programs), address_of(name, both[0])
        whole, _page = shown(client, url)
        choose(client, programs[1])
        rows, page = shown(client, url)
        assert rows == whole, name
        assert "Only program" not in page, name


def test_choosing_a_program_widens_nothing():
    """Not even where a session holds a program that its person may no longer see."""
    own, foreign = worlds()
    for name in sorted(set(LISTS) - WHOLE):
        client = reader_of(name, own.all.project.program)
        session = client.session
        session["scope"], session["scope_name"] = foreign.all.project.program_id, "Elsewhere"
        session.save()
        if LETTERS[next(one for one in "MSKAFECWIPRUD" if one in PAGES[name][1])] not in PORTAL_WIDE:
            assert shown(client, address_of(name, own))[0] == set(), name


def test_files_follow_the_page_and_say_so_and_the_api_does_not():
    both = worlds()
    programs = [one.all.project.program for one in both]
    client = reader_of("projects", *programs)
    choose(client, programs[0])
    url = reverse("projects")
    lines = b"".join(client.get(url, {"export": "csv"}).streaming_content).decode().splitlines()
    assert len(lines) == 2
    book = load_workbook(BytesIO(b"".join(client.get(url, {"export": "xlsx"}).streaming_content)))
    about = {row[0]: row[1] for sheet in book.worksheets for row in sheet.iter_rows(values_only=True) if len(row) > 1}
    assert about["Only program"] == programs[0].name
    assert len(client.get("/api/v1/projects/").json()["results"]) == 2


GATHERING = ("overview", "board", "portfolio", "delivery", "where", "donor_reports")


def test_pages_that_gather_say_what_they_show():
    both = worlds()
    programs = [one.all.project.program for one in both]
    client = reader_of("portfolio", *programs)
    named = f">{both[1].all.project.code}<", f">{both[1].all.donor.name}<"

    def foreign() -> list[str]:
        pages = {name: client.get(reverse(name)).content.decode() for name in GATHERING}
        assert len({"Only program" in page for page in pages.values()}) == 1
        return [name for name, page in pages.items() if any(word in page for word in named)]

    assert {"board", "donor_reports"} <= set(foreign())
    choose(client, programs[0])
    assert "Only program" in client.get(reverse("overview")).content.decode()
    assert foreign() == []
    assert "Only program" not in client.get(reverse("my_work")).content.decode()


def test_the_page_of_one_report_opens_whatever_was_chosen():
    own, foreign = worlds()
    client = reader_of("board", own.all.project.program, foreign.all.project.program)
    choose(client, foreign.all.project.program)
    assert client.get(address("board_report", PAGES["board_report"][0], own)).status_code == 200
