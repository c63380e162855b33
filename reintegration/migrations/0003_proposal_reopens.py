from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reintegration", "0002_referral_lost_agreement")]

    operations = [
        migrations.RemoveConstraint(model_name="stepproposal", name="proposal_of_a_step_by_two_people"),
        migrations.AddField(model_name="stepproposal", name="reopens", field=models.BooleanField(default=False)),
        migrations.AddConstraint(
            model_name="stepproposal",
            constraint=models.CheckConstraint(
                condition=models.Q(("to_state__in", ["screened", "closed"]), ("reopens", True), _connector="OR"),
                name="proposal_of_a_step_by_two_people",
            ),
        ),
    ]
