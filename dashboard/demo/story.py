"""What the demo tells, as tables. People, organizations and numbers are invented; the places are South Sudan's counties."""

from __future__ import annotations

from dataclasses import dataclass

PROGRAM = ("PTP", "Pathways to Peace")

# code, name, level, parent, latitude, longitude
PLACES = [
    ("SSD", "South Sudan", 0, "", "7.50000", "30.00000"),
    ("SS07", "Upper Nile", 1, "SSD", "9.90000", "32.70000"),
    ("SS08", "Unity", 1, "SSD", "9.20000", "29.80000"),
    ("SS0703", "Malakal", 2, "SS07", "9.53300", "31.66000"),
    ("SS0704", "Renk", 2, "SS07", "11.74800", "32.80500"),
    ("SS0705", "Nasir", 2, "SS07", "8.61500", "33.07000"),
    ("SS0706", "Kodok", 2, "SS07", "9.88300", "32.11700"),
    ("SS0801", "Bentiu", 2, "SS08", "9.25800", "29.79900"),
    ("SS0802", "Leer", 2, "SS08", "8.29900", "30.14200"),
    ("SS0803", "Abiemnhom", 2, "SS08", "9.42200", "28.55900"),
]

# key, name, kind, IATI type, identifier
ORGANIZATIONS = [
    ("agency", "Migration Agency", "agency", "40", "XM-DEMO-1"),
    ("NYI", "Nile Youth Initiative", "partner", "22", "XM-DEMO-2"),
    ("WL", "WomenLead", "partner", "22", "XM-DEMO-3"),
    ("BFD", "Bridges for Dialogue", "partner", "22", "XM-DEMO-4"),
    ("LAN", "Legal Aid Network", "partner", "22", "XM-DEMO-5"),
    ("PBF", "Peacebuilding Fund", "donor", "40", "XM-DEMO-6"),
    ("EU", "European donor", "donor", "15", "XM-DEMO-7"),
    ("police", "Malakal Police Command", "authority", "10", "XM-DEMO-8"),
    ("renk-police", "Renk Police Post", "authority", "10", "XM-DEMO-9"),
]

# e-mail name, name, employer, language, roles: (role, scope) with scope "program", "portal" or an organization's key
PEOPLE = [
    ("admin", "Dinka Administrator", "agency", "en", [("administrator", "portal")]),
    ("manager", "Rose Manager", "agency", "en", [("program_manager", "program")]),
    ("mande", "Amina Evaluator", "agency", "en", [("mande_officer", "program")]),
    ("reporter", "Ayen Reporter", "NYI", "en", [("partner_reporter", "NYI")]),
    ("partner", "Santino Partner", "NYI", "en", [("partner_manager", "NYI")]),
    ("caseworker", "Nyamal Caseworker", "NYI", "en", [("caseworker", "NYI")]),
    ("caseworker2", "Akuol Caseworker", "NYI", "ar", [("caseworker", "NYI")]),
    ("supervisor", "Deng Supervisor", "agency", "en", [("case_supervisor", "program")]),
    ("officer", "Samuel Institutions", "agency", "en", [("institution_officer", "program")]),
    ("focal", "Mary Focal Point", "agency", "fr", [("focal_point", "portal"), ("clearance_decider", "portal")]),
    ("auditor", "Peter Auditor", "agency", "en", [("auditor", "portal")]),
    ("donor", "Inge Donor", "PBF", "en", [("donor_viewer", "PBF")]),
    ("achol", "Achol Reporter", "WL", "en", [("partner_reporter", "WL")]),
    ("joseph", "Joseph Reporter", "BFD", "en", [("partner_reporter", "BFD")]),
    ("lino", "Lino Reporter", "LAN", "en", [("partner_reporter", "LAN")]),
]


