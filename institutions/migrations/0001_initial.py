import django.core.validators
import django.db.models.deletion
import django.db.models.functions.comparison
import django.utils.timezone
import plumbing.numbers
import privacy.fields
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0003_a_key_may_work_on_cases'),
        ('accounts', '__first__'),
        ('locations', '0001_initial'),
        ('programs', '0003_review_due'),
        ('surveys', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Institution',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('police_station', 'Police station'), ('police_command', 'Police command'), ('army_unit', 'Army unit'), ('justice', 'Court or justice body'), ('corrections', 'Prison or corrections service'), ('local_government', 'Local government'), ('national_government', 'National government'), ('traditional_authority', 'Traditional authority'), ('oversight_body', 'Oversight body'), ('civil_society', 'Civil society organization'), ('ddr_commission', 'DDR commission')], max_length=24, verbose_name='kind')),
                ('commands_forces', models.BooleanField(default=False, help_text='A civilian or military authority that forces answer to.', verbose_name='in command of a security force')),
                ('posts', models.PositiveIntegerField(blank=True, null=True, verbose_name='posts or offices')),
                ('note', models.TextField(blank=True, help_text='No names of people at risk, no allegations.', verbose_name='note')),
                ('recorded_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(auto_now=True, db_index=True)),
                ('organization', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='institution', to='accounts.organization', verbose_name='organization')),
                ('parent', models.ForeignKey(blank=True, help_text='The command or body above it, where it is recorded too.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='units', to='institutions.institution', verbose_name='answers to')),
                ('place', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='institutions', to='locations.place', verbose_name='place')),
                ('recorded_by', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'institution',
                'verbose_name_plural': 'institutions',
                'ordering': ['organization__name'],
                'constraints': [models.CheckConstraint(condition=models.Q(('parent__isnull', True), models.Q(('parent', models.F('id')), _negated=True), _connector='OR'), name='institution_not_under_itself', violation_error_message='An institution cannot answer to itself.'), models.CheckConstraint(condition=models.Q(('kind__in', ['police_station', 'police_command', 'army_unit', 'justice', 'corrections', 'local_government', 'national_government', 'traditional_authority', 'oversight_body', 'civil_society', 'ddr_commission'])), name='institution_kind_listed', violation_error_message='kind has a value that is not on its list.')],
            },
        ),
        migrations.CreateModel(
            name='Engagement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('partner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organization', verbose_name='partner')),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='institutions', to='programs.project', verbose_name='project')),
                ('institution', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='engagements', to='institutions.institution', verbose_name='institution')),
            ],
            options={
                'verbose_name': 'project that works with it',
                'verbose_name_plural': 'projects that work with it',
                'constraints': [models.UniqueConstraint(models.F('institution'), models.F('project'), django.db.models.functions.comparison.Coalesce(models.F('partner'), models.Value(0, models.BigIntegerField()), output_field=models.BigIntegerField()), name='engagement_once', violation_error_message='This project and partner are there already.')],
            },
        ),
        migrations.CreateModel(
            name='HrddpAssessment',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('unit', models.CharField(blank=True, help_text='Where only a part of it is supported.', max_length=200, verbose_name='unit')),
                ('support', models.CharField(help_text='These words stand on the clearance and are read by all.', max_length=300, verbose_name='support planned')),
                ('support_kind', models.CharField(choices=[('training', 'Training, mentoring or advice that raises operational capability'), ('institution', 'Capacity and institution building'), ('command', 'Support to the authorities in command'), ('financial', 'Financial support, salaries included'), ('logistics', 'Equipment, works, logistics'), ('operations', 'Operational support or joint operations'), ('law_training', 'Training or awareness in humanitarian, human rights or refugee law'), ('standards', 'Standard-setting'), ('mandate', 'Mandate work such as mediation')], max_length=12, verbose_name='kind of support')),
                ('scope', models.CharField(blank=True, choices=[('in', 'Within the policy'), ('out', 'Outside the policy')], max_length=3, verbose_name='scope')),
                ('scope_reason', models.CharField(blank=True, max_length=500, verbose_name='why in or out')),
                ('record', privacy.fields.EncryptedTextField(blank=True, default='', verbose_name='record of violations')),
                ('command', privacy.fields.EncryptedTextField(blank=True, default='', verbose_name='command and control')),
                ('oversight', privacy.fields.EncryptedTextField(blank=True, default='', verbose_name='oversight and accountability')),
                ('conduct', privacy.fields.EncryptedTextField(blank=True, default='', verbose_name='conduct of the unit now')),
                ('ability_to_mitigate', privacy.fields.EncryptedTextField(blank=True, default='', verbose_name='ability to mitigate')),
                ('political', privacy.fields.EncryptedTextField(blank=True, default='', verbose_name='political and conflict context')),
                ('likelihood', models.PositiveSmallIntegerField(blank=True, help_text='1 (remote) to 5 (expected).', null=True, verbose_name='likelihood')),
                ('severity', models.PositiveSmallIntegerField(blank=True, help_text='1 (slight) to 5 (grave violations).', null=True, verbose_name='severity')),
                ('risk_level', models.CharField(blank=True, choices=[('low', 'Low'), ('medium', 'Medium'), ('high', 'High')], max_length=6, verbose_name='risk level')),
                ('state', models.CharField(choices=[('preparing', 'Being prepared'), ('waiting', 'Waits for a decision'), ('decided', 'Decided'), ('review_due', 'Review due')], default='preparing', max_length=10, verbose_name='state')),
                ('prepared_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('sent_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('decision', models.CharField(blank=True, choices=[('proceed', 'Proceed'), ('proceed_with_mitigation', 'Proceed with mitigation'), ('decline', 'Decline'), ('suspend', 'Suspend'), ('withdraw', 'Withdraw')], max_length=24, verbose_name='decision')),
                ('decision_reason', privacy.fields.EncryptedTextField(blank=True, default='', verbose_name='why')),
                ('conditions', models.TextField(blank=True, verbose_name='conditions')),
                ('valid_until', models.DateField(blank=True, null=True, verbose_name='valid until')),
                ('decided_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('updated_at', models.DateTimeField(auto_now=True, db_index=True)),
                ('clearance', models.OneToOneField(blank=True, editable=False, help_text='What everybody else sees of the decision.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='assessment', to='programs.supportclearance')),
                ('decided_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('prepared_by', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.project', verbose_name='project')),
                ('sent_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('institution', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='assessments', to='institutions.institution', verbose_name='recipient')),
            ],
            options={
                'verbose_name': 'human-rights due diligence',
                'verbose_name_plural': 'human-rights due diligence',
                'ordering': ['-prepared_at'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('sent_at__isnull', True), ('sent_by__isnull', True)), models.Q(('sent_at__isnull', False), ('sent_by__isnull', False)), _connector='OR'), name='hrddp_sent_when_and_by', violation_error_message='sent_at and sent_by go together: give both or neither.'), models.CheckConstraint(condition=models.Q(models.Q(('decided_at__isnull', True), ('decided_by__isnull', True)), models.Q(('decided_at__isnull', False), ('decided_by__isnull', False)), _connector='OR'), name='hrddp_decided_when_and_by', violation_error_message='decided_at and decided_by go together: give both or neither.'), models.CheckConstraint(condition=models.Q(('decided_by__isnull', True), models.Q(('decided_by', models.F('prepared_by')), _negated=True), _connector='OR'), name='hrddp_decided_by_somebody_else', violation_error_message='Whoever prepared the assessment does not decide it.'), models.CheckConstraint(condition=models.Q(('sent_by__isnull', True), ('decided_by__isnull', True), models.Q(('decided_by', models.F('sent_by')), _negated=True), _connector='OR'), name='hrddp_decided_by_who_did_not_send_it', violation_error_message='Whoever sent the assessment to the decision does not decide it.'), models.CheckConstraint(condition=models.Q(('scope', ''), models.Q(('scope_reason', ''), _negated=True), _connector='OR'), name='hrddp_scope_with_a_reason', violation_error_message='Say why the support is within or outside the policy.'), models.CheckConstraint(condition=models.Q(models.Q(('likelihood__isnull', True), ('severity__isnull', True)), models.Q(('likelihood__range', (1, 5)), ('severity__range', (1, 5))), _connector='OR'), name='hrddp_risk_on_its_scale', violation_error_message='Rate likelihood and severity, each from 1 to 5.'), models.CheckConstraint(condition=models.Q(models.Q(('decided_at__isnull', True), ('decision', '')), models.Q(models.Q(('decision', ''), _negated=True), ('decided_at__isnull', False)), _connector='OR'), name='hrddp_decision_has_its_day'), models.CheckConstraint(condition=models.Q(models.Q(('decision', 'proceed_with_mitigation'), _negated=True), models.Q(('conditions', ''), _negated=True), _connector='OR'), name='hrddp_mitigation_named', violation_error_message='Name what mitigates the risk.'), models.CheckConstraint(condition=models.Q(('state__in', ['preparing', 'waiting']), models.Q(('decision', ''), _negated=True), _connector='OR'), name='hrddp_decided_has_its_decision'), models.CheckConstraint(condition=models.Q(('state__in', ['preparing', 'waiting', 'decided', 'review_due'])), name='hrddpassessment_state_listed', violation_error_message='state has a value that is not on its list.'), models.CheckConstraint(condition=models.Q(('support_kind__in', ['training', 'institution', 'command', 'financial', 'logistics', 'operations', 'law_training', 'standards', 'mandate'])), name='hrddpassessment_support_kind_listed', violation_error_message='support_kind has a value that is not on its list.'), models.CheckConstraint(condition=models.Q(('scope__in', ['', 'in', 'out'])), name='hrddpassessment_scope_listed', violation_error_message='scope has a value that is not on its list.'), models.CheckConstraint(condition=models.Q(('decision__in', ['', 'proceed', 'proceed_with_mitigation', 'decline', 'suspend', 'withdraw'])), name='hrddpassessment_decision_listed', violation_error_message='decision has a value that is not on its list.'), models.CheckConstraint(condition=models.Q(('risk_level__in', ['', 'low', 'medium', 'high'])), name='hrddpassessment_risk_level_listed', violation_error_message='risk_level has a value that is not on its list.')],
            },
        ),
        migrations.CreateModel(
            name='HrddpEntry',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('informed', 'Policy explained to the authorities'), ('monitoring', 'Monitoring'), ('allegation', 'Allegation of a grave violation'), ('intervention', 'Intervention with the authorities'), ('decision', 'Decision')], max_length=12, verbose_name='what')),
                ('happened_on', models.DateField(verbose_name='date')),
                ('text', privacy.fields.EncryptedTextField(help_text='No names of victims or sources.', verbose_name='what happened')),
                ('recorded_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('assessment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='institutions.hrddpassessment')),
                ('recorded_by', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'entry of the log',
                'verbose_name_plural': 'entries of the log',
                'ordering': ['-happened_on', '-recorded_at'],
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['informed', 'monitoring', 'allegation', 'intervention', 'decision'])), name='hrddpentry_kind_listed', violation_error_message='kind has a value that is not on its list.')],
            },
        ),
        migrations.CreateModel(
            name='HrddpMeasure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('action_point', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='hrddp_measure', to='programs.actionpoint')),
                ('assessment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='measures', to='institutions.hrddpassessment')),
            ],
            options={
                'verbose_name': 'measure',
                'verbose_name_plural': 'measures',
                'ordering': ['action_point__due_on', 'id'],
            },
        ),
        migrations.CreateModel(
            name='ReformStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('law', 'Law'), ('policy', 'Policy'), ('strategy', 'Strategy'), ('procedure', 'Procedure'), ('oversight_body', 'Oversight body'), ('truth', 'Transitional justice: truth'), ('justice', 'Transitional justice: justice'), ('reparation', 'Transitional justice: reparation'), ('non_recurrence', 'Transitional justice: non-recurrence')], max_length=14, verbose_name='kind')),
                ('title', models.CharField(max_length=200, verbose_name='title')),
                ('summary', models.TextField(blank=True, verbose_name='what it changes')),
                ('recorded_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(auto_now=True, db_index=True)),
                ('institution', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reform_steps', to='institutions.institution', verbose_name='institution')),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reform_steps', to='programs.project', verbose_name='project')),
                ('recorded_by', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'reform step',
                'verbose_name_plural': 'reform steps',
                'ordering': ['title'],
                'constraints': [models.UniqueConstraint(fields=('institution', 'title'), name='reform_title_once', violation_error_message='This step is recorded for the institution already.'), models.CheckConstraint(condition=models.Q(('kind__in', ['law', 'policy', 'strategy', 'procedure', 'oversight_body', 'truth', 'justice', 'reparation', 'non_recurrence'])), name='reformstep_kind_listed', violation_error_message='kind has a value that is not on its list.')],
            },
        ),
        migrations.CreateModel(
            name='ReformStage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('stage', models.PositiveSmallIntegerField(choices=[(1, 'Drafted'), (2, 'Consulted'), (3, 'Adopted'), (4, 'Budgeted'), (5, 'Implemented')], verbose_name='stage')),
                ('reached_on', models.DateField(verbose_name='reached on')),
                ('evidence', models.CharField(help_text='What proves it and where it is kept.', max_length=500, verbose_name='evidence')),
                ('women_consulted', models.PositiveIntegerField(blank=True, null=True, verbose_name='women consulted')),
                ('men_consulted', models.PositiveIntegerField(blank=True, null=True, verbose_name='men consulted')),
                ('recorded_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('recorded_by', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('step', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='stages', to='institutions.reformstep')),
            ],
            options={
                'verbose_name': 'stage',
                'verbose_name_plural': 'stages',
                'ordering': ['stage'],
                'constraints': [models.UniqueConstraint(fields=('step', 'stage'), name='reform_stage_once', violation_error_message='This stage is recorded already.'), models.CheckConstraint(condition=models.Q(('evidence', ''), _negated=True), name='reform_stage_has_evidence', violation_error_message='A stage counts only with its evidence.'), models.CheckConstraint(condition=models.Q(('stage', 2), models.Q(('men_consulted__isnull', True), ('women_consulted__isnull', True)), _connector='OR'), name='reform_people_consulted_at_consultation', violation_error_message='People are counted where the stage is the consultation.'), models.CheckConstraint(condition=models.Q(('stage__in', [1, 2, 3, 4, 5])), name='reformstage_stage_listed', violation_error_message='stage has a value that is not on its list.')],
            },
        ),
        migrations.CreateModel(
            name='StaffCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('counted_on', models.DateField(verbose_name='counted on')),
                ('source', models.CharField(help_text='Such as the staff list of June.', max_length=200, verbose_name='source')),
                ('total', models.PositiveIntegerField(verbose_name='people in service')),
                ('recorded_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('institution', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='staff_counts', to='institutions.institution', verbose_name='institution')),
                ('recorded_by', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'staff count',
                'verbose_name_plural': 'staff counts',
                'ordering': ['-counted_on', '-id'],
                'constraints': [models.UniqueConstraint(fields=('institution', 'counted_on'), name='staff_counted_once_a_day', violation_error_message='There is a count of this day already.')],
            },
        ),
        migrations.CreateModel(
            name='StaffCell',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(verbose_name='number')),
                ('disaggregation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.disaggregation')),
                ('count', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='cells', to='institutions.staffcount')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('count', 'disaggregation'), name='staff_cell_once')],
            },
        ),
        migrations.CreateModel(
            name='SupportDetail',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('training', 'Training'), ('equipment', 'Equipment'), ('infrastructure', 'Infrastructure'), ('advice', 'Advice or mentoring')], max_length=14, verbose_name='kind of support')),
                ('title', models.CharField(help_text='Such as Community policing I, or 4 motorbikes.', max_length=200, verbose_name='what')),
                ('test_before', plumbing.numbers.ExactDecimal(blank=True, null=True, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)], verbose_name='right answers before, %')),
                ('test_after', plumbing.numbers.ExactDecimal(blank=True, null=True, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)], verbose_name='right answers after, %')),
                ('tested', models.PositiveIntegerField(blank=True, null=True, verbose_name='people tested before and after')),
                ('quantity', models.PositiveIntegerField(blank=True, null=True, verbose_name='pieces')),
                ('handed_over_on', models.DateField(blank=True, null=True, verbose_name='handed over on')),
                ('handed_over_to', models.CharField(blank=True, help_text='The office or function, not a name.', max_length=200, verbose_name='received by')),
                ('updated_at', models.DateTimeField(auto_now=True, db_index=True)),
                ('activity', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='support_detail', to='programs.activityrecord', verbose_name='activity')),
                ('institution', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='support', to='institutions.institution', verbose_name='institution')),
            ],
            options={
                'verbose_name': 'support given',
                'verbose_name_plural': 'support given',
                'ordering': ['-activity__happened_on', '-id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('kind', 'training'), models.Q(('test_after__isnull', True), ('test_before__isnull', True), ('tested__isnull', True)), _connector='OR'), name='support_tests_of_trainings', violation_error_message='Only a training has tests before and after.'), models.CheckConstraint(condition=models.Q(models.Q(('test_after__isnull', True), ('test_before__isnull', True), ('tested__isnull', True)), models.Q(('test_after__isnull', False), ('test_before__isnull', False), ('tested__gt', 0)), _connector='OR'), name='support_tests_before_and_after', violation_error_message='Give the test before, the test after and how many took both.'), models.CheckConstraint(condition=models.Q(('kind__in', ['equipment', 'infrastructure']), models.Q(('handed_over_on__isnull', True), ('handed_over_to', ''), ('quantity__isnull', True)), _connector='OR'), name='support_hand_over_of_things', violation_error_message='Only equipment and infrastructure are handed over.'), models.CheckConstraint(condition=models.Q(models.Q(('handed_over_on__isnull', True), ('handed_over_to', '')), models.Q(('handed_over_on__isnull', False), models.Q(('handed_over_to', ''), _negated=True)), _connector='OR'), name='support_handed_over_to_somebody', violation_error_message='Say when it was handed over and to which office.'), models.CheckConstraint(condition=models.Q(('kind__in', ['training', 'equipment', 'infrastructure', 'advice'])), name='supportdetail_kind_listed', violation_error_message='kind has a value that is not on its list.')],
            },
        ),
        migrations.CreateModel(
            name='FollowUpCheck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('at_work', 'Used at work'), ('end_use', 'End-use check')], max_length=8, verbose_name='check')),
                ('due_on', models.DateField(verbose_name='due on')),
                ('checked_on', models.DateField(blank=True, null=True, verbose_name='checked on')),
                ('looked_at', models.PositiveIntegerField(blank=True, null=True, verbose_name='people asked or pieces seen')),
                ('in_use', models.PositiveIntegerField(blank=True, null=True, verbose_name='of these used as meant')),
                ('not_reached', models.PositiveIntegerField(blank=True, null=True, verbose_name='not reached or not found')),
                ('findings', models.TextField(blank=True, verbose_name='findings')),
                ('done_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('done_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('support', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='checks', to='institutions.supportdetail', verbose_name='support')),
            ],
            options={
                'verbose_name': 'follow-up check',
                'verbose_name_plural': 'follow-up checks',
                'ordering': ['due_on', 'id'],
                'indexes': [models.Index(condition=models.Q(('done_at__isnull', True)), fields=['due_on'], name='check_open_by_day')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('done_at__isnull', True), ('done_by__isnull', True)), models.Q(('done_at__isnull', False), ('done_by__isnull', False)), _connector='OR'), name='check_done_when_and_by', violation_error_message='done_at and done_by go together: give both or neither.'), models.CheckConstraint(condition=models.Q(('done_at__isnull', True), models.Q(('checked_on__isnull', False), ('in_use__isnull', False), ('looked_at__isnull', False), models.Q(('findings', ''), _negated=True)), _connector='OR'), name='check_done_says_what_was_found', violation_error_message='Say when it was checked, how many were asked or seen, how many are in use, and what was found.'), models.CheckConstraint(condition=models.Q(('in_use__isnull', True), ('looked_at__isnull', True), ('in_use__lte', models.F('looked_at')), _connector='OR'), name='check_not_more_in_use_than_seen', violation_error_message='Not more can be in use than were asked or seen.'), models.UniqueConstraint(condition=models.Q(('done_at__isnull', True)), fields=('support',), name='check_one_open_each', violation_error_message='The next check is planned already.'), models.CheckConstraint(condition=models.Q(('kind__in', ['at_work', 'end_use'])), name='followupcheck_kind_listed', violation_error_message='kind has a value that is not on its list.')],
            },
        ),
        migrations.CreateModel(
            name='CapacityAction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('action_point', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='capacity_action', to='programs.actionpoint')),
                ('domain', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='surveys.domain', verbose_name='area')),
                ('survey_round', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='surveys.surveyround')),
                ('institution', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='capacity_actions', to='institutions.institution')),
            ],
            options={
                'verbose_name': 'action on a weak area',
                'verbose_name_plural': 'actions on weak areas',
                'ordering': ['action_point__due_on', 'id'],
            },
        ),
    ]
