"""What happens in communities."""

from communities.models.communities import AccessCheck, Community, CommunityProject, PopulationCount

__all__ = ["AccessCheck", "Community", "CommunityProject", "PopulationCount"]
