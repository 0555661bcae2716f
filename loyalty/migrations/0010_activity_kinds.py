from pathlib import Path

import django.core.validators
import django.db.models.deletion
import loyalty.lib.clock
import loyalty.programs.models.checkins
import simple_history.models
from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).parent / "programs"
UNTOUCH = """
DROP TRIGGER kind_touches_config ON loyalty_activitykind;
DROP TRIGGER kind_attribute_touches_config ON loyalty_kindattribute;
DROP FUNCTION programs_touch_config_by_kind();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('loyalty', '0009_tiers'),
    ]

    operations = [
        migrations.CreateModel(
            name='ActivityKind',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(help_text='How tills, shops and earning rules name it.', max_length=40, validators=[django.core.validators.RegexValidator('^[a-z0-9][a-z0-9_.-]{0,39}$', 'Write the type in at most 40 small letters, digits, dots, hyphens or underscores.')], verbose_name='type')),
                ('name', models.CharField(help_text='What members read, such as “Repair a garment”.', max_length=80, verbose_name='name')),
                ('description', models.CharField(blank=True, help_text='One sentence for members, in Ways to earn.', max_length=300, verbose_name='how it is done')),
                ('url', models.URLField(blank=True, help_text='Members are led there. Empty: Laurel’s own page, if there is.', verbose_name='where it is done')),
                ('is_shown', models.BooleanField(default=True, verbose_name='shown in Ways to earn')),
                ('is_strict', models.BooleanField(default=True, help_text='What tills tell beyond them is refused, with the reason; so a misspelt name cannot slip through.', verbose_name='only these attributes')),
                ('leap_day', models.CharField(choices=[('02-28', 'on 28 February'), ('03-01', 'on 1 March')], default='02-28', help_text='For birthdays and anniversaries.', max_length=5, verbose_name='29 February, in other years')),
                ('is_archived', models.BooleanField(default=False, verbose_name='archived')),
                ('program', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='activity_kinds', to='loyalty.program', verbose_name='program')),
            ],
            options={
                'verbose_name': 'type of activity',
                'verbose_name_plural': 'types of activity',
                'ordering': ['name', 'id'],
            },
        ),
        migrations.CreateModel(
            name='HistoricalActivityKind',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('code', models.CharField(help_text='How tills, shops and earning rules name it.', max_length=40, validators=[django.core.validators.RegexValidator('^[a-z0-9][a-z0-9_.-]{0,39}$', 'Write the type in at most 40 small letters, digits, dots, hyphens or underscores.')], verbose_name='type')),
                ('name', models.CharField(help_text='What members read, such as “Repair a garment”.', max_length=80, verbose_name='name')),
                ('description', models.CharField(blank=True, help_text='One sentence for members, in Ways to earn.', max_length=300, verbose_name='how it is done')),
                ('url', models.URLField(blank=True, help_text='Members are led there. Empty: Laurel’s own page, if there is.', verbose_name='where it is done')),
                ('is_shown', models.BooleanField(default=True, verbose_name='shown in Ways to earn')),
                ('is_strict', models.BooleanField(default=True, help_text='What tills tell beyond them is refused, with the reason; so a misspelt name cannot slip through.', verbose_name='only these attributes')),
                ('leap_day', models.CharField(choices=[('02-28', 'on 28 February'), ('03-01', 'on 1 March')], default='02-28', help_text='For birthdays and anniversaries.', max_length=5, verbose_name='29 February, in other years')),
                ('is_archived', models.BooleanField(default=False, verbose_name='archived')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('program', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='loyalty.program', verbose_name='program')),
            ],
            options={
                'verbose_name': 'historical type of activity',
                'verbose_name_plural': 'historical types of activity',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalKindAttribute',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('name', models.CharField(max_length=60, validators=[django.core.validators.RegexValidator('^[A-Za-z_][A-Za-z0-9_.-]*$', 'Begin with a letter; then letters, digits, dots, hyphens, underscores.')], verbose_name='name')),
                ('form', models.CharField(choices=[('text', 'text'), ('number', 'number'), ('yes_no', 'yes or no'), ('choice', 'one of')], default='text', max_length=8, verbose_name='what it is')),
                ('choices', models.CharField(blank=True, help_text='Separated by commas.', max_length=500, verbose_name='one of these')),
                ('is_required', models.BooleanField(default=False, verbose_name='needed')),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('kind', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='loyalty.activitykind', verbose_name='type of activity')),
            ],
            options={
                'verbose_name': 'historical attribute',
                'verbose_name_plural': 'historical attributes',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalPlace',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('code', models.SlugField(max_length=40, verbose_name='code')),
                ('name', models.CharField(help_text='Members read it, such as “Oslo 1”.', max_length=80, verbose_name='name')),
                ('kind', models.CharField(choices=[('visit', 'store: once a day'), ('event', 'event: once')], default='visit', max_length=5, verbose_name='what it is')),
                ('starts_at', models.DateTimeField(blank=True, null=True, verbose_name='from')),
                ('ends_at', models.DateTimeField(blank=True, null=True, verbose_name='until')),
                ('is_archived', models.BooleanField(default=False, verbose_name='archived')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('program', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='loyalty.program', verbose_name='program')),
            ],
            options={
                'verbose_name': 'historical place to check in',
                'verbose_name_plural': 'historical places to check in',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalReferralPolicy',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('is_active', models.BooleanField(default=True, verbose_name='members may invite friends')),
                ('minimum_purchase', models.DecimalField(decimal_places=2, default=0, max_digits=12, validators=[django.core.validators.MinValueValidator(0)], verbose_name='first purchase of at least')),
                ('attribution_days', models.PositiveSmallIntegerField(default=30, help_text='From opening the link until joining.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(365)], verbose_name='the link counts for days')),
                ('return_days', models.PositiveSmallIntegerField(default=14, help_text='From the purchase on: how long it can be returned. 0: the points can be spent at once.', validators=[django.core.validators.MaxValueValidator(365)], verbose_name='points wait for days')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('program', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='loyalty.program', verbose_name='program')),
            ],
            options={
                'verbose_name': 'historical invitation policy',
                'verbose_name_plural': 'historical invitation policies',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='KindAttribute',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60, validators=[django.core.validators.RegexValidator('^[A-Za-z_][A-Za-z0-9_.-]*$', 'Begin with a letter; then letters, digits, dots, hyphens, underscores.')], verbose_name='name')),
                ('form', models.CharField(choices=[('text', 'text'), ('number', 'number'), ('yes_no', 'yes or no'), ('choice', 'one of')], default='text', max_length=8, verbose_name='what it is')),
                ('choices', models.CharField(blank=True, help_text='Separated by commas.', max_length=500, verbose_name='one of these')),
                ('is_required', models.BooleanField(default=False, verbose_name='needed')),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('kind', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='attributes', to='loyalty.activitykind', verbose_name='type of activity')),
            ],
            options={
                'verbose_name': 'attribute',
                'verbose_name_plural': 'attributes',
                'ordering': ['position', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Place',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.SlugField(max_length=40, verbose_name='code')),
                ('name', models.CharField(help_text='Members read it, such as “Oslo 1”.', max_length=80, verbose_name='name')),
                ('kind', models.CharField(choices=[('visit', 'store: once a day'), ('event', 'event: once')], default='visit', max_length=5, verbose_name='what it is')),
                ('secret', models.CharField(default=loyalty.programs.models.checkins.new_secret, editable=False, max_length=64)),
                ('starts_at', models.DateTimeField(blank=True, null=True, verbose_name='from')),
                ('ends_at', models.DateTimeField(blank=True, null=True, verbose_name='until')),
                ('is_archived', models.BooleanField(default=False, verbose_name='archived')),
                ('program', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='places', to='loyalty.program', verbose_name='program')),
            ],
            options={
                'verbose_name': 'place to check in',
                'verbose_name_plural': 'places to check in',
                'ordering': ['name', 'id'],
                'permissions': [('show_place', 'Can show the code to check in')],
            },
        ),
        migrations.CreateModel(
            name='Referral',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('pending', 'waits for the first purchase'), ('rewarded', 'rewarded'), ('refused', 'refused'), ('cancelled', 'taken back')], default='pending', max_length=9, verbose_name='state')),
                ('reason', models.CharField(blank=True, choices=[('same_person', 'the same person signs in for both'), ('same_email', 'both addresses lead to one mailbox'), ('same_phone', 'both have the same phone number'), ('below_minimum', 'the first purchase was below the minimum'), ('returned', 'the first purchase was cancelled or returned'), ('not_active', 'one of the two is no longer an active member')], max_length=16, verbose_name='why')),
                ('settles_at', models.DateTimeField(null=True, verbose_name='points can be spent from')),
                ('joined_at', models.DateTimeField(verbose_name='joined at')),
                ('changed_at', models.DateTimeField(default=loyalty.lib.clock.now, verbose_name='changed at')),
                ('friend', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='referral', to='loyalty.member', verbose_name='new member')),
                ('program', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='referrals', to='loyalty.program', verbose_name='program')),
                ('purchase', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='loyalty.activity', verbose_name='first purchase')),
                ('referrer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='referrals_made', to='loyalty.member', verbose_name='invited by')),
            ],
            options={
                'verbose_name': 'invitation',
                'verbose_name_plural': 'invitations',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='ReferralPolicy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('is_active', models.BooleanField(default=True, verbose_name='members may invite friends')),
                ('minimum_purchase', models.DecimalField(decimal_places=2, default=0, max_digits=12, validators=[django.core.validators.MinValueValidator(0)], verbose_name='first purchase of at least')),
                ('attribution_days', models.PositiveSmallIntegerField(default=30, help_text='From opening the link until joining.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(365)], verbose_name='the link counts for days')),
                ('return_days', models.PositiveSmallIntegerField(default=14, help_text='From the purchase on: how long it can be returned. 0: the points can be spent at once.', validators=[django.core.validators.MaxValueValidator(365)], verbose_name='points wait for days')),
                ('program', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='referral_policy', to='loyalty.program', verbose_name='program')),
            ],
            options={
                'verbose_name': 'invitation policy',
                'verbose_name_plural': 'invitation policies',
            },
        ),
        migrations.AddConstraint(
            model_name='activitykind',
            constraint=models.UniqueConstraint(fields=('program', 'code'), name='kind_code_once', violation_error_message='This type is there already.'),
        ),
        migrations.AddConstraint(
            model_name='kindattribute',
            constraint=models.UniqueConstraint(fields=('kind', 'name'), name='kind_attribute_once'),
        ),
        migrations.AddConstraint(
            model_name='place',
            constraint=models.UniqueConstraint(fields=('program', 'code'), name='place_code_once', violation_error_message='This code is taken already.'),
        ),
        migrations.AddConstraint(
            model_name='place',
            constraint=models.CheckConstraint(condition=models.Q(('starts_at__isnull', True), ('ends_at__isnull', True), ('ends_at__gt', models.F('starts_at')), _connector='OR'), name='place_ends_after_start', violation_error_message='The end lies before the beginning.'),
        ),
        migrations.AddIndex(
            model_name='referral',
            index=models.Index(fields=['program', 'state'], name='referral_by_state'),
        ),
        migrations.RunSQL((SQL / "kinds_touch.sql").read_text(), UNTOUCH),
    ]
