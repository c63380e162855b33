"""The words of results frameworks in English and French: column headings, kinds of result, measures, months.

Tables only. A heading that is not here is compared by resemblance (``frameworks.py``) and shown to a person.
"""

from __future__ import annotations

import re
from enum import StrEnum

from anyascii import anyascii


class Field(StrEnum):
    """What a column of the file fills in the portal."""

    KIND = "kind"
    RESULT = "result"
    IMPACT = "impact"
    OUTCOME = "outcome"
    OUTPUT = "output"
    INDICATOR = "indicator"
    CODE = "code"
    MEASURE = "measure"
    GROUP = "group"
    BASELINE = "baseline"
    BASELINE_YEAR = "baseline_year"
    TARGET = "target"
    MILESTONE = "milestone"
    FIGURE = "figure"
    SOURCE = "source"
    UNUSED = "unused"


ONCE = frozenset(Field) - {Field.MILESTONE, Field.FIGURE, Field.UNUSED}  # fields that at most one column may fill
NUMBERS = (Field.BASELINE, Field.TARGET, Field.MILESTONE, Field.FIGURE)

HEADINGS: dict[Field, tuple[str, ...]] = {
    Field.KIND: (
        *("result type", "type of result", "results level", "result level", "level", "level of result", "hierarchy", "type"),
        *("niveau", "niveau de resultat", "type de resultat", "niveau du resultat", "hierarchie"),
    ),
    Field.RESULT: (
        *("result", "results", "expected result", "expected results", "intervention logic", "results chain", "result statement"),
        *("results statement", "description of result", "objective", "objectives", "outcome or output", "outcomes and outputs"),
        *("resultat", "resultats", "resultat attendu", "resultats attendus", "logique d intervention", "chaine de resultats"),
        *("enonce du resultat", "objectif", "objectifs", "hierarchy of results", "project summary", "narrative summary"),
    ),
    Field.IMPACT: ("impact", "goal", "overall objective", "objectif global", "objectif general", "impacts"),
    Field.OUTCOME: ("outcome", "outcomes", "specific objective", "effet", "effets", "objectif specifique", "effet direct"),
    Field.OUTPUT: ("output", "outputs", "produit", "produits", "extrant", "extrants"),
    Field.INDICATOR: (
        *("indicator", "indicators", "objectively verifiable indicator", "objectively verifiable indicators", "ovi", "ovis", "kpi"),
        *("performance indicator", "performance indicators", "indicator name", "indicator title", "indicator description"),
        *("key performance indicator", "indicateur", "indicateurs", "indicateurs objectivement verifiables", "iov"),
        *("indicateur objectivement verifiable", "indicateur de performance", "indicateurs de performance", "libelle de l indicateur"),
        *("intitule de l indicateur", "description de l indicateur"),
    ),
    Field.CODE: (
        *("code", "indicator code", "no", "nr", "ref", "indicator no", "indicator number", "indicator id", "id", "number of indicator"),
        *("code de l indicateur", "numero", "n", "code indicateur", "no de l indicateur", "numero de l indicateur"),
    ),
    Field.MEASURE: (
        *("unit", "unit of measure", "unit of measurement", "measure", "measurement unit", "type of measure", "measurement type"),
        *("unite", "unite de mesure", "mesure", "type de mesure", "uom"),
    ),
    Field.GROUP: (
        *("group", "population", "population group", "beneficiary type", "beneficiary group", "beneficiaries", "target group"),
        *("target population", "type of beneficiary", "category of beneficiaries", "groupe", "groupe de population", "groupe cible"),
        *("population cible", "beneficiaires", "type de beneficiaires", "categorie de beneficiaires", "type de beneficiaire"),
    ),
    Field.BASELINE: (
        *("baseline", "baseline value", "base line", "bl", "baseline figure", "baseline data", "starting value", "baseline status"),
        *("valeur de reference", "valeur de base", "situation de reference", "ligne de base", "valeur initiale", "reference"),
        *("niveau de reference", "donnees de reference", "donnee de reference", "valeur de depart", "base"),
    ),
    Field.BASELINE_YEAR: ("baseline year", "year of baseline", "baseline date", "annee de reference", "annee de base"),
    Field.TARGET: (
        *("target", "targets", "target value", "end target", "end of project target", "final target", "target end of project"),
        *("planned", "lop target", "life of project target", "overall target", "target total", "total target", "endline target"),
        *("cible", "cibles", "valeur cible", "cible finale", "cible fin de projet", "cible de fin de projet", "objectif chiffre"),
        *("prevu", "valeur prevue", "cible totale"),
    ),
    Field.MILESTONE: ("milestone", "milestones", "annual target", "interim target", "jalon", "jalons", "cible annuelle"),
    Field.FIGURE: (
        *("actual", "actuals", "achieved", "achievement", "achievements", "result to date", "progress", "current value", "reported"),
        *("cumulative achievement", "value achieved", "actual value", "figure", "figures", "progress to date", "achieved to date"),
        *("realise", "realises", "realisation", "realisations", "atteint", "resultat atteint", "resultats atteints", "valeur atteinte"),
        *("valeur actuelle", "resultat obtenu", "resultats obtenus", "progres", "valeur realisee"),
    ),
    Field.SOURCE: (
        *("source", "sources", "source of data", "data source", "data sources", "means of verification", "mov", "movs", "sov"),
        *("source of verification", "sources of verification", "sources and means of verification", "source des donnees"),
        *("moyens de verification", "moyen de verification", "sources de verification", "source de verification"),
        *("sources et moyens de verification",),
    ),
    Field.UNUSED: (
        *("remarks", "remark", "comments", "comment", "notes", "note", "assumptions", "risks", "risks and assumptions", "frequency"),
        *("assumptions and risks", "responsible", "responsibility", "status", "variance", "percent achieved", "achievement rate"),
        *("percent of target", "progress percent", "responsible party", "collection method", "data collection method", "budget"),
        *("remarques", "commentaires", "observations", "hypotheses", "risques", "hypotheses et risques", "responsable", "frequence"),
        *("statut", "ecart", "taux de realisation", "taux d execution", "methode de collecte"),
    ),
}

