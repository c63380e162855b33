"""Before the decision a case keeps nothing more, by the database too: its own columns by checks; on PostgreSQL what hangs from it by a
trigger (SQLite rebuilds a table whenever it changes and would lose its triggers, or fail on them)."""

from django.db import migrations, models
from django.db.models import Q

TABLES = (
    "casecontact", "concern", "profile", "plan", "servicegiven", "itemhandedover", "participation", "referral", "overriderequest", "consent",
    "followup", "assessment",
)  # fmt: skip
BEFORE = ["identified", "screened", "verified", "ineligible", "deferred"]

GUARD = """
CREATE FUNCTION reintegration_admitted_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM reintegration_case WHERE id = NEW.case_id AND category = '') THEN
        RAISE EXCEPTION 'nothing more is written down until the person is eligible or accepted' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
"""
TRIGGER = """
CREATE TRIGGER admitted_first BEFORE INSERT ON reintegration_{table}
    FOR EACH ROW EXECUTE FUNCTION reintegration_admitted_guard();
"""


def _forward(apps, schema_editor):
    # A step back behind the decision left these standing until now.
    kept_after_a_step_back = apps.get_model("reintegration", "Case").objects.filter(category="", state__in=BEFORE)
    kept_after_a_step_back.update(
        is_foreign=None, programme_modality="", reinsertion_from=None, reinsertion_until=None, completed_on=None
    )


def _guard(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(GUARD)
        for table in TABLES:
            schema_editor.execute(TRIGGER.format(table=table))


def _unguard(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP FUNCTION reintegration_admitted_guard() CASCADE")


class Migration(migrations.Migration):
    dependencies = [("reintegration", "0004_steps_read_from_an_index")]
    operations = [
        migrations.RunPython(_forward, migrations.RunPython.noop),
        migrations.RemoveConstraint(model_name="case", name="case_category_after_the_decision"),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=~Q(state__in=BEFORE) | Q(category=""),
                name="case_category_after_the_decision",
                violation_error_message="The category is written down once the person is eligible or accepted.",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=Q(state__in=[*BEFORE, "closed", "revoked"]) | ~Q(category=""),
                name="case_decided_with_a_category",
                violation_error_message="Whoever is eligible or accepted has a category.",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=~Q(category="")
                | Q(
                    is_foreign__isnull=True,
                    programme_modality="",
                    reinsertion_from__isnull=True,
                    reinsertion_until__isnull=True,
                    completed_on__isnull=True,
                ),
                name="case_nothing_before_the_decision",
                violation_error_message="Nothing more is written down until the person is eligible or accepted.",
            ),
        ),
        migrations.RunPython(_guard, _unguard),
    ]
