import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import OuterRef, Subquery, Value
from django.db.models.functions import Coalesce


def of_their_tasks_and_jobs(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """A run is its task's agent's, or the orchestrator's, and its job's client's."""
    run, task, job = (apps.get_model("jobs", name) for name in ("Run", "Task", "Job"))
    agent = task.objects.filter(pk=OuterRef("task")).values("agent")
    client = job.objects.filter(pk=OuterRef("job")).values("client")
    run.objects.update(agent=Coalesce(Subquery(agent), Value("orchestrator")), client=Subquery(client))


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0034_delivery_turns"),
    ]

    operations = [
        migrations.AddField(
            model_name="run",
            name="agent",
            field=models.CharField(blank=True, default="", max_length=60),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="run",
            name="client",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="jobs.client",
            ),
        ),
        migrations.RunPython(of_their_tasks_and_jobs, migrations.RunPython.noop),
        migrations.RemoveIndex(model_name="job", name="job_of_rule"),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                condition=models.Q(("trigger__isnull", False)), fields=["trigger", "-created_at"], name="job_of_rule"
            ),
        ),
    ]
