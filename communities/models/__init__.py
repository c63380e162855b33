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
from communities.models.needs import Need, NeedRank, NeedsRanking, RankingGroup
from communities.models.projects import Contribution, LocalProject, LocalProjectStep, Payment, Satisfaction

__all__ = [
    "AccessCheck",
    "Commitment",
    "CommitmentEvidence",
    "Community",
    "CommunityProject",
    "Concern",
    "Contribution",
    "Decision",
    "Dispute",
    "DisputeFollowUp",
    "DisputeMediator",
    "DisputeParty",
    "DisputeStep",
    "Forum",
    "ForumSession",
    "LocalAgreement",
    "LocalProject",
    "LocalProjectStep",
    "Need",
    "NeedRank",
    "NeedsRanking",
    "Payment",
    "PopulationCount",
    "RankingGroup",
    "Satisfaction",
    "SeatLine",
    "Sitting",
]
