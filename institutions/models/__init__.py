"""The institutional level: each file holds the records of one question; import them from here."""

from institutions.models.capacity import CapacityAction
from institutions.models.complaints import ComplaintKind, ComplaintMonth
from institutions.models.due_diligence import HrddpAssessment, HrddpEntry, HrddpMeasure
from institutions.models.institutions import Engagement, Institution, StaffCell, StaffCount
from institutions.models.reform import ReformStage, ReformStep
from institutions.models.support import FollowUpCheck, SupportDetail

__all__ = [
    "CapacityAction",
    "ComplaintKind",
    "ComplaintMonth",
    "Engagement",
    "FollowUpCheck",
    "HrddpAssessment",
    "HrddpEntry",
    "HrddpMeasure",
    "Institution",
    "ReformStage",
    "ReformStep",
    "StaffCell",
    "StaffCount",
    "SupportDetail",
]
