"""ModelPause: a model that is left in peace, for every process alike."""

from django.db import models


class ModelPause(models.Model):
    """Written when a pause begins and gone once the model has answered again: while all is well there is no row."""

    model = models.CharField(max_length=80, primary_key=True)
    failures = models.PositiveIntegerField()  # without an answer between
    until = models.DateTimeField()

    def __str__(self) -> str:
        """Return the model's name."""
        return self.model
