"""The records of surveys: what is asked, and what was answered; import them from here."""

from surveys.models.instruments import (
    Band,
    Domain,
    DomainText,
    Instrument,
    InstrumentVersion,
    Item,
    ItemText,
    ItemWeight,
    LevelDescriptor,
    Option,
    OptionSet,
    OptionText,
    Scheme,
    ShownIf,
)
from surveys.models.rounds import Answer, Score, SurveyResponse, SurveyRound

__all__ = [
    "Answer",
    "Band",
    "Domain",
    "DomainText",
    "Instrument",
    "InstrumentVersion",
    "Item",
    "ItemText",
    "ItemWeight",
    "LevelDescriptor",
    "Option",
    "OptionSet",
    "OptionText",
    "Scheme",
    "Score",
    "ShownIf",
    "SurveyResponse",
    "SurveyRound",
]
