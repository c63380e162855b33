"""What was promised: each file holds the records of one question; import them from here."""

from programs.models.access import Invitation, Membership, MembershipQuerySet
from programs.models.actionpoints import ActionPoint
from programs.models.activities import ActivityAttendance, ActivityRecord, EvidenceFile, Finding, MonitoringVisit, WorkPlanLine
from programs.models.disaggregations import Category, Dimension, Disaggregation, DisaggregationCategory
from programs.models.gates import ConflictSensitivityReview, SupportClearance
from programs.models.indicators import (
    AssignmentPlace,
    BreakdownDimension,
    DefinitionBreakdown,
    DefinitionOption,
    Indicator,
    IndicatorDefinition,
    ReportingAssignment,
    Target,
)
from programs.models.money import Expenditure, Grant, GrantProject, ReportRequirement
from programs.models.periods import ExpectedReport, ReportingCalendar, ReportingPeriod
from programs.models.projects import (
    FrameworkChange,
    Level,
    Marker,
    Program,
    Project,
    ProjectLevel,
    ProjectPartner,
    ProjectPlace,
    ProjectTheme,
    Result,
    Sensitivity,
    Theme,
)

__all__ = [
    "ActionPoint",
    "ActivityAttendance",
    "ActivityRecord",
    "AssignmentPlace",
    "BreakdownDimension",
    "Category",
    "ConflictSensitivityReview",
    "DefinitionBreakdown",
    "DefinitionOption",
    "Dimension",
    "Disaggregation",
    "DisaggregationCategory",
    "EvidenceFile",
    "ExpectedReport",
    "Expenditure",
    "Finding",
    "FrameworkChange",
    "Grant",
    "GrantProject",
    "Indicator",
    "IndicatorDefinition",
    "Invitation",
    "Level",
    "Marker",
    "Membership",
    "MembershipQuerySet",
    "MonitoringVisit",
    "Program",
    "Project",
    "ProjectLevel",
    "ProjectPartner",
    "ProjectPlace",
    "ProjectTheme",
    "ReportRequirement",
    "ReportingAssignment",
    "ReportingCalendar",
    "ReportingPeriod",
    "Result",
    "Sensitivity",
    "SupportClearance",
    "Target",
    "Theme",
    "WorkPlanLine",
]
