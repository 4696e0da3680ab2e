import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

# What is about the desk itself: a target, a place, money, a rule's pace.
_OF_THE_DESK = ["down", "found", "spent", "flood", "away"]


def stand_alone(apps, schema_editor):
    """Until now such an item stood at some job, and ended with it."""
    items = apps.get_model("jobs", "Review").objects.filter(kind="alarm", payload__alarm__in=_OF_THE_DESK)
    items.update(job=None, task=None)


class Migration(migrations.Migration):

    dependencies = [
        ("jobs", "0027_figures_at_any_size"),
    ]

    operations = [
        migrations.AlterField(
            model_name="review",
            name="job",
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name="reviews", to="jobs.job"),
        ),
        migrations.AddConstraint(
            model_name="review",
            constraint=models.CheckConstraint(
                condition=Q(job__isnull=False) | Q(kind="alarm", task__isnull=True),
                name="review_of_a_job_or_of_the_desk",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(condition=Q(kind="notice"), fields=["external_id"], name="delivery_of_a_notice"),
        ),
        migrations.RunPython(stand_alone, migrations.RunPython.noop),
    ]
