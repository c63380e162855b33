"""What happens in communities."""

from communities.models.communities import AccessCheck, Community, CommunityProject, PopulationCount
from communities.models.disputes import Dispute, DisputeFollowUp, DisputeMediator, DisputeParty, DisputeStep
from communities.models.forums import (
    Commitment,
    CommitmentEvidence,
    Concern,
    Decision,
    Forum,
    ForumSession,
    LocalAgreement,
    SeatLine,
    Sitting,
)
from communities.models.incidents import Harm, Incident, IncidentWords, Likeness, ViolationCount
from communities.models.issues import ConflictAnalysis, ConflictIssue, PeaceFactor, Trend
from communities.models.needs import Need, NeedRank, NeedsRanking, RankingGroup
from communities.models.projects import Contribution, LocalProject, LocalProjectStep, Payment, Satisfaction
from communities.models.warnings import EarlyWarning, WarningThreshold

__all__ = [
    "AccessCheck",
    "Commitment",
    "CommitmentEvidence",
    "Community",
    "CommunityProject",
    "Concern",
    "ConflictAnalysis",
    "ConflictIssue",
    "Contribution",
    "Decision",
    "Dispute",
    "DisputeFollowUp",
    "DisputeMediator",
    "DisputeParty",
    "DisputeStep",
    "EarlyWarning",
    "Forum",
    "ForumSession",
    "Harm",
    "Incident",
    "IncidentWords",
    "Likeness",
    "LocalAgreement",
    "LocalProject",
    "LocalProjectStep",
    "Need",
    "NeedRank",
    "NeedsRanking",
    "Payment",
    "PeaceFactor",
    "PopulationCount",
    "RankingGroup",
    "Satisfaction",
    "SeatLine",
    "Sitting",
    "Trend",
    "ViolationCount",
    "WarningThreshold",
]
