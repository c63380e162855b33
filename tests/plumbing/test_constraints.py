"""Pairs that travel together and lists that the database holds, over every model of the portal."""

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import CheckConstraint

from programs.models import Target
from tests import factories

OURS = {"accounts", "locations", "programs", "surveys", "communities", "institutions", "reintegration", "reporting", "exchange"}
# When alone says enough: the other half is the portal itself, or the row's own author.
ALONE = {("donorreport", "commented_at"), ("donorreport", "accepted_at")}


def our_models():
    return [model for model in apps.get_models() if model._meta.app_label in OURS]


def test_every_optional_when_and_by_pair_is_guarded():
    unguarded = []
    for model in our_models():
        names = {field.name: field for field in model._meta.get_fields() if hasattr(field, "null")}
        for name, field in names.items():
            by = name.removesuffix("_at") + "_by"
            if not name.endswith("_at") or by not in names or not field.null or (model._meta.model_name, name) in ALONE:
                continue
            guarded = any(
                isinstance(c, CheckConstraint) and f"{name}__isnull" in str(c.condition) and f"{by}__isnull" in str(c.condition)
                for c in model._meta.constraints
            )
            if not guarded:
                unguarded.append(f"{model._meta.label}.{name}")
    assert unguarded == []


def test_every_list_of_choices_is_held_by_the_database():
    free = {("user", "language")}  # the list of languages is a setting of the installation
    unheld = []
    for model in our_models():
        for field in model._meta.local_fields:
            if field.choices and (model._meta.model_name, field.name) not in free:
                name = f"{model._meta.model_name}_{field.name}_listed"
                if name not in {c.name for c in model._meta.constraints}:
                    unheld.append(f"{model._meta.label}.{field.name}")
    assert unheld == []


@pytest.mark.django_db
def test_two_targets_without_partner_place_and_period_are_one_too_many():
    indicator = factories.world().indicator()
    Target.objects.create(indicator=indicator, value=10)
    with pytest.raises(IntegrityError), transaction.atomic():
        Target.objects.create(indicator=indicator, value=12)
    with pytest.raises(ValidationError, match="already a target for this partner"):
        Target(indicator=indicator, value=12).full_clean()


def test_no_constraint_relies_on_what_one_database_only_can_do():
    leaning = [
        constraint.name
        for model in our_models()
        for constraint in model._meta.constraints
        if getattr(constraint, "nulls_distinct", None) is not None or getattr(constraint, "include", None)
    ]
    assert leaning == []
