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
from programs import access
from programs.models import Indicator, IndicatorDefinition

# What decides how figures add up; the title and the guidance may still be worded better.
RULES = ("measure", "decimals", "per", "over_time", "across", "counting")


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


def propose_successor(old: IndicatorDefinition, *, by: User, code: str, **changes: Any) -> IndicatorDefinition:
    """Propose a definition that will take over from ``old`` once a second person approves it."""
    access.require(by, Permission.PROPOSE_DEFINITION)
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
    with transaction.atomic():
        new.save()
        for breakdown in old.breakdowns.prefetch_related("parts"):
            copy = new.breakdowns.create(order=breakdown.order)
            for part in breakdown.parts.all():
                copy.parts.create(dimension_id=part.dimension_id, order=part.order)
        for option in old.options.all():
            new.options.create(code=option.code, label=option.label, order=option.order)
        audit.record("definition.proposed", [new, old], by=by, code=code)
    return new


def approve(definition: IndicatorDefinition, *, by: User) -> None:
    """Put a proposed definition in force. The indicators of what it replaces keep their history; new ones use the successor."""
    access.require(by, Permission.APPROVE_DEFINITION)
    if definition.proposed_by_id == by.pk:
        raise Refused(_("A second person approves a definition, not the one who proposed it."))
    with transaction.atomic():
        done = IndicatorDefinition.objects.filter(pk=definition.pk, status=IndicatorDefinition.Status.PROPOSED).update(
            status=IndicatorDefinition.Status.APPROVED, approved_at=timezone.now(), approved_by=by
        )
        if not done:
            raise Refused(_("This definition is no longer waiting for approval."))
        if definition.replaces_id is not None:
            IndicatorDefinition.objects.filter(pk=definition.replaces_id).update(status=IndicatorDefinition.Status.RETIRED)
        audit.record(
            "definition.approved", [definition], by=by, indicators=Indicator.objects.filter(definition=definition.replaces_id).count()
        )
    definition.refresh_from_db()


_NEW = {
    "id", "code", "status", "frozen_at", "replaces", "proposed_at", "proposed_by", "approved_at", "approved_by", "updated_at",
}  # fmt: skip
