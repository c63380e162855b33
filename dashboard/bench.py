"""What the portal costs, each measure beside a floor taken in the same run: ratios travel between machines, times do not.

Runs in a database of its own, made and thrown away like a test database. The floors are served by this module's own addresses,
behind the same middleware. Times are without those in which the machine was busy with something else.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import secrets
import signal
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import Context, Template
from django.test import Client
from django.test.utils import override_settings
from django.urls import include, path, reverse

import communities.scale
import programs.scale
import reintegration.scale
import surveys.scale
from accounts.models import User
from accounts.scale import ADDRESS
from communities import early_warnings
from dashboard import scale
from plumbing import exports, pages
from programs import second_factor
from programs.models import Indicator, Program, Project
from reporting import promises, rollup
from reporting.models import Figure, Submission
from surveys import scoring

THROUGH = date(2025, 12, 31)
LIST = "/api/v1/submissions/?page_size=100&ordering=-updated_at"
BYTES_IN_MEGABYTE = 1024 * 1024
LARGE = 100_000  # rows of a file that is written once; incidents from which the sweep is held to its SQL
Say = Callable[[str], object]


@dataclass(frozen=True)
class Measured:
    """One line of the table: what was measured at how many figures, what came out, and the limit it is held against."""

    what: str
    figures: int
    result: float
    limit: float | None
    unit: str
    detail: str
    at_least: bool = False

    @property
    def is_met(self) -> bool:
        if self.limit is None:
            return True
        return self.result >= self.limit if self.at_least else self.result <= self.limit

    def line(self) -> str:
        held = "" if self.limit is None else f"{'>=' if self.at_least else '<='} {self.limit:g}"
        verdict = "" if self.limit is None else "met" if self.is_met else "NOT MET"
        return f"{self.what:<46} {self.figures:>9,} {self.result:>10,.2f} {self.unit:<7} {held:>10} {verdict:<8} {self.detail}"


@dataclass(frozen=True)
class Pace:
    """How often each is repeated; a smoke run only shows that everything still runs."""

    rounds: int
    reports: int
    places: int
    cases: tuple[int, ...]
    communities: tuple[tuple[int, int], ...]  # and their incidents
    responses: int  # of one survey round


FULL = Pace(rounds=15, reports=20, places=50, cases=(10_000, 100_000), communities=((2_000, 20_000), (20_000, 200_000)), responses=10_000)
SMOKE = Pace(rounds=1, reports=2, places=5, cases=(120,), communities=((60, 300),), responses=60)


PARTS = ("figures", "cases", "communities", "surveys", "worker")


def run(sizes: Sequence[int], *, pace: Pace = FULL, say: Say = print, parts: Collection[str] = PARTS) -> list[Measured]:
    """Measure at each size, growing one database; print every line as it comes.

    ``parts``: of ``PARTS``, what is measured. Without "figures" the first size is laid and not measured; "worker" starts a web process
    beside, for its memory.
    """
    found: list[Measured] = []

    def note(measured: Measured) -> None:
        found.append(measured)
        say(measured.line())

    overview: dict[str, list[float]] = {}
    with (
        _no_lines_per_request(),
        override_settings(ROOT_URLCONF="dashboard.bench", API_READS_A_MINUTE=0, API_WRITES_A_MINUTE=0, ALLOWED_HOSTS=["*"]),
    ):
        for size in sizes if "figures" in parts else sizes[:1]:
            count = scale.seed(size)
            if "figures" in parts:
                for measured in _figures(count, pace, overview):
                    note(measured)
        for what, waited in overview.items():
            if len(waited) > 1:
                detail = f"{what}, against {sizes[0]:,} figures"
                note(Measured("fixed program while the rest grows", count, waited[-1] / waited[0], 1.3, "x", detail))
        for part, measures in (("cases", cases_of_people), ("communities", communities_and_incidents), ("surveys", survey_of_people)):
            for measured in measures(pace) if part in parts else ():
                note(measured)
    if "worker" in parts:
        note(memory_per_worker(count))
    return found


def _figures(count: int, pace: Pace, overview: dict[str, list[float]]) -> Iterator[Measured]:
    """Everything that is made of figures, at this size; what the small program's pages take is added to ``overview``."""
    yield list_endpoint(count, pace)
    yield list_page(count, pace)
    yield from progress_of_programs(count, pace)
    yield figures_through_the_api(count, pace)
    yield from export(count)
    for what, seconds in fixed_program(pace).items():
        overview.setdefault(what, []).append(seconds)
        yield Measured(f"fixed program, {what}", count, seconds * 1000, None, "ms", "")
    yield from portfolio(count, pace)


