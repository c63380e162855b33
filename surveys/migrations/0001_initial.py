import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import uuid
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0003_a_key_may_work_on_cases'),
        ('accounts', '__first__'),
        ('locations', '0001_initial'),
        ('programs', '0003_review_due'),
    ]

    operations = [
        migrations.CreateModel(
            name='Instrument',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.SlugField(max_length=60, unique=True, verbose_name='code')),
                ('name', models.CharField(max_length=200, verbose_name='name')),
                ('owner', models.CharField(help_text='Whose instrument it is.', max_length=200, verbose_name='owner')),
                ('licence_note', models.TextField(blank=True, verbose_name='licence')),
                ('orientation', models.CharField(choices=[('higher_is_better', 'Higher is better'), ('higher_is_worse', 'Higher is worse')], default='higher_is_better', max_length=16, verbose_name='orientation')),
                ('subject', models.CharField(choices=[('person', 'A person of a case'), ('community', 'People of a place'), ('institution', 'An institution')], max_length=12, verbose_name='asked about')),
            ],
            options={
                'verbose_name': 'instrument',
                'verbose_name_plural': 'instruments',
                'ordering': ['name'],
                'constraints': [models.CheckConstraint(condition=models.Q(('orientation__in', ['higher_is_better', 'higher_is_worse'])), name='instrument_orientation_listed', violation_error_message='orientation has a value that is not on its list.'), models.CheckConstraint(condition=models.Q(('subject__in', ['person', 'community', 'institution'])), name='instrument_subject_listed', violation_error_message='subject has a value that is not on its list.')],
            },
        ),
        migrations.CreateModel(
            name='InstrumentVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.CharField(max_length=20, verbose_name='version')),
                ('status', models.CharField(choices=[('draft', 'Draft'), ('active', 'Active'), ('retired', 'Retired')], default='draft', max_length=8, verbose_name='status')),
                ('effective_from', models.DateField(blank=True, null=True, verbose_name='in force from')),
                ('source_citation', models.TextField(blank=True, help_text='Where items and scoring come from.', verbose_name='source')),
                ('is_official_scoring', models.BooleanField(default=False, help_text='Otherwise every screen and file says “adaptation”.', verbose_name='official scoring')),
                ('needs_official_text', models.BooleanField(default=False, help_text='It stays a draft until the official wording of every item is given.', verbose_name='text must be supplied')),
                ('text_note', models.TextField(blank=True, verbose_name='note on the wording')),
                ('rule', models.CharField(choices=[('mean', 'Weighted mean by domain, and a composite'), ('index', 'Index from 0 to 100 by domain'), ('bad_index', 'Index from 0 to 100, 0 where all conditions are met'), ('capacity', 'Share of the possible range, in percent'), ('any', 'Yes where one answer says yes')], max_length=10, verbose_name='scoring rule')),
                ('weights_mode', models.CharField(choices=[('equal', 'Equal weights'), ('tabled', 'Weights from a table')], default='equal', max_length=6, verbose_name='weights')),
                ('scale_min', models.DecimalField(decimal_places=4, default=0, max_digits=7, verbose_name='lowest score of an answer')),
                ('scale_max', models.DecimalField(decimal_places=4, default=1, max_digits=7, verbose_name='highest score of an answer')),
                ('min_answered', models.PositiveSmallIntegerField(default=2, verbose_name='at least so many answered')),
                ('min_applicable', models.PositiveSmallIntegerField(default=3, verbose_name='of so many')),
                ('activated_at', models.DateTimeField(blank=True, null=True, verbose_name='activated on')),
                ('frozen_at', models.DateTimeField(blank=True, help_text='From the first response on nothing of it changes.', null=True, verbose_name='first used on')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(auto_now=True, db_index=True)),
                ('activated_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='activated by')),
                ('instrument', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='surveys.instrument', verbose_name='instrument')),
            ],
            options={
                'verbose_name': 'version of an instrument',
                'verbose_name_plural': 'versions of instruments',
                'ordering': ['instrument__name', '-created_at', '-id'],
                'constraints': [models.UniqueConstraint(fields=('instrument', 'version'), name='instrument_version_once'), models.UniqueConstraint(condition=models.Q(('status', 'active')), fields=('instrument',), name='instrument_one_active_version', violation_error_message='This instrument already has an active version.'), models.CheckConstraint(condition=models.Q(models.Q(('activated_at__isnull', True), ('activated_by__isnull', True)), models.Q(('activated_at__isnull', False), ('activated_by__isnull', False)), _connector='OR'), name='instrument_version_activated_when_and_by', violation_error_message='activated_at and activated_by go together: give both or neither.'), models.CheckConstraint(condition=models.Q(models.Q(('activated_at__isnull', True), ('frozen_at__isnull', True), ('status', 'draft')), models.Q(('activated_at__isnull', False), ('status__in', ['active', 'retired'])), _connector='OR'), name='instrument_version_active_when_activated', violation_error_message='A version is in force once it was activated; a draft never was, and was never answered.'), models.CheckConstraint(condition=models.Q(('min_answered__gte', 1), ('min_applicable__gte', models.F('min_answered'))), name='instrument_version_share_of_answers', violation_error_message='At least one answer is needed, and not more than all of them.'), models.CheckConstraint(condition=models.Q(('scale_max__gt', models.F('scale_min'))), name='instrument_version_scale_in_order', violation_error_message='The highest score of an answer must be above the lowest.'), models.CheckConstraint(condition=models.Q(('status__in', ['draft', 'active', 'retired'])), name='instrumentversion_status_listed', violation_error_message='status has a value that is not on its list.'), models.CheckConstraint(condition=models.Q(('rule__in', ['mean', 'index', 'bad_index', 'capacity', 'any'])), name='instrumentversion_rule_listed', violation_error_message='rule has a value that is not on its list.'), models.CheckConstraint(condition=models.Q(('weights_mode__in', ['equal', 'tabled'])), name='instrumentversion_weights_mode_listed', violation_error_message='weights_mode has a value that is not on its list.')],
            },
        ),
        migrations.CreateModel(
            name='Domain',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.SlugField(max_length=40, verbose_name='code')),
                ('label', models.CharField(max_length=200, verbose_name='label')),
                ('weight', models.DecimalField(decimal_places=10, default=1, help_text='For an index that weighs its parts; together 1.', max_digits=12, verbose_name='share of the index')),
                ('order', models.PositiveSmallIntegerField(default=0, verbose_name='order')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='domains', to='surveys.instrumentversion')),
            ],
            options={
                'verbose_name': 'domain',
                'verbose_name_plural': 'domains',
                'ordering': ['order', 'id'],
                'constraints': [models.UniqueConstraint(fields=('version', 'code'), name='survey_domain_once'), models.CheckConstraint(condition=models.Q(('weight__gte', 0)), name='survey_domain_weight_not_negative')],
            },
        ),
        migrations.CreateModel(
            name='Band',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scheme', models.CharField(choices=[('domain', 'By domain'), ('composite', 'Composite')], max_length=9, verbose_name='scheme')),
                ('purpose', models.CharField(choices=[('outcome', 'Outcome'), ('triage', 'Triage')], max_length=7, verbose_name='purpose')),
                ('code', models.SlugField(max_length=40, verbose_name='code')),
                ('lower', models.DecimalField(decimal_places=4, max_digits=7, verbose_name='from')),
                ('label', models.CharField(max_length=120, verbose_name='label')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='bands', to='surveys.instrumentversion')),
            ],
            options={
                'verbose_name': 'band',
                'verbose_name_plural': 'bands',
                'ordering': ['purpose', 'scheme', 'lower'],
                'constraints': [models.UniqueConstraint(fields=('version', 'scheme', 'purpose', 'code'), name='band_code_once'), models.UniqueConstraint(fields=('version', 'scheme', 'purpose', 'lower'), name='band_no_overlap', violation_error_message='Two bands begin at the same value.'), models.CheckConstraint(condition=models.Q(('scheme__in', ['domain', 'composite'])), name='band_scheme_listed', violation_error_message='scheme has a value that is not on its list.'), models.CheckConstraint(condition=models.Q(('purpose__in', ['outcome', 'triage'])), name='band_purpose_listed', violation_error_message='purpose has a value that is not on its list.')],
            },
        ),
        migrations.CreateModel(
            name='OptionSet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=40, verbose_name='code')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='option_sets', to='surveys.instrumentversion')),
            ],
            options={
                'verbose_name': 'set of answers',
                'verbose_name_plural': 'sets of answers',
                'ordering': ['code'],
                'constraints': [models.UniqueConstraint(fields=('version', 'code'), name='option_set_once')],
            },
        ),
        migrations.CreateModel(
            name='Option',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=40, verbose_name='code')),
                ('label', models.CharField(max_length=200, verbose_name='label')),
                ('kind', models.CharField(choices=[('answer', 'Answer'), ('missing', 'Missing: does not know, prefers not to answer'), ('not_applicable', 'Does not apply')], default='answer', max_length=14, verbose_name='kind')),
                ('score', models.DecimalField(blank=True, decimal_places=4, max_digits=7, null=True, verbose_name='score')),
                ('is_favourable', models.BooleanField(default=False, help_text='In the share that is shown for an item.', verbose_name='counts as favourable')),
                ('order', models.PositiveSmallIntegerField(default=0, verbose_name='order')),
                ('set', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='options', to='surveys.optionset', verbose_name='set of answers')),
            ],
            options={
                'verbose_name': 'answer offered',
                'verbose_name_plural': 'answers offered',
                'ordering': ['order', 'id'],
                'constraints': [models.UniqueConstraint(fields=('set', 'code'), name='survey_option_once'), models.CheckConstraint(condition=models.Q(('kind', 'answer'), models.Q(('is_favourable', False), ('score__isnull', True)), _connector='OR'), name='survey_option_missing_has_no_score', violation_error_message='What is missing or does not apply has no score.'), models.CheckConstraint(condition=models.Q(('kind__in', ['answer', 'missing', 'not_applicable'])), name='option_kind_listed', violation_error_message='kind has a value that is not on its list.')],
            },
        ),
        migrations.CreateModel(
            name='Item',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=20, verbose_name='code')),
                ('subject', models.CharField(blank=True, max_length=200, verbose_name='about')),
                ('order', models.PositiveSmallIntegerField(default=0, verbose_name='order')),
                ('is_required', models.BooleanField(default=False, verbose_name='must be answered')),
                ('is_scored', models.BooleanField(default=True, verbose_name='scored')),
                ('domain', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='items', to='surveys.domain', verbose_name='domain')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='items', to='surveys.instrumentversion')),
                ('option_set', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='items', to='surveys.optionset', verbose_name='answers')),
            ],
            options={
                'verbose_name': 'item',
                'verbose_name_plural': 'items',
                'ordering': ['order', 'id'],
                'constraints': [models.UniqueConstraint(fields=('version', 'code'), name='survey_item_once')],
            },
        ),
        migrations.CreateModel(
            name='ItemText',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('language', models.CharField(max_length=5, verbose_name='language')),
                ('text', models.TextField(verbose_name='text')),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='texts', to='surveys.item')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('item', 'language'), name='item_text_once')],
            },
        ),
        migrations.CreateModel(
            name='ItemWeight',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scheme', models.CharField(choices=[('domain', 'By domain'), ('composite', 'Composite')], max_length=9, verbose_name='scheme')),
                ('weight', models.DecimalField(decimal_places=10, max_digits=12, validators=[django.core.validators.MaxValueValidator(99)], verbose_name='weight')),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='weights', to='surveys.item')),
            ],
            options={
                'verbose_name': 'weight of an item',
                'verbose_name_plural': 'weights of items',
                'ordering': ['item__order', 'scheme'],
                'constraints': [models.UniqueConstraint(fields=('item', 'scheme'), name='item_weight_once'), models.CheckConstraint(condition=models.Q(('weight__gte', 0)), name='item_weight_not_negative'), models.CheckConstraint(condition=models.Q(('scheme__in', ['domain', 'composite'])), name='itemweight_scheme_listed', violation_error_message='scheme has a value that is not on its list.')],
            },
        ),
        migrations.CreateModel(
            name='LevelDescriptor',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('language', models.CharField(max_length=5, verbose_name='language')),
                ('text', models.TextField(verbose_name='what this level looks like')),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='descriptors', to='surveys.item')),
                ('option', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='surveys.option')),
            ],
            options={
                'ordering': ['option__order', 'id'],
                'constraints': [models.UniqueConstraint(fields=('item', 'option', 'language'), name='level_descriptor_once')],
            },
        ),
        migrations.CreateModel(
            name='OptionText',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('language', models.CharField(max_length=5, verbose_name='language')),
                ('text', models.CharField(max_length=200, verbose_name='label')),
                ('option', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='texts', to='surveys.option')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('option', 'language'), name='option_text_once')],
            },
        ),
        migrations.CreateModel(
            name='ShownIf',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='shown_if', to='surveys.item')),
                ('option', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='surveys.option')),
                ('other', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='surveys.item')),
            ],
            options={
                'verbose_name': 'skip rule',
                'verbose_name_plural': 'skip rules',
                'ordering': ['id'],
                'constraints': [models.UniqueConstraint(fields=('item', 'other', 'option'), name='shown_if_once'), models.CheckConstraint(condition=models.Q(('item', models.F('other')), _negated=True), name='shown_if_another_item')],
            },
        ),
        migrations.CreateModel(
            name='SurveyRound',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('subject', models.CharField(choices=[('sample', 'A sample of people, anonymous'), ('community', 'A community, by key informants or its forum'), ('institution', 'An institution')], default='sample', max_length=12, verbose_name='asked about')),
                ('stage', models.CharField(choices=[('baseline', 'Baseline'), ('midline', 'Midline'), ('endline', 'Endline'), ('followup', 'Follow-up')], max_length=8, verbose_name='round')),
                ('number', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='number of the follow-up')),
                ('held_on', models.DateField(verbose_name='date')),
                ('mode', models.CharField(choices=[('face_to_face', 'Face to face'), ('phone', 'By phone'), ('self', 'Filled in by the respondents'), ('meeting', 'In a facilitated meeting')], default='face_to_face', max_length=12, verbose_name='how it is asked')),
                ('assessor', models.CharField(blank=True, choices=[('', 'Not an assessment'), ('self', 'Self-score'), ('facilitator', 'Facilitator’s score'), ('moderated', 'Moderated score')], default='', max_length=11, verbose_name='whose score')),
                ('frame', models.CharField(blank=True, help_text='The list or area that people were drawn from.', max_length=300, verbose_name='sampling frame')),
                ('method', models.CharField(blank=True, choices=[('', 'Not a sample'), ('random', 'Random sample'), ('cluster', 'Random sample in clusters'), ('quota', 'Quota sample'), ('convenience', 'Whoever was there'), ('key_informants', 'Key informants'), ('census', 'Everybody was asked')], default='', max_length=14, verbose_name='sampling method')),
                ('planned_n', models.PositiveIntegerField(blank=True, null=True, verbose_name='planned number of responses')),
                ('design_effect', models.DecimalField(blank=True, decimal_places=2, help_text='By how much clusters widen the interval; empty: 1.', max_digits=5, null=True, verbose_name='design effect')),
                ('approached', models.PositiveIntegerField(blank=True, help_text='With those who did not take part: gives the response rate.', null=True, verbose_name='people approached')),
                ('note', models.TextField(blank=True, help_text='How it went, without names.', verbose_name='note')),
                ('status', models.CharField(choices=[('planned', 'Planned'), ('open', 'Open for entry'), ('closed', 'Closed'), ('approved', 'Approved')], default='planned', max_length=8, verbose_name='status')),
                ('planned_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('opened_at', models.DateTimeField(blank=True, null=True, verbose_name='opened on')),
                ('closed_at', models.DateTimeField(blank=True, null=True, verbose_name='closed on')),
                ('approved_at', models.DateTimeField(blank=True, null=True, verbose_name='approved on')),
                ('updated_at', models.DateTimeField(auto_now=True, db_index=True)),
                ('approved_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='approved by')),
                ('closed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='closed by')),
                ('opened_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organization', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='assessed_in', to='accounts.organization', verbose_name='institution')),
                ('partner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='survey_rounds', to='accounts.organization', verbose_name='carried out by')),
                ('place', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='survey_rounds', to='locations.place', verbose_name='place')),
                ('planned_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='survey_rounds', to='programs.project', verbose_name='project')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rounds', to='surveys.instrumentversion', verbose_name='instrument')),
            ],
            options={
                'verbose_name': 'survey round',
                'verbose_name_plural': 'survey rounds',
                'ordering': ['-held_on', '-id'],
                'indexes': [models.Index(fields=['place', 'held_on'], name='survey_round_place_day')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('opened_at__isnull', True), ('opened_by__isnull', True)), models.Q(('opened_at__isnull', False), ('opened_by__isnull', False)), _connector='OR'), name='survey_round_opened_when_and_by', violation_error_message='opened_at and opened_by go together: give both or neither.'), models.CheckConstraint(condition=models.Q(models.Q(('closed_at__isnull', True), ('closed_by__isnull', True)), models.Q(('closed_at__isnull', False), ('closed_by__isnull', False)), _connector='OR'), name='survey_round_closed_when_and_by', violation_error_message='closed_at and closed_by go together: give both or neither.'), models.CheckConstraint(condition=models.Q(models.Q(('approved_at__isnull', True), ('approved_by__isnull', True)), models.Q(('approved_at__isnull', False), ('approved_by__isnull', False)), _connector='OR'), name='survey_round_approved_when_and_by', violation_error_message='approved_at and approved_by go together: give both or neither.'), models.CheckConstraint(condition=models.Q(models.Q(('organization__isnull', False), ('subject', 'institution')), models.Q(models.Q(('subject', 'institution'), _negated=True), ('organization__isnull', True)), _connector='OR'), name='survey_round_institution_named', violation_error_message='Name the institution where one is assessed, and only there.'), models.CheckConstraint(condition=models.Q(('assessor', ''), ('subject', 'institution'), _connector='OR'), name='survey_round_assessor_of_an_institution', violation_error_message='Whose score it is, is said of an institution only.'), models.CheckConstraint(condition=models.Q(models.Q(('number__gte', 1), ('stage', 'followup')), models.Q(models.Q(('stage', 'followup'), _negated=True), ('number__isnull', True)), _connector='OR'), name='survey_round_follow_up_numbered', violation_error_message='A follow-up has a number from 1 on; other rounds have none.'), models.CheckConstraint(condition=models.Q(('design_effect__isnull', True), ('design_effect__gte', Decimal('0.10')), _connector='OR'), name='survey_round_design_effect_positive', violation_error_message='A design effect is a positive number, mostly between 1 and 4.'), models.CheckConstraint(condition=models.Q(models.Q(('approved_at__isnull', True), ('closed_at__isnull', True), ('opened_at__isnull', True), ('status', 'planned')), models.Q(('approved_at__isnull', True), ('closed_at__isnull', True), ('opened_at__isnull', False), ('status', 'open')), models.Q(('approved_at__isnull', True), ('closed_at__isnull', False), ('opened_at__isnull', False), ('status', 'closed')), models.Q(('approved_at__isnull', False), ('closed_at__isnull', False), ('opened_at__isnull', False), ('status', 'approved')), _connector='OR'), name='survey_round_status_as_dated', violation_error_message='A round is opened, then closed, then approved.'), models.CheckConstraint(condition=models.Q(('subject__in', ['sample', 'community', 'institution'])), name='surveyround_subject_listed', violation_error_message='subject has a value that is not on its list.'), models.CheckConstraint(condition=models.Q(('stage__in', ['baseline', 'midline', 'endline', 'followup'])), name='surveyround_stage_listed', violation_error_message='stage has a value that is not on its list.'), models.CheckConstraint(condition=models.Q(('mode__in', ['face_to_face', 'phone', 'self', 'meeting'])), name='surveyround_mode_listed', violation_error_message='mode has a value that is not on its list.'), models.CheckConstraint(condition=models.Q(('method__in', ['', 'random', 'cluster', 'quota', 'convenience', 'key_informants', 'census'])), name='surveyround_method_listed', violation_error_message='method has a value that is not on its list.'), models.CheckConstraint(condition=models.Q(('assessor__in', ['', 'self', 'facilitator', 'moderated'])), name='surveyround_assessor_listed', violation_error_message='assessor has a value that is not on its list.'), models.CheckConstraint(condition=models.Q(('status__in', ['planned', 'open', 'closed', 'approved'])), name='surveyround_status_listed', violation_error_message='status has a value that is not on its list.')],
            },
        ),
        migrations.CreateModel(
            name='SurveyResponse',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(verbose_name='number')),
                ('external_id', models.UUIDField(default=uuid.uuid4, verbose_name='own id of the sender')),
                ('entered_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('entered_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('respondent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.disaggregation', verbose_name='respondent')),
                ('survey_round', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='responses', to='surveys.surveyround', verbose_name='survey round')),
            ],
            options={
                'verbose_name': 'response',
                'verbose_name_plural': 'responses',
                'ordering': ['number'],
                'constraints': [models.UniqueConstraint(fields=('survey_round', 'number'), name='survey_response_number_once'), models.UniqueConstraint(fields=('survey_round', 'external_id'), name='survey_response_sent_once')],
            },
        ),
        migrations.CreateModel(
            name='Score',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scheme', models.CharField(choices=[('domain', 'By domain'), ('composite', 'Composite')], max_length=9, verbose_name='scheme')),
                ('value', models.DecimalField(blank=True, decimal_places=4, max_digits=7, null=True, verbose_name='score')),
                ('answered', models.PositiveSmallIntegerField(verbose_name='answered')),
                ('applicable', models.PositiveSmallIntegerField(verbose_name='applicable')),
                ('reason', models.CharField(blank=True, choices=[('', 'Scored'), ('too_few_answers', 'Too few answers'), ('domain_not_scored', 'One domain has too few answers'), ('nothing_applicable', 'Nothing applies'), ('unknown', 'Unknown: an answer is missing')], default='', max_length=20, verbose_name='why there is no score')),
                ('computed_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('domain', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='surveys.domain')),
                ('response', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='scores', to='surveys.surveyresponse')),
            ],
            options={
                'verbose_name': 'score',
                'verbose_name_plural': 'scores',
                'constraints': [models.UniqueConstraint(condition=models.Q(('domain__isnull', False)), fields=('response', 'domain'), name='score_once_per_domain'), models.UniqueConstraint(condition=models.Q(('domain__isnull', True)), fields=('response',), name='score_one_composite'), models.CheckConstraint(condition=models.Q(models.Q(('domain__isnull', False), ('scheme', 'domain')), models.Q(('domain__isnull', True), ('scheme', 'composite')), _connector='OR'), name='score_domain_of_its_scheme'), models.CheckConstraint(condition=models.Q(models.Q(('reason', ''), ('value__isnull', False)), models.Q(('value__isnull', True), models.Q(('reason', ''), _negated=True)), _connector='OR'), name='score_or_its_reason', violation_error_message='Without a score there is a reason, with one there is none.'), models.CheckConstraint(condition=models.Q(('scheme__in', ['domain', 'composite'])), name='score_scheme_listed', violation_error_message='scheme has a value that is not on its list.'), models.CheckConstraint(condition=models.Q(('reason__in', ['', 'too_few_answers', 'domain_not_scored', 'nothing_applicable', 'unknown'])), name='score_reason_listed', violation_error_message='reason has a value that is not on its list.')],
            },
        ),
        migrations.CreateModel(
            name='Answer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('evidence', models.TextField(blank=True, verbose_name='evidence')),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='surveys.item')),
                ('option', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='surveys.option')),
                ('response', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='answers', to='surveys.surveyresponse')),
            ],
            options={
                'verbose_name': 'answer',
                'verbose_name_plural': 'answers',
                'constraints': [models.UniqueConstraint(fields=('response', 'item'), name='survey_answer_once')],
            },
        ),
        migrations.CreateModel(
            name='DomainText',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('language', models.CharField(max_length=5, verbose_name='language')),
                ('text', models.CharField(max_length=200, verbose_name='label')),
                ('domain', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='texts', to='surveys.domain')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('domain', 'language'), name='domain_text_once')],
            },
        ),
    ]