WORDS: dict[str, Field] = {words: field for field, headings in HEADINGS.items() for words in headings}

RESULT_KINDS: dict[str, str] = {
    **dict.fromkeys(("impact", "goal", "overall objective", "objectif global", "objectif general", "resultat ultime"), "impact"),
    **dict.fromkeys(("outcome", "effet", "effet direct", "specific objective", "objectif specifique", "purpose"), "outcome"),
    **dict.fromkeys(("resultat intermediaire", "resultat immediat", "intermediate outcome", "immediate outcome"), "outcome"),
    **dict.fromkeys(("output", "produit", "extrant"), "output"),
}
DEPTH = {"impact": 0, "outcome": 1, "output": 2}

MEASURES: dict[str, str] = {
    **dict.fromkeys(("percentage", "percent", "pourcentage", "share", "proportion", "part", "taux en percent", "pct"), "percentage"),
    **dict.fromkeys(("text", "texte", "qualitative", "qualitatif", "narrative", "yes no", "oui non"), "text"),
}
SHARE_NAMES = re.compile(r"^(?:percent|percentage|pourcentage|proportion|share of|part des|part de) ")

TOTALS = frozenset({"total", "totals", "sub total", "subtotal", "grand total", "totaux", "sous total", "total general", "sum"})

MONTHS: dict[str, int] = {
    name: number
    for number, names in enumerate(
        (
            "january jan janvier janv",
            "february feb fevrier fevr fev",
            "march mar mars",
            "april apr avril avr",
            "may mai",
            "june jun juin",
            "july jul juillet juil",
            "august aug aout",
            "september sep sept septembre",
            "october oct octobre",
            "november nov novembre",
            "december dec decembre",
        ),
        start=1,
    )
    for name in names.split()
}


def plain(text: str) -> str:
    """A heading or word without accents, case, brackets and marks: ``Valeur de référence (2019)`` → ``valeur de reference 2019``."""
    latin = anyascii(text).lower().replace("%", " percent ").replace("#", " ")
    return " ".join(re.sub(r"[^a-z0-9]+", " ", latin).split())