@contextmanager
def _no_lines_per_request() -> Iterator[None]:
    """They would be measured too."""
    before = logging.root.manager.disable
    logging.disable(logging.INFO)
    try:
        yield
    finally:
        logging.disable(before)


def list_endpoint(count: int, pace: Pace) -> Measured:
    """A page of 100 submissions against the same bytes by hand-written SQL and json.dumps."""
    reporter = _client("reporter")
    answer = reporter.get(LIST)
    told = json.loads(answer.content)
    address = "/bench/submissions/?" + "&".join(f"{key}={told[key] or ''}" for key in ("checkpoint",))
    _WRAPPING.update(next=told["next"], previous=told["previous"], checkpoint=told["checkpoint"])
    bare = reporter.get(address)
    same = bare.content == answer.content
    subject, floor = _beside(lambda: reporter.get(LIST), lambda: reporter.get(address), pace.rounds)
    detail = f"{subject * 1000:.1f} ms, bare {floor * 1000:.1f} ms, {len(told['results'])} rows, " + (
        "same bytes" if same else "OTHER BYTES"
    )
    return Measured("list endpoint / bare view", count, subject / floor, 3, "x", detail)


def list_page(count: int, pace: Pace) -> Measured:
    """The review list with navigation, filters, counting and sorting, against the same rows in a table and nothing else."""
    reporter, address, bare = _client("reporter"), reverse("review_list") + "?state=accepted", "/bench/rows/"
    _must_be(reporter.get(address), 200)
    subject, floor = _beside(lambda: reporter.get(address), lambda: reporter.get(bare), pace.rounds)
    detail = f"{subject * 1000:.1f} ms, bare {floor * 1000:.1f} ms, {reporter.get(bare).content.count(b'<tr>')} rows"
    return Measured("list page / bare template", count, subject / floor, 3, "x", detail)


def progress_of_programs(count: int, pace: Pace) -> Iterator[Measured]:
    """A program of a hundred projects against a cursor that fetches the same rows; a single indicator in milliseconds."""
    for code in _hundreds():
        asked = promises.promised(Indicator.objects.filter(project__program__code=code))
        sql, params = rollup.select(asked, through=THROUGH)

        def fetch(sql: str = sql, params: Any = params) -> list[Any]:
            with connection.cursor() as cursor:
                cursor.execute(sql, params)
                return cursor.fetchall()

        rows = len(fetch())
        subject, floor = _beside(partial(rollup.progress, asked, through=THROUGH), fetch, pace.rounds)
        detail = f"{rows:,} rows, {subject * 1000:.1f} ms, cursor {floor * 1000:.1f} ms"
        yield Measured("progress of 100 projects / cursor", count, subject / floor, 1.5, "x", detail)
    one = Indicator.objects.filter(project__program__code=scale.HUNDRED).order_by("pk")[:1]
    single = promises.promised(Indicator.objects.filter(pk__in=[row.pk for row in one]))
    sql, params = rollup.select(single, through=THROUGH)

    def fetch_one() -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            return cursor.fetchall()

    subject, floor = _beside(lambda: rollup.progress(single, through=THROUGH), fetch_one, pace.rounds * 4)
    detail = f"{subject * 1000:.2f} ms, cursor {floor * 1000:.2f} ms"
    yield Measured("progress of one indicator, added", count, (subject - floor) * 1000, 1, "ms", detail)


