"""What was delivered: each file holds the records of one question; import them from here."""

from reporting.models.donor_reports import (
    DonorReport,
    DonorReportChange,
    DonorReportFigure,
    DonorReportFile,
    DonorReportSection,
    DonorReportSource,
    WordTemplate,
)
from reporting.models.figures import Figure, FigureDecision, FigureNote, FlagReason, RestatedReport, Restatement, RollupRow
from reporting.models.prefills import Prefill, PrefillCell, RecordsCheck
from reporting.models.published import PublishedNumber
from reporting.models.submissions import (
    Attachment,
    NarrativeAnswer,
    NarrativeQuestion,
    Reopening,
    Submission,
    SubmissionSnapshot,
)

__all__ = [
    "Attachment",
    "DonorReport",
    "DonorReportChange",
    "DonorReportFigure",
    "DonorReportFile",
    "DonorReportSection",
    "DonorReportSource",
    "Figure",
    "FigureDecision",
    "FigureNote",
    "FlagReason",
    "NarrativeAnswer",
    "NarrativeQuestion",
    "Prefill",
    "PrefillCell",
    "PublishedNumber",
    "RecordsCheck",
    "Reopening",
    "RestatedReport",
    "Restatement",
    "RollupRow",
    "Submission",
    "SubmissionSnapshot",
    "WordTemplate",
]
