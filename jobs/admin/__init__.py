"""The engine room: one file a noun. What people set up can be changed; history can only be read."""

from jobs.admin import artifact, client, delivery, event, job, receipt, review, run, task, token, trigger

__all__ = ["artifact", "client", "delivery", "event", "job", "receipt", "review", "run", "task", "token", "trigger"]
