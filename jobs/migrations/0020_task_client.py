from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import OuterRef, Subquery


def of_its_job(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """What is still to be done belongs to the client of its job; what is over takes no turn any more."""
    task, job = apps.get_model("jobs", "Task"), apps.get_model("jobs", "Job")
    client = job.objects.filter(pk=OuterRef("job")).values("client")
    task.objects.filter(finished_at=None).update(client=Subquery(client))


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0019_people"),
    ]

    operations = [
        migrations.AddField(
            model_name="task",
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
