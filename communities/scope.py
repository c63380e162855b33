"""How the memberships of a person reach what hangs on a community."""

from __future__ import annotations

from programs.scope import Via


def reached(path: str = "") -> dict[str, str | Via]:
    """The scope paths of a model whose community stands at ``path`` (empty: the community itself)."""
    anchor, prefix = path or "pk", f"{path}__" if path else ""
    return {
        "project": Via(anchor, "communities.CommunityProject", "community", "project"),
        "program": Via(anchor, "communities.CommunityProject", "community", "project__program"),
        "partner": f"{prefix}partner",
        "place": f"{prefix}place",
    }
