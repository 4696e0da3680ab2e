from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import OuterRef, Subquery


def of_its_job(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """What is still to be sent belongs to the client of its job; what is over takes no turn any more."""
    delivery, job = apps.get_model("jobs", "Delivery"), apps.get_model("jobs", "Job")
    client = job.objects.filter(pk=OuterRef("job")).values("client")
    delivery.objects.exclude(state__in=["delivered", "cancelled"]).update(client=Subquery(client))


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0032_jobs_of_a_rule"),
    ]

    operations = [
        migrations.AddField(
            model_name="delivery",
            name="client",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=models.PROTECT,
                related_name="+",
                to="jobs.client",
            ),
        ),
        migrations.RunPython(of_its_job, migrations.RunPython.noop),
    ]
