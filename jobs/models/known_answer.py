"""KnownAnswer: what a person said once for a client, and need not say again."""

from django.db import models

from jobs.models.client import Client
from jobs.models.job import Job


class KnownAnswer(models.Model):
    """One lasting answer of a client's. `digest` is that of the question: asked again, the newest answer counts."""

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="known_answers")
    question = models.TextField()
    digest = models.CharField(max_length=64, editable=False)  # policy.content_digest(question)
    answer = models.TextField()
    said_by = models.CharField(max_length=150)
    said_at = models.DateTimeField()
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, blank=True, related_name="known_answers")

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["client", "digest"], name="known_answer_once")]

    def __str__(self) -> str:
        """Return question and answer."""
        return f"{self.question} {self.answer}"