@dataclass(frozen=True)
class Plan:
    """An indicator of a project: the library's code, under which result, what a quarter looks like per partner, and the aim.

    Numbers: ``start`` in the first quarter and ``step`` more each quarter; for a share ``start`` and ``step`` are percent of
    ``of`` people asked. ``baseline`` is a number or a percentage. What ``by`` partner reports comes from its cases in the portal;
    ``alone``: no other partner reports it.
    """

    code: str
    result: str
    start: int
    step: float
    target: int
    baseline: int = 0
    of: int = 0
    by: str = ""
    alone: bool = False


@dataclass(frozen=True)
class ProjectStory:
    code: str
    title: str
    level: str
    themes: dict[str, int]
    sensitivity: int
    results: list[tuple[str, str, str]]  # kind, number, title
    indicators: list[Plan]
    partners: list[tuple[str, str]]  # organization, place

    def has_records(self, organization: str) -> bool:
        """Whether this partner reports some of it from its own cases."""
        return any(plan.by == organization for plan in self.indicators)


PROJECTS = [
    ProjectStory(
        "PPS-01", "Youth pathways", "individual", {"youth": 60, "livelihoods": 40}, 2,
        [
            ("outcome", "1", "Young people see a future outside armed groups"),
            ("output", "1.1", "Young people at risk are found and supported"),
            ("output", "1.2", "Young people at risk have a livelihood"),
        ],
        [
            Plan("OUT-1", "1", 47, 2.4, 70, 41, of=80),
            Plan("DDR-7", "1", 0, 0, 65, 27, of=40, by="NYI", alone=True),
            Plan("DDR-1c", "1.1", 0, 0, 60, by="NYI", alone=True),
            Plan("DDR-6", "1.1", 3, 1.2, 40, by="NYI"),
            Plan("DDR-6b", "1.1", 0, 0, 40, by="NYI", alone=True),
            Plan("LIV-1", "1.1", 18, 3, 420),
            Plan("LIV-2", "1.2", 21, 2.5, 480),
            Plan("LIV-4", "1.2", 9, 3, 320),
            Plan("LIV-5", "1.2", 20, 11, 240),
        ],
        [("NYI", "SS0703"), ("WL", "SS0703")],
    ),
    ProjectStory(
        "PPS-02", "Skills and work", "individual", {"reintegration": 50, "livelihoods": 50}, 3,
        [
            ("outcome", "1", "Former combatants live from civilian work"),
            ("output", "1.1", "Participants have an agreed plan"),
            ("output", "1.2", "Participants learn a trade"),
        ],
        [
            Plan("DDR-7", "1", 38, 2.5, 65, 27, of=40),
            Plan("DDR-6", "1.1", 40, 13, 450),
            Plan("LIV-2", "1.2", 24, 2, 900),
            Plan("LIV-3", "1.2", 8, 1.5, 400),
        ],
        [("BFD", "SS0801"), ("WL", "SS0705"), ("LAN", "SS0802")],
    ),
    ProjectStory(
        "CVR-01", "Peace committees", "community", {"violence-reduction": 70, "women": 30}, 1,
        [
            ("outcome", "1", "Communities reduce violence themselves"),
            ("output", "1.1", "Committees meet and decide"),
            ("output", "1.2", "Local projects are completed"),
        ],
        [
            Plan("WPS-1", "1", 31, 2, 50, 24, of=36),
            Plan("COM-1", "1.1", 3, 0.7, 24),
            Plan("CON-3", "1.1", 6, 0.5, 260),
            Plan("CVR-1", "1.2", 0, 0.4, 48),
        ],
        [("NYI", "SS0802"), ("BFD", "SS0703"), ("LAN", "SS0801")],
    ),
    ProjectStory(
        "CVR-02", "Renk corridor", "community", {"dialogue": 100}, 2,
        [
            ("outcome", "1", "Herders and farmers keep the corridor open"),
            ("output", "1.1", "Agreements are made and kept"),
        ],
        [Plan("IMP-1", "1", 14, -0.9, 5, 16), Plan("AGR-1", "1.1", 0, 0.5, 12), Plan("AGR-3", "1.1", 3, -0.3, 4, 4)],
        [("WL", "SS0704")],
    ),
    ProjectStory(
        "DIA-01", "Dialogue on grazing", "community", {"dialogue": 60, "early-warning": 40}, 2,
        [
            ("outcome", "1", "Disputes over grazing are settled by talking"),
            ("output", "1.1", "Dialogue sessions bring the sides together"),
        ],
        [Plan("CON-2", "1", 32, 3, 60, 28, of=14), Plan("CON-1", "1.1", 4, 0.6, 90), Plan("COM-2", "1.1", 64, 9, 1800)],
        [("BFD", "SS0705")],
    ),
    ProjectStory(
        "INS-01", "Courts and forums", "institution", {"justice": 50, "policing": 30, "governance": 20}, 2,
        [
            ("outcome", "1", "Authorities act on what people bring"),
            ("output", "1.1", "Forums bring police and people together"),
            ("output", "1.2", "Mobile courts reach the counties"),
        ],
        [
            Plan("INS-2", "1", 41, 3.4, 75, 38, of=22),
            Plan("INS-1", "1.1", 3, 0.4, 80),
            Plan("JUS-2", "1.2", 11, 2, 480),
            Plan("LEG-1", "1.2", 36, 6, 1500),
        ],
        [("LAN", "SS0803"), ("BFD", "SS0706"), ("LAN", "SS0703")],
    ),
]  # fmt: skip

