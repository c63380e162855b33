"""An invented report with every kind of part, for the tests of the three files."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

from reporting.documents.content import (
    Breakdown,
    BreakdownRow,
    Change,
    Chart,
    ChartPoint,
    Fact,
    MoneyRow,
    MoneyTable,
    Number,
    ReportContent,
    ResultRow,
    ResultsTable,
    Section,
    Span,
    Status,
)

NOT_SET = Number(status=Status.NOT_SET)
HIDDEN = Number(status=Status.SUPPRESSED)


def people(value: int, **more: object) -> Number:
    return Number(value=Decimal(value), unit="persons", **more)  # type: ignore[arg-type]


def percent(value: str, **more: object) -> Number:
    return Number(value=Decimal(value), unit="%", **more)  # type: ignore[arg-type]


RESULTS = ResultsTable(
    caption="Results",
    baseline_heading="Baseline 2024",
    rows=(
        ResultRow(
            code="OUT-1",
            label="Youth who would turn down recruitment",
            baseline=percent("41"),
            milestone=percent("65"),
            target=percent("70"),
            reached=percent("57.099698", detail="189 of 331"),
            variance=Decimal("-12.15"),
            reason="Lower in Nasir and Leer, where floods took work away.",
        ),
        ResultRow(
            code="LIV-2",
            label="Completed vocational training",
            baseline=people(0),
            milestone=people(1100),
            target=people(1600),
            reached=people(1112),
            variance=Decimal("1.09"),
            notes=("jointly funded",),
        ),
        ResultRow(
            code="CON-9",
            label="Women in local peace committees",
            baseline=NOT_SET,
            milestone=NOT_SET,
            target=people(40),
            reached=HIDDEN,
        ),
        ResultRow(
            code="SGB-1",
            label="Agreements that hold after six months",
            baseline=people(0),
            milestone=people(3),
            target=people(6),
            reached=Number(status=Status.NOT_REPORTED),
            reason="The visit to Leer was put off to November.",
        ),
    ),
)

CHART = Chart(
    code="LIV-2",
    caption="Completed training is ahead of the plan",
    alternative="Persons who completed training rose from 96 in the first quarter of 2025 to 1,112; the plan was 1,100.",
    unit="persons",
    points=(
        ChartPoint("Q1 2025", date(2025, 3, 31), Decimal(96), Decimal(150)),
        ChartPoint("Q2 2025", date(2025, 6, 30), Decimal(390), Decimal(400)),
        ChartPoint("Q3 2025", date(2025, 9, 30), None, Decimal(700)),
        ChartPoint("Q4 2025", date(2025, 12, 31), Decimal(805), Decimal(900)),
        ChartPoint("Q1 2026", date(2026, 3, 31), Decimal(1112), Decimal(1100), partial=True),
        ChartPoint("Q2 2026", date(2026, 6, 30), None, Decimal(1600)),
    ),
    note="Persons, running total, four partners. Open dot: one partner of four had not reported.",
)

SPENDING = MoneyTable(
    caption="Spending by project",
    currency="USD",
    rows=(
        MoneyRow("PPS-01", Decimal("1200000.50"), Decimal("600000.25"), Decimal("50.00"), notes=("jointly funded",)),
        MoneyRow("PPS-02", Decimal("800000"), None, None),
    ),
    total=MoneyRow("Total", Decimal("2000000.50"), Decimal("600000.25"), Decimal("30.00")),
)

BY_SEX_AND_AGE = Breakdown(
    code="LIV-2",
    label="Completed vocational training",
    caption="Completed vocational training by age and sex",
    row_heading="Age",
    columns=("Women", "Men", "Total"),
    rows=(
        BreakdownRow("18–24", (HIDDEN, HIDDEN, people(312))),
        BreakdownRow("25–34", (HIDDEN, HIDDEN, people(800))),
        BreakdownRow("Total", (people(478), people(634), people(1112))),
    ),
    notes=("0 persons are not broken down.",),
)


def example(**changes: object) -> ReportContent:
    content = ReportContent(
        title="Semi-annual report, November 2026",
        reference="PBF-SSD-07",
        donor="UN Peacebuilding Fund",
        program="Pathways to Peace",
        version=2,
        through=date(2026, 9, 30),
        frozen_at=datetime(2026, 10, 20, 17, 40, tzinfo=UTC),
        cover=(
            Fact("grant", "Grant", "PBF-SSD-07"),
            Fact("gender_marker", "Gender marker", "2: significant aim"),
            Fact("recipients", "Recipients", "IOM, UNDP"),
        ),
        coverage=("41 of 45 expected reports are accepted.", "Not in: PPS-01, Nile Youth Initiative, 2026-Q3."),
        changes=(Change("LIV-2", "Completed vocational training", people(1126), people(1112), "Double attendance sheet, PPS-02 Q2"),),
        sections=(
            Section(
                "outcome-1",
                "2 Outcome 1: Young people at risk build a life outside armed groups",
                paragraphs=(
                    (Span("Since January 2025, "), Span("1,112", "LIV-2"), Span(" people completed vocational training.")),
                    (Span("One milestone is missed: <script>alert(1)</script> #panic() stays text."),),
                ),
                rating="on track",
                results=RESULTS,
                charts=(CHART,),
            ),
            Section("spending", "9 Spending", money=(SPENDING,)),
            Section("annex-b", "Annex B Who took part", breakdowns=(BY_SEX_AND_AGE,)),
        ),
    )
    return replace(content, **changes)  # type: ignore[arg-type]


def arabic() -> ReportContent:
    return example(
        language="ar",
        title="تقرير نصف سنوي",
        program="مسارات إلى السلام",
        sections=(
            Section(
                "outcome-1",
                "النتيجة ١",
                paragraphs=(
                    (
                        Span("أكمل "),
                        Span("1.112", "LIV-2"),
                        Span(" شخصا التدريب."),
                    ),
                ),
                results=RESULTS,
            ),
        ),
    )
