"""Building the demo: set-up, eight quarters of reports, activities, gates and the donor report that is due on Friday."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal import auth as totp
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from accounts import keys, practice
from accounts.models import Organization, User
from accounts.roles import Role
from dashboard.demo import cases, malakal, renk_town, story, surveys
from dashboard.demo import forums as renk
from dashboard.demo.clock import at, left_to_the_database
from locations import gazetteer
from locations.models import Place
from plumbing.dates import months_after
from privacy import files
from programs import (
    access,
    actionpoints,
    activities,
    calendar,
    disaggregations,
    framework,
    gates,
    grants,
    projects,
    shipped_library,
    visits,
    workplan,
)
from programs.models import (
    Disaggregation,
    ExpectedReport,
    Grant,
    Indicator,
    IndicatorDefinition,
    Program,
    Project,
    ReportingCalendar,
    ReportingPeriod,
    ReportRequirement,
    Theme,
)
from reporting import checks, donor_report, drafts, prefill, report_files, submissions
from reporting.drafts import FigureInput
from reporting.models import NarrativeQuestion, Submission

QUARTERS = 8
DOMAIN = "demo.example"


@dataclass
class Built:
    """What a person needs to sign in: secrets by e-mail, one API key per partner."""

    password: str
    secrets: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)


@dataclass
class Cast:
    """The rows that the story's words stand for."""

    organizations: dict[str, Organization] = field(default_factory=dict)
    people: dict[str, User] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    projects: dict[str, Project] = field(default_factory=dict)
    grants: dict[str, Grant] = field(default_factory=dict)

    def reporter(self, organization: str) -> User:
        name = {"NYI": "reporter", "WL": "achol", "BFD": "joseph", "LAN": "lino"}[organization]
        return self.people[name]


def build(*, password: str = "", say: Callable[[str], None] = lambda words: None) -> Built:
    """Build the whole demo into an empty installation; ``say`` hears how far it is."""
    with left_to_the_database():
        return _build(password, say)


def _build(password: str, say: Callable[[str], None]) -> Built:
    today = timezone.localdate()
    first, last = _quarters(today)
    built, cast = Built(password or secrets.token_urlsafe(9)), Cast()
    start = _moment(first - timedelta(days=60))
    with at(start):
        say("people, places and the library")
        practice.seed()
        shipped_library.load()
        _people_and_places(cast, built, first)
        say("six projects and two grants")
        _projects(cast, first, last)
        _grants(cast, first, last, today)
        surveys.put_in_force(by=cast.people["admin"])
    say("cases of two caseworkers")
    _cases(cast)
    say("eight quarters of reports")
    _reports(cast, today)
    say("activities, gates and action points")
    _activities(cast, today)
    say("forums, promises and local projects")
    corridor: dict[str, Any] = {
        "project": cast.projects["CVR-02"], "partner": cast.organizations["WL"], "place": cast.places["SS0704"], "by": cast.people["achol"],
    }  # fmt: skip
    renk_town.build(**corridor, verifier=cast.people["mande"])
    renk.build(**corridor)
    say("survey rounds")
    _surveys(cast, today)
    say("institutions, due diligence and support")
    _institutions(cast, today)
    say("the donor report")
    _donor_reports(cast, today)
    _keys(cast, built)
    return built


def _cases(cast: Cast) -> None:
    people, partners = cast.people, cast.organizations
    cases.build(
        project=cast.projects["PPS-01"], partner=partners["NYI"], place=cast.places["SS0703"], state=cast.places["SS07"],
        workers=(people["caseworker"], people["caseworker2"]), supervisor=people["supervisor"], administrator=people["admin"],
        receivers=(partners["LAN"], partners["WL"]), answerer=people["lino"],
    )  # fmt: skip


def _surveys(cast: Cast, today: date) -> None:
    people, places, partners = cast.people, cast.places, cast.organizations
    surveys.build(
        today=today, administrator=people["admin"], by=people["mande"], approver=people["manager"],
        cohesion=(cast.projects["CVR-02"], partners["WL"], places["SS0704"]),
        police=(cast.projects["INS-01"], partners["LAN"], places["SS0703"]),
    )  # fmt: skip