def figures_through_the_api(count: int, pace: Pace) -> Measured:
    """Whole reports put through the API, checked and audited, against ``bulk_create`` of the same rows."""
    within = scale.wide_program()
    reporter = User.objects.select_related("organization").get(email=ADDRESS.format(role="reporter"))
    assert reporter.organization is not None
    Project.objects.filter(code=f"{within.code}-WIDE").update(code=f"{within.code}-{secrets.token_hex(4)}")
    laid = programs.scale.wide(within, reports=pace.reports, office=reporter.organization, places=scale.places(pace.places))
    bodies = _bodies(laid)
    client, addresses = _client("reporter"), []
    for period in laid.periods:
        opened = client.post("/api/v1/submissions/", {"project": laid.project.code, "period": period.code}, "application/json")
        _must_be(opened, 201)
        addresses.append(f"/api/v1/submissions/{json.loads(opened.content)['id']}/figures/")
    tags = [client.get(address)["ETag"] for address in addresses]
    watch = _Watch()
    for address, tag in zip(addresses, tags, strict=True):
        _must_be(client.put(address, bodies, "application/json", headers={"if-match": tag}), 200)
    through_api = watch.seconds()
    written = Figure.objects.filter(project=laid.project).count()
    in_bulk = _bulk(laid)
    detail = f"{written:,} figures, {through_api:.2f} s, bulk_create {in_bulk:.2f} s"
    return Measured("figures through the API / bulk_create", count, through_api / in_bulk, 4, "x", detail)


def export(count: int) -> Iterator[Measured]:
    """Every figure that counts as CSV, read and thrown away."""
    fields = [
        exports.Field("Project", "project__code"),
        exports.Field("Indicator", "indicator__code"),
        exports.Field("Partner", "partner__name"),
        exports.Field("Place", "place__code"),
        exports.Field("Through", "period_end"),
        exports.Field("Value", "value"),
        exports.Field("Numerator", "numerator"),
        exports.Field("Denominator", "denominator"),
    ]
    rows = Figure.objects.counting().order_by()
    gc.collect()
    before = peak = _resident()
    total, size = rows.count(), 0
    seconds = waited = float("inf")
    for _again in range(1 if total > LARGE else 5):
        watch, size = _Watch(), 0
        for number, piece in enumerate(exports.csv_lines(rows, fields)):
            size += len(piece)
            if number % 50 == 0:
                peak = max(peak, _resident())
        seconds, waited = min((seconds, waited), (watch.seconds(), watch.wall()))
    detail = f"{size / BYTES_IN_MEGABYTE:.0f} MB in {seconds:.1f} s, {waited:.1f} s with waiting for a processor"
    yield Measured("streamed export", total, total / seconds, 100_000, "rows/s", detail, at_least=True)
    yield Measured("streamed export, memory added", total, (peak - before) / BYTES_IN_MEGABYTE, 20, "MB", "flat")


