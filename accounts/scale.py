"""Its part of ``seed_scale``: organizations and people for measuring, never for use."""

from __future__ import annotations

from accounts.models import Organization, User

ADDRESS = "scale-{role}@scale.example"


def seed(*, partners: int) -> tuple[Organization, list[Organization], dict[str, User]]:
    """The agency, its partners and one person per role that is measured; nobody can sign in with a password."""
    agency = Organization.objects.filter(kind="agency", parent=None).first() or Organization.objects.create(
        name="Scale Agency", kind="agency", iati_type="40"
    )
    have = {row.name: row for row in Organization.objects.filter(name__startswith="Scale partner")}
    wanted = [f"Scale partner {number:02d}" for number in range(1, partners + 1)]
    offices = [have.get(name) or Organization.objects.create(name=name, kind="partner", iati_type="22") for name in wanted]
    people = {}
    for role, employer in (("manager", agency), ("mande", agency), ("reporter", offices[0])):
        address = ADDRESS.format(role=role)
        people[role] = User.objects.filter(email=address).first() or User.objects.create_user(
            address, name=f"Scale {role}", organization=employer
        )
    return agency, offices, people
