from django.db import migrations, models


def number_the_first(apps, schema_editor):
    """A follow-up without a number slipped through: a database takes a check that is unknown for one that holds."""
    apps.get_model("surveys", "SurveyRound").objects.filter(stage="followup", number__isnull=True).update(number=1)


class Migration(migrations.Migration):

    dependencies = [
        ("surveys", "0002_answered_versions_stand"),
    ]

    operations = [
        migrations.RunPython(number_the_first, migrations.RunPython.noop),
        migrations.RemoveConstraint(
            model_name="surveyround",
            name="survey_round_follow_up_numbered",
        ),
        migrations.AddConstraint(
            model_name="surveyround",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("number__gte", 1), ("number__isnull", False), ("stage", "followup")),
                    models.Q(models.Q(("stage", "followup"), _negated=True), ("number__isnull", True)),
                    _connector="OR",
                ),
                name="survey_round_follow_up_numbered",
                violation_error_message="A follow-up has a number from 1 on; other rounds have none.",
            ),
        ),
    ]
