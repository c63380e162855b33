"""Our words for what happens, and the codes by which ACLED and UCDP GED call it (domain/communities.md, section 3.3).

The mapping is for filters and triggers, never for adding sources together.
"""

from __future__ import annotations

from dataclasses import dataclass

from communities.models import Incident

T = Incident.Type


@dataclass(frozen=True)
class Coded:
    """``acled`` is event type / sub-event type; ``ucdp`` the type_of_violence that may apply, as words, empty where none does."""

    type: str
    acled: str
    ucdp: str


MAPPING: tuple[Coded, ...] = (
    Coded(T.BATTLE, "Battles", "1 if a state is a side, else 2 (lethal only)"),
    Coded(T.REMOTE, "Explosions/Remote violence", "1 or 2; 3 if civilians are the target (lethal only)"),
    Coded(T.CIVILIAN_ATTACK, "Violence against civilians / Attack", "3 (lethal only, organised actor)"),
    Coded(T.ABDUCTION, "Violence against civilians / Abduction/forced disappearance", ""),
    Coded(T.MOB, "Riots / Mob violence", ""),
    Coded(T.VIOLENT_DEMO, "Riots / Violent demonstration", ""),
    Coded(T.PROTEST, "Protests / Peaceful protest, Protest with intervention", ""),
    Coded(T.FORCE_ON_PROTEST, "Protests / Excessive force against protesters", "3 if lethal"),
    Coded(T.PROPERTY, "Strategic developments / Looting/property destruction", ""),
    Coded(T.TERRITORY_AGREEMENT_OTHER, "Strategic developments / other", ""),
    Coded(T.INTERCOMMUNAL, "Battles or Violence against civilians, actor code 4", "2 if lethal"),
    Coded(T.RECRUITMENT, "", ""),
    Coded(T.DISPLACEMENT, "", ""),
    Coded(T.LAND_DISPUTE, "", ""),
    Coded(T.THREAT, "", ""),
)
BY_TYPE = {one.type: one for one in MAPPING}

# Sub-types: ACLED's sub-event types that may stand in a row. Sexual violence never does: it is counted by quarter only.
SUB_TYPES: dict[str, tuple[str, ...]] = {
    T.BATTLE: ("Armed clash", "Government regains territory", "Non-state actor overtakes territory"),
    T.REMOTE: (
        "Chemical weapon", "Air/drone strike", "Suicide bomb", "Shelling/artillery/missile attack", "Remote explosive/landmine/IED", "Grenade",
    ),
    T.CIVILIAN_ATTACK: ("Attack",),
    T.ABDUCTION: ("Abduction/forced disappearance",),
    T.MOB: ("Mob violence",),
    T.VIOLENT_DEMO: ("Violent demonstration",),
    T.PROTEST: ("Peaceful protest", "Protest with intervention"),
    T.FORCE_ON_PROTEST: ("Excessive force against protesters",),
    T.PROPERTY: ("Looting/property destruction",),
    T.TERRITORY_AGREEMENT_OTHER: (
        "Agreement", "Arrests", "Change to group/activity", "Disrupted weapons use", "Headquarters or base established",
        "Non-violent transfer of territory", "Other",
    ),
    T.INTERCOMMUNAL: ("Cattle raid", "Armed clash", "Attack"),
}  # fmt: skip

# A new one of these sets the conflict-sensitivity reviews of the area "review due", and the first in months is a warning.
VIOLENT = frozenset({T.BATTLE, T.CIVILIAN_ATTACK, T.ABDUCTION, T.INTERCOMMUNAL})

# What a rate of violent incidents counts: ACLED's political violence, and violence between communities.
COUNTED_AS_VIOLENCE = VIOLENT | {T.REMOTE, T.MOB, T.FORCE_ON_PROTEST}


def ucdp_type(incident: Incident) -> int | None:
    """UCDP's type_of_violence where one applies: only lethal events have one."""
    if not incident.fatalities_best:
        return None
    state = Incident.Actor.STATE in {incident.actor_1, incident.actor_2}
    if incident.type == T.BATTLE:
        return 1 if state else 2
    if incident.type == T.REMOTE:
        return 3 if incident.civilians_targeted else 1 if state else 2
    return {T.CIVILIAN_ATTACK: 3, T.FORCE_ON_PROTEST: 3, T.INTERCOMMUNAL: 2}.get(T(incident.type))


def interaction(incident: Incident) -> str:
    """ACLED's two digits, the lower actor code first; 0 where nobody stands on the other side. Civilians with external are 78."""
    codes = sorted(code for code in (incident.actor_1, incident.actor_2) if code is not None)
    return "" if not codes else f"{codes[0]}{codes[1] if len(codes) == 2 else 0}"
