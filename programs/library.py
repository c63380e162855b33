"""The indicator library: rules freeze with the first acceptance; a successor takes over, approved by a second person."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from accounts.roles import Permission
from plumbing.refusals import Refused
from programs import access, tally
from programs.models import Dimension, Indicator, IndicatorDefinition

# What decides how figures add up; the title and the guidance may still be worded better.
RULES = ("measure", "decimals", "per", "over_time", "across", "counting")
EDITABLE = frozenset(
    {
        *RULES, "title", "definition", "level", "theme", "unit", "ascending", "sensitivity", "method", "source", "sdg_target", "computed_by",
    }
)  # fmt: skip

Breakdowns = Iterable[Iterable[str]]  # codes of dimensions, such as [["sex", "age"], ["status"]]
Options = Iterable[tuple[str, str]]  # code and label, in order


class DefinitionFrozen(Refused):
    """Figures were accepted under these rules: propose a successor instead."""


def freeze(definitions: Iterable[int]) -> int:
    """Freeze the rules of definitions at the first acceptance; the frozen stay as they are. Returns how many froze now."""
    return IndicatorDefinition.objects.filter(pk__in=set(definitions), frozen_at__isnull=True).update(frozen_at=timezone.now())


def guard_rules(definition: IndicatorDefinition) -> None:
    """Refuse a change of rules once they are frozen. Call before saving an edited definition."""
    before = IndicatorDefinition.objects.filter(pk=definition.pk, frozen_at__isnull=False).values(*RULES).first()
    changed = [name for name in RULES if before is not None and before[name] != getattr(definition, name)]
    if changed:
        names = ", ".join(str(getattr(IndicatorDefinition._meta.get_field(name), "verbose_name", name)) for name in changed)
        raise DefinitionFrozen(
            _("Figures were accepted under the present rules, so they cannot change (%(rules)s). Propose a successor.") % {"rules": names}
        )


def propose(*, by: User, code: str, breakdowns: Breakdowns = (), options: Options = (), **fields: Any) -> IndicatorDefinition:
    """Propose a new definition of the library; it is used once a second person approved it."""
    access.require_word(by, Permission.PROPOSE_DEFINITION)
    row = IndicatorDefinition(
        code=code.strip(), status=IndicatorDefinition.Status.PROPOSED, proposed_at=timezone.now(), proposed_by=by, **fields
    )
    row.full_clean()
    tally.guard(row)
    with transaction.atomic():
        row.save()
        set_breakdowns(row, breakdowns)
        set_options(row, options)
        audit.record("definition.proposed", [row], by=by, code=row.code)
    return row


def propose_successor(
    old: IndicatorDefinition, *, by: User, code: str, breakdowns: Breakdowns | None = None, options: Options | None = None, **changes: Any,
) -> IndicatorDefinition:  # fmt: skip
    """Propose a definition that will take over from ``old`` once a second person approves it."""
    access.require_word(by, Permission.PROPOSE_DEFINITION)
    if hasattr(old, "successor"):
        raise Refused(_("%(code)s already has a successor: %(next)s.") % {"code": old.code, "next": old.successor.code})
    kept = {f.name: getattr(old, f.name) for f in old._meta.concrete_fields if f.name not in _NEW}
    new = IndicatorDefinition(
        **{**kept, **changes},
        code=code,
        replaces=old,
        status=IndicatorDefinition.Status.PROPOSED,
        proposed_at=timezone.now(),
        proposed_by=by,
    )
    new.full_clean()
    tally.guard(new)
    with transaction.atomic():
        new.save()
        set_breakdowns(new, breakdowns_of(old) if breakdowns is None else breakdowns)
        set_options(new, old.options.values_list("code", "label") if options is None else options)
        audit.record("definition.proposed", [new, old], by=by, code=code)
    return new


def edit(
    definition: IndicatorDefinition, /, *, by: User, breakdowns: Breakdowns | None = None, options: Options | None = None, **fields: Any
) -> IndicatorDefinition:
    """Word a definition better, or change its rules while nothing was accepted under them. Changed breakdowns delete no figures.

    Raises ``DefinitionFrozen`` where the rules of a frozen definition would change, ``Invalid`` where its tally adds up by other rules.
    """
    _must_edit(definition, by)
    unknown = fields.keys() - EDITABLE
    if unknown:
        raise TypeError(f"{sorted(unknown)} of a definition is not edited")
    changed = sorted(name for name, value in fields.items() if getattr(definition, name) != value)
    for name, value in fields.items():
        setattr(definition, name, value)
    with transaction.atomic():
        guard_rules(definition)
        definition.full_clean()
        tally.guard(definition)
        definition.save(update_fields=[*fields, "updated_at"])  # never frozen_at: an acceptance may be setting it now
        if breakdowns is not None:
            set_breakdowns(definition, breakdowns)
        if options is not None:
            set_options(definition, options)
        audit.record("definition.changed", [definition], by=by, code=definition.code, changed=changed)
    return definition


def approve(definition: IndicatorDefinition, *, by: User) -> None:
    """Put a proposed definition in force. The indicators of what it replaces keep their history; new ones use the successor."""
    access.require_word(by, Permission.APPROVE_DEFINITION)
    if definition.proposed_by_id == by.pk:
        raise Refused(_("A second person approves a definition, not the one who proposed it."))
    with transaction.atomic():
        done = IndicatorDefinition.objects.filter(pk=definition.pk, status=IndicatorDefinition.Status.PROPOSED).update(
            status=IndicatorDefinition.Status.APPROVED, approved_at=timezone.now(), approved_by=by, updated_at=timezone.now()
        )
        if not done:
            raise Refused(_("This definition is no longer waiting for approval."))
        if definition.replaces_id is not None:
            IndicatorDefinition.objects.filter(pk=definition.replaces_id).update(
                status=IndicatorDefinition.Status.RETIRED, updated_at=timezone.now()
            )
        audit.record(
            "definition.approved", [definition], by=by, indicators=Indicator.objects.filter(definition=definition.replaces_id).count()
        )
    definition.refresh_from_db()


def retire(definition: IndicatorDefinition, *, by: User) -> None:
    """Offer a definition no longer. Indicators that use it go on and keep their figures."""
    _must_edit(definition, by)
    with transaction.atomic():
        done = (
            IndicatorDefinition.objects.filter(pk=definition.pk)
            .exclude(status=IndicatorDefinition.Status.RETIRED)
            .update(status=IndicatorDefinition.Status.RETIRED, updated_at=timezone.now())
        )
        if not done:
            raise Refused(_("This definition is already retired."))
        audit.record("definition.retired", [definition], by=by, code=definition.code)
    definition.refresh_from_db()


def breakdowns_of(definition: IndicatorDefinition) -> list[list[str]]:
    """Dimension codes of each breakdown, in order; needs ``breakdowns__parts__dimension`` prefetched on lists."""
    return [[part.dimension.code for part in breakdown.parts.all()] for breakdown in definition.breakdowns.all()]


def set_breakdowns(definition: IndicatorDefinition, breakdowns: Breakdowns) -> None:
    """Write the breakdowns anew where they differ. Raises ``Refused`` for a dimension that does not exist."""
    wanted = [list(codes) for codes in breakdowns]
    if breakdowns_of(definition) == wanted:
        return
    known = Dimension.objects.in_bulk({code for codes in wanted for code in codes}, field_name="code")
    missing = sorted({code for codes in wanted for code in codes} - set(known))
    if missing:
        raise Refused(_("There is no dimension %(code)s.") % {"code": ", ".join(missing)})
    definition.breakdowns.all().delete()
    for order, codes in enumerate(wanted):
        breakdown = definition.breakdowns.create(order=order)
        for place, code in enumerate(codes):
            breakdown.parts.create(dimension=known[code], order=place)


def set_options(definition: IndicatorDefinition, options: Options) -> None:
    """Write the answers in their order. An answer that figures hold is never taken away: the database refuses it."""
    wanted = [(code, label) for code, label in options]
    definition.options.exclude(code__in=[code for code, _label in wanted]).delete()
    for order, (code, label) in enumerate(wanted):
        definition.options.update_or_create(code=code, defaults={"label": label, "order": order})


def may_edit(definition: IndicatorDefinition, user: User) -> bool:
    """The library is kept by whoever proposes definitions; a project's own ones by whoever edits its framework."""
    if definition.project is None:
        return Permission.PROPOSE_DEFINITION in access.words(user)
    return access.allows(user, Permission.EDIT_FRAMEWORK, project=definition.project)


def _must_edit(definition: IndicatorDefinition, by: User) -> None:
    if not may_edit(definition, by):
        raise access.NotAllowed(_("You may not edit this definition."))


_NEW = {
    "id", "code", "status", "frozen_at", "replaces", "proposed_at", "proposed_by", "approved_at", "approved_by", "updated_at",
}  # fmt: skip