def portfolio(count: int, pace: Pace) -> Iterator[Measured]:
    """Every indicator's kept number and coverage, and the page over them, which grow with the portfolio."""
    found = rollup.kept(Indicator.objects.all(), through=THROUGH)
    seconds = statistics.median(_timed(lambda: rollup.kept(Indicator.objects.all(), through=THROUGH)) for _ in range(pace.rounds))
    yield Measured("whole portfolio, kept numbers", count, seconds * 1000, None, "ms", f"{len(found):,} indicators")
    manager, address = _client("manager"), reverse("portfolio")
    _must_be(manager.get(address), 200)
    seconds = min(_timed(lambda: manager.get(address)) for _ in range(max(1, pace.rounds // 5)))
    yield Measured("whole portfolio, its page", count, seconds * 1000, None, "ms", f"{Project.objects.count():,} projects")


def cases_of_people(pace: Pace) -> Iterator[Measured]:
    """The caseload of one caseworker and of a supervisor, the team and the counts, beside an empty page and the SQL they must read.

    ``figures`` counts cases here. What a caseworker of forty cases waits for must not follow the cases of the others; what is made of
    every case must not grow faster than they do.
    """
    project = Project.objects.filter(program__code=scale.FIXED).order_by("pk")[0]
    partner = project.partners.order_by("pk")[0].organization
    waited: dict[str, list[float]] = {}
    mine = ("a caseworker's own caseload", "a caseworker's own work")
    for number in pace.cases:
        people = reintegration.scale.seed(number, project=project, partner=partner, places=scale.places(60))
        scale.gather_statistics()
        floors = reintegration.scale.floors(people["supervisor"], people["worker"], project)
        for what, role, name, floor, limit in (
            (mine[0], "worker0", "cases", "own", 14),
            (mine[1], "worker0", "my_work", "own", 9),
            ("a supervisor's caseload", "supervisor", "cases", "caseload", 14),
            ("load of the team", "supervisor", "case_team", "team", 8),
            ("counts of cases", "counter", "case_analytics", "analytics", 3),
        ):
            seconds, measured = _page(what, role, reverse(name), floors[floor], number, limit, pace)
            waited.setdefault(what, []).append(seconds)
            yield measured
    yield from _growth(waited, pace.cases, mine, "cases")


def communities_and_incidents(pace: Pace) -> Iterator[Measured]:
    """Lists, the counts by area, a place and the sweep. ``figures`` counts incidents here; ten to a community.

    What is one officer's own must not follow what others record; what asks about everything is held to the SQL that must read it.
    """
    projects = Project.objects.filter(program__code=scale.FIXED).order_by("pk")
    partner = projects[0].partners.order_by("pk")[0].organization
    waited: dict[str, list[float]] = {}
    own = ("an officer's own communities", "place page", "place page, three levels")
    for number, told in pace.communities:
        where = scale.places(400 if number > 100 else 60)
        communities.scale.seed(number, told, own=projects[0], rest=projects[1], partner=partner, places=where)
        scale.gather_statistics()
        floors = communities.scale.floors(projects[0])
        place = where[0].parent
        assert place is not None
        for what, role, address, floor, limit in (
            (own[0], "officer", reverse("communities"), "own", 14),
            ("communities of a country", "director", reverse("communities"), "communities", 14),
            ("incidents and map of a country", "director", reverse("incidents"), "incidents", 3 if told > LARGE else 14),
            (own[1], "director", reverse("place_page", args=[place.code]), "own", 14),
            (own[2], "director", reverse("place_levels", args=[place.code]), "own", 14),
        ):
            seconds, measured = _page(what, role, address, floors[floor], told, limit, pace)
            waited.setdefault(what, []).append(seconds)
            yield measured
        watch, raised = _Watch(), early_warnings.sweep()
        yield Measured("early-warning sweep, first", told, watch.seconds() * 1000, None, "ms", f"{raised:,} raised")
        subject, bare = _beside(early_warnings.sweep, floors["sweep"], max(1, pace.rounds // 5))
        waited.setdefault("early-warning sweep", []).append(subject)
        detail = f"{subject * 1000:.1f} ms, a year's incidents by SQL {bare * 1000:.1f} ms"
        yield Measured("early-warning sweep, again / SQL", told, subject / bare, 6 if told > LARGE else None, "x", detail)
    yield from _growth(waited, [told for _number, told in pace.communities], own, "incidents")


def _page(what: str, role: str, address: str, sql: Callable[[], Any], rows: int, limit: float, pace: Pace) -> tuple[float, Measured]:
    """A page against a page of the same person with nothing in its frame, and the SQL that it must read; and its seconds."""
    client = _client(role)
    _must_be(client.get(address), 200)
    _must_be(client.get("/bench/empty/"), 200)
    rounds = max(1, pace.rounds // 5)
    seconds, read = _beside(partial(client.get, address), sql, rounds)
    empty = min(_timed(partial(client.get, "/bench/empty/")) for _ in range(rounds))
    detail = f"{seconds * 1000:.1f} ms; empty page {empty * 1000:.1f} ms, its SQL {read * 1000:.1f} ms"
    held = limit if pace.rounds > 1 else None
    return seconds, Measured(f"{what} / empty page and SQL", rows, seconds / (empty + read), held, "x", detail)


def _growth(waited: dict[str, list[float]], sizes: Sequence[int], own: Collection[str], of: str) -> Iterator[Measured]:
    """What each line waits for at the last size, as many times as at the first: 1.5 for one's own, else as many times as the rows."""
    if len(sizes) < 2:
        return
    for what, seconds in waited.items():
        limit = 1.5 if what in own else sizes[-1] / sizes[0]
        detail = f"{sizes[-1]:,} against {sizes[0]:,} {of}"
        yield Measured(f"{what} while the rest grows", sizes[-1], seconds[-1] / seconds[0], limit, "x", detail)


def survey_of_people(pace: Pace) -> Iterator[Measured]:
    """The results of one large round beside the SQL that counts its scores and answers, and what exact scores cost. ``figures``: responses."""
    project = Project.objects.filter(program__code=scale.FIXED).order_by("pk")[0]
    partner = project.partners.order_by("pk")[0].organization
    manager = User.objects.get(email=ADDRESS.format(role="manager"))
    held = surveys.scale.seed(pace.responses, project=project, partner=partner, place=scale.places(1)[0], by=manager)
    scale.gather_statistics()
    client, address = _client("manager"), reverse("survey_round", args=[held.survey_round.pk])
    _must_be(client.get(address), 200)
    subject, bare = _beside(partial(client.get, address), held.counted_by_sql, max(1, pace.rounds // 3))
    detail = f"{subject * 1000:.1f} ms, its counts by SQL {bare * 1000:.1f} ms"
    yield Measured("results of a survey round / SQL", pace.responses, subject / bare, 3 if pace.rounds > 1 else None, "x", detail)

    def score() -> None:
        for answers in held.answers:
            scoring.score(held.definition, answers)

    subject, bare = _beside(score, held.averaged_in_floats, max(1, pace.rounds // 3))
    detail = f"{subject * 1000:.1f} ms, means of floats {bare * 1000:.1f} ms"
    yield Measured("exact scores / plain means", pace.responses, subject / bare, 20, "x", detail)


def memory_per_worker(count: int) -> Measured:
    """Resident memory of a web worker after it served lists and the API root a few hundred times."""
    session = _client("reporter").cookies[settings.SESSION_COOKIE_NAME].value
    with _worker() as (address, process):
        for number in range(300):
            wanted = urllib.request.Request(address + (LIST if number % 3 else "/api/v1/"))  # noqa: S310
            wanted.add_header("Cookie", f"{settings.SESSION_COOKIE_NAME}={session}")
            with urllib.request.urlopen(wanted, timeout=60) as answer:  # noqa: S310
                answer.read()
        workers = [int(child) for child in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]
        largest = max(_resident(worker) for worker in workers)
    return Measured("memory per worker after the run", count, largest / BYTES_IN_MEGABYTE, 150, "MB", "300 requests")


# The floors.

_WRAPPING: dict[str, Any] = {}
_BY_HAND = """
    SELECT s.public_id, p.code, s.partner_id, o.name, t.code, s.revision, s.state, s.origin, s.draft_version, s.is_nil,
           s.nil_reason, s.challenges, s.return_note, s.created_at, s.signed_off_at, s.submitted_at, s.returned_at,
           s.accepted_at, s.updated_at
    FROM reporting_submission s
    JOIN programs_project p ON p.id = s.project_id
    JOIN accounts_organization o ON o.id = s.partner_id
    JOIN programs_reportingperiod t ON t.id = s.period_id
    WHERE s.partner_id = %s ORDER BY s.updated_at DESC, s.id DESC LIMIT 100
"""
_NAMES = [
    "id",
    "project",
    "partner",
    "partner_name",
    "period",
    "revision",
    "state",
    "origin",
    "draft_version",
    "is_nil",
    "nil_reason",
    "challenges",
    "return_note",
    "created_at",
    "signed_off_at",
    "submitted_at",
    "returned_at",
    "accepted_at",
    "updated_at",
]


def bare_submissions(request: HttpRequest) -> HttpResponse:
    """The list endpoint's bytes with nothing between the database and the socket."""
    with connection.cursor() as cursor:
        cursor.execute(_BY_HAND, [request.user.organization_id])  # type: ignore[union-attr]
        rows = cursor.fetchall()
    results = [{name: _plain(name, value) for name, value in zip(_NAMES, row, strict=True)} for row in rows]
    text = json.dumps({**_WRAPPING, "results": results}, separators=(",", ":"), ensure_ascii=False)
    return HttpResponse(text, content_type="application/json")


def _plain(name: str, value: Any) -> Any:
    if name == "id":
        return str(value if isinstance(value, UUID) else UUID(value))
    if name == "is_nil":
        return bool(value)
    if value is not None and name.endswith("_at"):
        return value.replace(tzinfo=None).isoformat() + "Z"
    return value


_ROWS = """<table>{% for row in rows %}<tr><td>{{ row.project.code }} {{ row.project.title }}</td><td>{{ row.partner }}</td>
<td>{{ row.period.code }}</td><td>{{ row.get_state_display }}</td><td>{{ row.submitted_at }} {{ row.submitted_by }}</td>
<td>{{ row.revision }}</td></tr>{% endfor %}</table>"""


def bare_rows(request: HttpRequest) -> HttpResponse:
    """The rows of the review list's first page, in a table."""
    found = Submission.objects.filter(partner=request.user.organization_id, state="accepted")  # type: ignore[union-attr]
    rows = found.select_related("project", "partner", "period", "submitted_by").order_by("submitted_at", "pk")[: pages.ROWS]
    return HttpResponse(Template(_ROWS).render(Context({"rows": rows})))


def empty_page(request: HttpRequest) -> HttpResponse:
    """The frame around every page, with nothing in it."""
    return render(request, "base.html")


urlpatterns = [
    path("bench/submissions/", bare_submissions),
    path("bench/rows/", bare_rows),
    path("bench/empty/", empty_page),
    path("", include("peacebuild.urls")),
]


def _bulk(laid: programs.scale.Laid) -> float:
    """The same rows once more, under submissions that count for nothing."""
    reports = Submission.objects.bulk_create(
        Submission(project=laid.project, partner=laid.partners[0], period=period, revision=2, state=Submission.State.WITHDRAWN)
        for period in laid.periods
    )
    begun = list(Figure.objects.filter(project=laid.project).order_by("pk"))
    by_period = {report.period_id: report for report in reports}
    for row in begun:
        row.pk, row.submission = None, by_period[row.period_id]
    step = max(len(begun) // len(reports), 1)
    watch = _Watch()
    for at in range(0, len(begun), step):
        Figure.objects.bulk_create(begun[at : at + step])
    return watch.seconds()


def _bodies(laid: programs.scale.Laid) -> dict[str, Any]:
    figures = []
    for indicator in laid.indicators:
        number = {"numerator": "30", "denominator": "60"} if indicator.definition.is_ratio else {"value": "12"}
        figures += [{"indicator": indicator.code, "place": place.code, **number} for place in laid.places]
    return {"figures": figures}


def fixed_program(pace: Pace) -> dict[str, float]:
    """Seconds for the pages of a small program's manager, and for what they read: promises, numbers with standing and sparkline."""
    scale.manager_of_fixed()
    keeper = _client("keeper")
    found = {}
    for what, name in (("overview", "overview"), ("delivery", "delivery"), ("board", "board")):
        _must_be(keeper.get(reverse(name)), 200)
        found[what] = min(_timed(partial(keeper.get, reverse(name))) for _ in range(pace.rounds))

    def numbers() -> None:
        asked = promises.promised(Indicator.objects.filter(project__program__code=scale.FIXED))
        for line in rollup.progress(asked, through=THROUGH, with_series=True):
            _standing = line.standing

    numbers()
    return {**found, "its numbers": min(_timed(numbers) for _ in range(pace.rounds))}


def _hundreds() -> list[str]:
    """The first program of a hundred projects, and the first with ten streams per indicator where there is one; the largest of a smoke run."""
    rows = Program.objects.filter(code__startswith="SCALE-").exclude(code__in=[scale.FIXED, scale.WIDE])
    found = list(rows.annotate(size=Count("projects")).order_by("-size", "pk").values_list("code", "size")[:2])
    return [code for code, size in found if size >= 100] or [code for code, _size in found[:1]]


def _beside(subject: Callable[[], Any], floor: Callable[[], Any], rounds: int) -> tuple[float, float]:
    """The least of both, taken in turns: what else the machine does falls on both, and only ever adds."""
    if rounds > 1:
        subject(), floor()
    times = [(_timed(subject), _timed(floor)) for _ in range(rounds)]
    return min(one for one, _other in times), min(other for _one, other in times)


def _timed(what: Callable[[], Any]) -> float:
    watch = _Watch()
    what()
    return watch.seconds()


class _Watch:
    """Seconds from now, without those in which this process or its session in the database was ready and other work had the processors.

    Disks and the network are in it. On a busy machine a long call would otherwise look worse than several short ones. Never less
    than what both worked: waits are told by the clocks of several processors, which differ a little.
    """

    def __init__(self) -> None:
        self.begun = self._now()

    def seconds(self) -> float:
        wall, worked, waited = (now - begun for now, begun in zip(self._now(), self.begun, strict=True))
        return max(worked, wall - waited)

    def wall(self) -> float:
        return time.perf_counter() - self.begun[0]

    def _now(self) -> tuple[float, float, float]:
        (_ran, own), (ran, its) = _on_processors("self"), _on_processors(_session())
        return time.perf_counter(), time.process_time() + ran, own + its


def _on_processors(process: int | str | None) -> tuple[float, float]:
    """Seconds that a process ran and that it stood in the queue for a processor, as Linux counts them; 0 where that is not told."""
    try:
        ran, waited, _turns = Path(f"/proc/{process}/schedstat").read_text().split()
    except (OSError, ValueError):
        return 0.0, 0.0
    return int(ran) / 1e9, int(waited) / 1e9


def _session() -> int | None:
    """The process of our session where PostgreSQL runs on this machine."""
    if connection.vendor != "postgresql" or connection.connection is None:
        return None
    process: int = connection.connection.info.backend_pid
    try:
        return process if Path(f"/proc/{process}/comm").read_text().startswith("postgres") else None
    except OSError:
        return None


def _client(role: str) -> Client:
    client = Client()
    user = User.objects.get(email=ADDRESS.format(role=role))
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    second_factor.show(client.session, user)
    return client


def _must_be(answer: Any, status: int) -> None:
    if answer.status_code != status:
        raise RuntimeError(f"{answer.status_code} instead of {status}: {answer.content[:500]!r}")


def _resident(process: int | str = "self") -> int:
    """Bytes of memory that a process holds, as Linux counts them."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


@contextmanager
def _worker() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """One gunicorn worker over the same database, stopped at the end."""
    port = int(os.environ.get("PORT", "0")) or 8765
    environment = os.environ | {"DATABASE_URL": _address_of_database(), "API_READS_A_MINUTE": "0"}
    command = [sys.executable, "-m", "gunicorn", "peacebuild.wsgi", "-w", "1", "-k", "gthread", "--threads", "4", "-b", f"127.0.0.1:{port}"]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, start_new_session=True)  # noqa: S603
    address = f"http://localhost:{port}"
    try:
        for _attempt in range(100):
            try:
                urllib.request.urlopen(address + "/healthz", timeout=5).close()  # noqa: S310
                break
            except OSError:
                time.sleep(0.2)
        yield address, process
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)


def _address_of_database() -> str:
    at = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{at['NAME']}"
    login = f"{at['USER']}:{at['PASSWORD']}@" if at["PASSWORD"] else f"{at['USER']}@"
    return f"postgres://{login}{at['HOST']}:{at['PORT'] or 5432}/{at['NAME']}"