def _institutions(cast: Cast, today: date) -> None:
    people, places, partners = cast.people, cast.places, cast.organizations
    command = malakal.build(
        project=cast.projects["INS-01"], partner=partners["LAN"], place=places["SS0703"], command=partners["police"], manager=people["manager"],
        officer=people["officer"], decider=people["focal"], reporter=people["lino"], today=today,
    )  # fmt: skip
    malakal.uncleared(
        project=cast.projects["CVR-02"], partner=partners["WL"], place=places["SS0704"], post=partners["renk-police"], command=command,
        officer=people["officer"], by=people["achol"], today=today,
    )  # fmt: skip


def _quarters(today: date) -> tuple[date, date]:
    """The first day of the first quarter and the last day of the project: eight quarters with the present one, then four more."""
    this = date(today.year, (today.month - 1) // 3 * 3 + 1, 1)
    first, end = months_after(this, -3 * (QUARTERS - 1)), months_after(this, 15)
    return first, end - timedelta(days=1)


def _moment(day: date, hour: int = 10) -> datetime:
    """A working hour of a day, never later than an hour ago."""
    return min(datetime.combine(day, time(hour), UTC), datetime.now(UTC) - timedelta(hours=1))


def _people_and_places(cast: Cast, built: Built, first: date) -> None:
    for code, name, level, parent, latitude, longitude in story.PLACES:
        place = Place.objects.filter(code=code).first()
        cast.places[code] = place or gazetteer.add_place(
            code=code,
            name=name,
            level=level,
            parent=cast.places.get(parent),
            country="SSD",
            latitude=Decimal(latitude),
            longitude=Decimal(longitude),
        )
    for key, name, kind, iati_type, identifier in story.ORGANIZATIONS:
        cast.organizations[key] = Organization.objects.create(
            name=name, kind=kind, iati_type=iati_type, identifier=identifier, short_name=key if key.isupper() and len(key) > 2 else ""
        )
    agency = cast.organizations["agency"]
    code, name = story.PROGRAM
    program = Program.objects.create(
        code=code, name=f"{name} {first.year}–{first.year + 2}", starts_on=first, ends_on=months_after(first, 36) - timedelta(days=1),
        organization=agency, description="Work with people, communities and institutions so that conflict drives fewer people from home.",
    )  # fmt: skip
    hashed = make_password(built.password)
    for email, name, employer, language, roles in story.PEOPLE:
        person = User.objects.create_user(
            f"{email}@{DOMAIN}",
            name=name,
            organization=cast.organizations[employer],
            language=language,
            time_zone="Africa/Juba",
        )
        User.objects.filter(pk=person.pk).update(password=hashed)
        EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
        cast.people[email] = person
        for role, scope in roles:
            where = {} if scope == "portal" else {"program": program} if scope == "program" else {"organization": cast.organizations[scope]}
            access.give(user=person, role=Role(role), by=None, **where)
        if access.needs_second_factor(person):
            secret = totp.generate_totp_secret()
            totp.TOTP.activate(person, secret)
            built.secrets[person.email] = secret
    for order, (heading, guidance, limit, required) in enumerate(story.QUESTIONS):
        NarrativeQuestion.objects.create(heading=heading, guidance=guidance, limit=limit, is_required=required, order=order)


def _projects(cast: Cast, first: date, last: date) -> None:
    manager, focal = cast.people["manager"], cast.people["focal"]
    program = Program.objects.get(code=story.PROGRAM[0])
    themes = {theme.code: theme for theme in Theme.objects.all()}
    for told in story.PROJECTS:
        project = projects.create_project(
            program=program, by=manager, themes={themes[code]: share for code, share in told.themes.items()}, levels={told.level: 100},
            code=told.code, title=told.title, starts_on=first, ends_on=last, time_zone="Africa/Juba", sensitivity=told.sensitivity, manager=manager,
        )  # fmt: skip
        cast.projects[told.code] = project
        for organization in dict.fromkeys(name for name, _place in told.partners):
            projects.add_partner(project, organization=cast.organizations[organization], by=manager)
        for code in dict.fromkeys(place for _name, place in told.partners):
            projects.add_place(project, place=cast.places[code], by=manager)
        _markers(project, told, manager)
        _look_for_harm(project, by=focal)
        projects.change_status(project, to="2", by=manager)
        ReportingCalendar.objects.create(project=project)
        calendar.lay_out(project, by=manager)
        _framework(cast, project, told, manager)
        framework.agree(project, on=timezone.localdate(), by=manager)


def _look_for_harm(project: Project, *, by: User) -> None:
    """The conflict-sensitivity review, valid for a little less than a year."""
    today = timezone.localdate()
    gates.record_review(
        project=project, decision="passed", decided_on=today, valid_until=today + timedelta(days=350), by=by,
        dividers="Grazing land and the memory of raids.", connectors="The market, and mixed marriages.",
    )  # fmt: skip


def _markers(project: Project, told: story.ProjectStory, by: User) -> None:
    words = "The project document names women as a group that decides, and sets aside money for it."
    projects.set_marker(project, scheme="pbf_gender", value="2", justification=words, by=by)
    target = {"individual": "16.1", "community": "16.7", "institution": "16.3"}[told.level]
    projects.set_marker(project, scheme="sdg_target", value=target, justification="The outcome is worded after this target.", by=by)
    shares = {"individual": {"D": 40, "P": 60}, "community": {"H": 20, "P": 80}, "institution": {"D": 30, "P": 70}}[told.level]
    projects.set_nexus(project, shares=shares, justification="Shared analysis with the humanitarian country team.", by=by)


def _framework(cast: Cast, project: Project, told: story.ProjectStory, by: User) -> None:
    results: dict[str, object] = {}
    for kind, number, title in told.results:
        parent = results.get(number.split(".")[0]) if kind == "output" else None
        results[number] = framework.add_result(project, by=by, kind=kind, code=number, title=title, level=told.level, parent=parent)  # type: ignore[arg-type]
    for plan in told.indicators:
        definition = IndicatorDefinition.objects.library().get(code=plan.code)
        start = {"baseline_share": Decimal(plan.baseline)} if plan.of else {"baseline_value": Decimal(plan.baseline)}
        indicator = framework.add_indicator(results[plan.result], by=by, definition=definition, baseline_on=project.starts_on, **start)  # type: ignore[arg-type]
        aim = {"numerator": Decimal(plan.target), "denominator": Decimal(100)} if plan.of else {"value": Decimal(plan.target)}
        framework.set_target(indicator, by=by, **aim)
        by_partner: dict[str, list[Place]] = {}
        for organization, place in told.partners:
            if not plan.alone or organization == plan.by:
                by_partner.setdefault(organization, []).append(cast.places[place])
        for organization, places in by_partner.items():
            framework.assign(indicator, by=by, partner=cast.organizations[organization], places=places)


def _grants(cast: Cast, first: date, last: date, today: date) -> None:
    manager = cast.people["manager"]
    for reference, donor, title, currency, amount, approved, gender in story.GRANTS:
        grant = Grant.objects.create(
            donor=cast.organizations[donor], reference=reference, title=title, currency=currency, amount=Decimal(amount),
            starts_on=first, ends_on=last, first_transfer_on=first,
        )  # fmt: skip
        cast.grants[reference] = grant
        for code, money in approved.items():
            grants.approve(grant, project=cast.projects[code], amount=Decimal(money), gender_share=gender, by=manager)
    this = date(today.year, (today.month - 1) // 3 * 3 + 1, 1)
    covered, due = this - timedelta(days=1), today + timedelta(days=(4 - today.weekday()) % 7 or 7)
    before = months_after(this, -6) - timedelta(days=1)
    pbf = cast.grants["PBF-SSD-07"]
    ReportRequirement.objects.create(
        grant=pbf, kind="semiannual", title="Semi-annual report", covers_from=first, covers_through=before,
        cut_off_on=before + timedelta(days=40), due_on=before + timedelta(days=46),
    )  # fmt: skip
    ReportRequirement.objects.create(
        grant=pbf, kind="semiannual", title="Semi-annual report", covers_from=before + timedelta(days=1), covers_through=covered,
        cut_off_on=min(today, due), due_on=due,
    )  # fmt: skip
    ReportRequirement.objects.create(
        grant=cast.grants["EU-SSD-04"], kind="annual", title="Annual report", covers_from=first, covers_through=covered,
        cut_off_on=today + timedelta(days=20), due_on=today + timedelta(days=37),
    )  # fmt: skip


def _reports(cast: Cast, today: date) -> None:
    for told in story.PROJECTS:
        project = cast.projects[told.code]
        periods = [p for p in project.periods.order_by("ends_on") if p.starts_on <= today]
        for number, period in enumerate(periods):
            with at(_moment(period.opens_on, 1)):
                calendar.open_due()
            period.refresh_from_db()
            if period.ends_on >= today:
                _running_draft(cast, told, project, period, today)
                continue
            is_last = number == len(periods) - 2
            for organization in dict.fromkeys(name for name, _place in told.partners):
                state = story.LAST_QUARTER.get((told.code, organization), "accepted") if is_last else "accepted"
                _report(cast, told, project, period, organization, number, state)
        for old in periods[:-3]:
            with at(_moment(old.review_due_on + timedelta(days=20))):
                calendar.lock(old, reason="Reported to the donor.", by=cast.people["manager"])


def _report(
    cast: Cast, told: story.ProjectStory, project: Project, period: ReportingPeriod, organization: str, number: int, state: str
) -> None:
    if state == "missing":
        return
    partner, reporter, mande = cast.organizations[organization], cast.reporter(organization), cast.people["mande"]
    late = int(sha256(f"{told.code}{organization}{number}".encode()).hexdigest(), 16) % 9 - 6
    with at(_moment(period.due_on + timedelta(days=late))):
        if told.has_records(organization):
            prefill.refresh(_expected(project, partner, period))
        submission = drafts.start(project, partner, period, by=reporter)
        typed = _figures(cast, told, project, organization, number)
        drafts.write_figures(submission, [*typed, *(_without_records(submission) if told.has_records(organization) else [])], by=reporter)
        questions = drafts.questions_for(project)
        answers = {question.pk: text for question, text in zip(questions, story.ANSWERS, strict=True)}
        drafts.write_narrative(submission, by=reporter, answers=answers, challenges="Floods and road closures." if number % 3 == 1 else "")
        _spend(cast, project, partner, period, told)
        for flag in checks.check(submission).flags:
            if not flag.is_explained:
                submissions.explain(
                    submission,
                    indicator=flag.indicator,
                    place=flag.place,
                    flag=flag.kind,
                    sentence="Checked with the field team: the figure is right.",
                    by=reporter,
                )
        submissions.submit(submission, by=reporter)
    with at(_moment(period.due_on + timedelta(days=max(late, 0) + 6), 15)):
        if state == "accepted":
            submissions.accept(submission, by=mande)
        elif state == "returned":
            figure = submission.figures.filter(disaggregation__key="").order_by("indicator__order").last()
            assert figure is not None
            words = "Attendance sheets show fewer people. Which number is right?"
            submissions.return_for_revision(submission, by=mande, comments=[submissions.Comment(figure.indicator, figure.place, words)])


def _running_draft(cast: Cast, told: story.ProjectStory, project: Project, period: ReportingPeriod, today: date) -> None:
    """Who reports from cases opened the draft of the running period eight days ago; the cases moved on, so the records drift."""
    for organization in dict.fromkeys(plan.by for plan in told.indicators if plan.by):
        partner, reporter = cast.organizations[organization], cast.reporter(organization)
        opened = max(today - timedelta(days=8), period.starts_on)
        with at(_moment(opened)):
            prefill.refresh(_expected(project, partner, period))
            submission = drafts.start(project, partner, period, by=reporter)
            first = next(one for one in drafts.owed(project, partner, period) if not one.indicator.definition.computed_by)
            drafts.write_figures(
                submission,
                [FigureInput(first.indicator.code, first.place.code, numerator=Decimal(51), denominator=Decimal(84))],
                by=reporter,
            )
        prefill.refresh(_expected(project, partner, period))


def _expected(project: Project, partner: Organization, period: ReportingPeriod) -> ExpectedReport:
    return ExpectedReport.objects.select_related("project", "partner", "period").get(project=project, partner=partner, period=period)


def _spend(cast: Cast, project: Project, partner: Organization, period: ReportingPeriod, told: story.ProjectStory) -> None:
    offices = len({name for name, _place in told.partners})
    for row in project.grants.select_related("grant"):
        amount = (row.approved / 13 / offices).quantize(Decimal("1")) * Decimal("1.00")
        wobble = int(sha256(f"{project.code}{partner.pk}{period.code}".encode()).hexdigest(), 16) % 17 - 8
        spent = (amount * (100 + wobble) / 100).quantize(Decimal("0.01"))
        for_gender = (spent * row.gender_share / 100).quantize(Decimal("0.01"))
        grants.spend(
            row.grant,
            project=project,
            partner=partner,
            period=period,
            amount=spent,
            for_gender=for_gender,
            by=cast.people["manager"],
            source="ledger",
        )


def _figures(cast: Cast, told: story.ProjectStory, project: Project, organization: str, number: int) -> list[FigureInput]:
    found: list[FigureInput] = []
    for indicator in project.indicators.select_related("definition").order_by("order"):
        plan = next(p for p in told.indicators if p.code == indicator.code)
        for index, (name, place) in enumerate(told.partners):
            if name == organization and plan.by != name and not plan.alone:
                found += _figure(indicator, plan, cast.places[place].code, number, index)
    return found


def _without_records(submission: Submission) -> list[FigureInput]:
    """What the cases say nothing about yet: the reason, or that it is none."""
    filled = set(submission.figures.values_list("indicator", flat=True))
    rows = submission.project.indicators.exclude(pk__in=filled).exclude(definition__computed_by="").select_related("definition")
    owed = {one.indicator.pk: one.place.code for one in drafts.owed(submission.project, submission.partner, submission.period)}
    return [
        FigureInput(row.code, owed[row.pk], reason="not_due") if row.definition.is_ratio else FigureInput(row.code, owed[row.pk], value=Decimal(0))
        for row in rows
        if row.pk in owed
    ]  # fmt: skip


def _figure(indicator: Indicator, plan: story.Plan, place: str, number: int, index: int) -> list[FigureInput]:
    wobble = int(sha256(f"{indicator.project_id}{plan.code}{index}{number}".encode()).hexdigest(), 16) % 5 - 2
    if plan.of:
        asked = plan.of + 2 * number + index * 3
        share = min(plan.start + plan.step * number + wobble, 97)
        return [FigureInput(indicator.code, place, numerator=Decimal(round(asked * share / 100)), denominator=Decimal(asked))]
    definition = indicator.definition
    step = plan.step * (1 + index / 5)
    steady = definition.over_time != IndicatorDefinition.OverTime.PER_PERIOD
    total = max(round(plan.start + step * number + (0 if steady else wobble * max(plan.start, 4) / 20)), 0)
    found = [FigureInput(indicator.code, place, value=Decimal(total))]
    if definition.counts_people and total:
        found += [FigureInput(indicator.code, place, cell, value=Decimal(n)) for cell, n in _split(indicator, total)]
    return found


def _split(indicator: Indicator, total: int) -> list[tuple[dict[str, str], int]]:
    """The people of a figure over sex × age, adding up to the total; only where the definition offers it."""
    for breakdown in indicator.definition.breakdowns.prefetch_related("parts__dimension__categories"):
        if {part.dimension.code for part in breakdown.parts.all()} == {"sex", "age"}:
            return _share_out(total, [disaggregations.cell_of(key) for key in disaggregations.cells_of(breakdown)])
    return []


def _share_out(total: int, cells: list[dict[str, str]]) -> list[tuple[dict[str, str], int]]:
    weights = {
        ("female", "18-24"): 22,
        ("female", "25-35"): 18,
        ("female", "36-59"): 7,
        ("male", "18-24"): 26,
        ("male", "25-35"): 19,
        ("male", "36-59"): 8,
    }
    given = [(cell, total * weights.get((cell["sex"], cell["age"]), 0) // 100) for cell in cells]
    rest = total - sum(n for _cell, n in given)
    return [(cell, n + (rest if (cell["sex"], cell["age"]) == ("male", "18-24") else 0)) for cell, n in given]


def _activities(cast: Cast, today: date) -> None:
    manager, mande, focal = cast.people["manager"], cast.people["mande"], cast.people["focal"]
    dia, ins = cast.projects["DIA-01"], cast.projects["INS-01"]
    with at(_moment(today - timedelta(days=170))):
        for project in cast.projects.values():
            _look_for_harm(project, by=focal)
        talk = workplan.add_line(
            project=dia, code="1.3", title="Neighbourhood dialogue", partner=cast.organizations["BFD"], place=cast.places["SS0705"],
            starts_on=today - timedelta(days=150), ends_on=today + timedelta(days=37), by=manager,
        )  # fmt: skip
        workplan.move(talk, to="planned", by=manager)
        workplan.move(talk, to="under_way", by=manager)
    sexes = Disaggregation.objects.in_bulk(list(disaggregations.ensure(["sex=female", "sex=male"])), field_name="key")
    for number, (code, organization, place, kind, people) in enumerate(story.ACTIVITIES):
        day = today - timedelta(days=4 + 9 * number)
        with at(_moment(day, 16)):
            activities.record(
                project=cast.projects[code], partner=cast.organizations[organization], kind=kind, happened_on=day, place=cast.places[place],
                by=cast.reporter(organization), line=talk if code == "DIA-01" and kind == "dialogue" else None, people_present=people,
                cells={sexes["sex=female"]: people * 52 // 100, sexes["sex=male"]: people * 40 // 100}, children_present=number % 4, sheet_number=f"R-{400 + number:04d}",
            )  # fmt: skip
    with at(_moment(today - timedelta(days=8))):
        visits.record_visit(
            project=cast.projects["CVR-01"], partner=cast.organizations["NYI"], place=cast.places["SS0802"], visited_on=today - timedelta(days=9),
            purpose="Committees and the new well", by=mande, summary="The committee meets in the school. The well works.",
            findings=[
                visits.Found("Minutes are written and read out.", "good"),
                visits.Found("The sheet for August misses a page.", "major", owner=cast.reporter("NYI"), due_on=today + timedelta(days=6)),
            ],
        )  # fmt: skip
        actionpoints.raise_point(
            text="Renew the due diligence for Malakal Police Command",
            owner=manager,
            due_on=today + timedelta(days=10),
            by=mande,
            project=ins,
        )
        done = actionpoints.raise_point(
            text="Send the revised reporting sheet to all partners", owner=mande, due_on=today - timedelta(days=2), by=manager, project=dia
        )
        actionpoints.finish(done, note="Sent with the forms of this quarter.", by=mande)


_REASON = {
    True: "The rains delayed the start by one quarter; the pace since then is as planned.",
    False: "More people came in the first year than planned; the pace evens out with the second group.",
}


def _donor_reports(cast: Cast, today: date) -> None:
    manager, mande = cast.people["manager"], cast.people["mande"]
    old, new = ReportRequirement.objects.filter(grant=cast.grants["PBF-SSD-07"]).order_by("covers_through")
    with at(_moment(old.due_on - timedelta(days=5))):
        report = donor_report.start(old, by=mande)
        _write(report, mande)
        donor_report.freeze(report, by=mande)
        for line in report.figures.all():
            donor_report.explain(line, by=mande, reason=_REASON[line.is_below])
        report.refresh_from_db()
    with at(_moment(old.due_on - timedelta(days=2))):
        donor_report.sign_off(report, by=manager, content_hash=report.content_hash)
        file = report_files.ask_for(report, kind="docx", by=mande)
        report_files.build(file)
        file.refresh_from_db()
        content = b"".join(files.read(file.path, key_id="", purpose=report_files.PURPOSE, owner_id=str(file.pk)))
        report_files.keep_final(report, content=content, name="semi-annual-report.docx", by=mande)
        donor_report.send(report, by=manager)
    with at(_moment(today - timedelta(days=3))):
        current = donor_report.start(new, by=mande)
        _write(current, mande, leave=2)


def _write(report: object, by: User, leave: int = 0) -> None:
    sections = [s for s in report.sections.order_by("order") if s.state != "computed"]  # type: ignore[attr-defined]
    for section in sections[: len(sections) - leave]:
        rating = practice.text("outcome-ratings").split(";")[1].strip() if section.kind == "outcome" else ""
        donor_report.edit_section(section, by=by, text=story.SECTION_TEXT, rating=rating)


def _keys(cast: Cast, built: Built) -> None:
    """One key per partner, made by its manager or the administrator."""
    for organization in ("NYI", "WL", "BFD", "LAN"):
        office = cast.organizations[organization]
        by = cast.people["partner"] if organization == "NYI" else cast.people["admin"]
        issued = keys.create(
            organization=office,
            name=f"{office.name} sync",
            by=by,
            expires_at=timezone.now() + timedelta(days=180),
            may_write=True,
            may_submit=True,
        )
        access.give(user=issued.key.service_user, role=Role.PARTNER_REPORTER, organization=office, by=by)
        built.keys[office.name] = issued.secret