# reference, donor, title, currency, amount, {project: approved}, share for gender equality in percent
GRANTS = [
    (
        "PBF-SSD-07",
        "PBF",
        "Pathways for young people and committees",
        "USD",
        4_800_000,
        {"PPS-01": 1_900_000, "PPS-02": 1_700_000, "CVR-01": 1_200_000},
        31,
    ),
    (
        "EU-SSD-04",
        "EU",
        "Dialogue, justice and skills",
        "EUR",
        2_600_000,
        {"PPS-02": 600_000, "CVR-02": 500_000, "DIA-01": 600_000, "INS-01": 900_000},
        22,
    ),
]

QUESTIONS = [
    ("What changed for people in this period?", "Two or three concrete changes, and how you know.", 1500, True),
    ("What stood in the way, and what did you do about it?", "Access, weather, security, partners.", 1500, True),
    ("What did women and young people decide or lead?", "", 1000, False),
]

ANSWERS = [
    "Participants opened shops and work as carpenters and tailors; neighbours buy from them.",
    "Floods closed the road for four weeks. Sessions moved to the school and were made up for in the last month.",
    "Women chair two of the committees and called the meeting on the market.",
]

SECTION_TEXT = "Through this period the work went on as planned. Where a milestone was missed, the reason stands beside the number."

# How the reports of the last full quarter stand: (project, partner) -> state; all others are accepted.
LAST_QUARTER = {
    ("PPS-01", "NYI"): "submitted",
    ("PPS-01", "WL"): "returned",
    ("CVR-02", "WL"): "missing",
    ("DIA-01", "BFD"): "submitted",
    ("INS-01", "BFD"): "submitted",
}

ACTIVITIES = [
    ("DIA-01", "BFD", "SS0705", "dialogue", 34), ("DIA-01", "BFD", "SS0705", "dialogue", 29), ("DIA-01", "BFD", "SS0705", "committee", 13),
    ("CVR-01", "NYI", "SS0802", "committee", 18), ("CVR-01", "BFD", "SS0703", "works", 41), ("CVR-01", "LAN", "SS0801", "committee", 22),
    ("PPS-01", "NYI", "SS0703", "training", 31), ("PPS-01", "NYI", "SS0703", "training", 27), ("PPS-01", "WL", "SS0703", "distribution", 25),
    ("PPS-02", "LAN", "SS0802", "training", 19), ("PPS-02", "BFD", "SS0801", "advice", 9), ("INS-01", "LAN", "SS0803", "advice", 16),
    ("INS-01", "BFD", "SS0706", "dialogue", 38), ("CVR-02", "WL", "SS0704", "dialogue", 44),
]  # fmt: skip
