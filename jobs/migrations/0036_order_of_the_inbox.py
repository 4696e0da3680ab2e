import datetime
import django.core.validators
import jobs.states
from django.conf import settings
from django.db import migrations, models
from django.db.models import F


def of_what_is_known(apps, schema_editor):
    """What waits keeps its own time, and its place before others where jobs wait for it."""
    review, job = (apps.get_model("jobs", name) for name in ("Review", "Job"))
    waiting = review.objects.filter(state="open")
    waiting.filter(expires_at__isnull=False).update(due_at=F("expires_at"))
    waited_for = job.objects.filter(state="pending", after__isnull=False).values("after")
    waiting.filter(job__in=waited_for).update(stake=2)


class Migration(migrations.Migration):

    dependencies = [
        ('jobs', '0035_runs_say_whose'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='review',
            name='review_open',
        ),
        migrations.AddField(
            model_name='job',
            name='due_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='review',
            name='due_at',
            field=models.DateTimeField(default=datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)),
        ),
        migrations.AddField(
            model_name='review',
            name='stake',
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='trigger',
            name='due_hours',
            field=models.PositiveSmallIntegerField(blank=True, help_text='Hours within which what an event asks is to be answered; empty: no time is set.', null=True, validators=[django.core.validators.MinValueValidator(1)]),
        ),
        migrations.RunPython(of_what_is_known, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name='review',
            index=models.Index(condition=models.Q(('state', jobs.states.ReviewState['OPEN'])), fields=['priority', 'due_at', '-stake', 'id'], name='review_in_order'),
        ),
    ]
