"""``docs/roles.md``: the roles and their words as a table that people without the code can read."""

from __future__ import annotations

from django.utils.translation import override

from accounts.roles import GRANTS, NEEDS_SCOPE, SECOND_FACTOR, Permission, Role, clash

_HEAD = """# Who may do what

Rendered from `accounts/roles.py` by `manage.py render_roles`; a test fails when the two differ. A role is held within a scope (an
organization's data, a program, a project, a place and what lies below it) and until a date: filled fields narrow, several memberships
widen. Nobody is superuser, and an administrator sees no figures of people.

## Roles

| role | needs a scope | second factor | never together with, for the same data |
|---|---|---|---|
"""


def text() -> str:
    with override("en"):
        return _HEAD + _roles() + "\n## Permissions\n\n" + _permissions() + "\n## What each role holds\n\n" + _grants()


def _roles() -> str:
    lines = []
    for role in Role:
        clashes = [str(other.label) for other in Role if clash(role, other)]
        others = "any role that writes" if len(clashes) > 6 else ", ".join(clashes)
        lines.append(f"| {role.label} | {_yes(role in NEEDS_SCOPE)} | {_yes(role in SECOND_FACTOR)} | {others} |\n")
    return "".join(lines)


def _permissions() -> str:
    lines = ["| word | lets a person | held by |\n", "|---|---|---|\n"]
    for word in Permission:
        held_by = ", ".join(str(role.label) for role in Role if word in GRANTS[role])
        lines.append(f"| `{word.value}` | {word.label} | {held_by} |\n")
    return "".join(lines)


def _grants() -> str:
    return "".join(f"- **{role.label}**: " + "; ".join(str(w.label) for w in Permission if w in GRANTS[role]) + ".\n" for role in Role)


def _yes(answer: bool) -> str:
    return "yes" if answer else "no"
