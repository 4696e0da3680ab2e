"""The nouns, one file each."""

from jobs.models.allowance import Allowance
from jobs.models.artifact import Artifact
from jobs.models.batch_call import BatchCall
from jobs.models.breaker import Breaker
from jobs.models.checkup import Checkup
from jobs.models.client import Client
from jobs.models.cluster import Cluster, Process
from jobs.models.day import Day
from jobs.models.delivery import Delivery
from jobs.models.event import Event
from jobs.models.fence import FencedWrite
from jobs.models.job import Job
from jobs.models.known_answer import KnownAnswer
from jobs.models.model_pause import ModelPause
from jobs.models.preference import Preference
from jobs.models.receipt import Receipt
from jobs.models.restore import Restore
from jobs.models.review import Review
from jobs.models.rule_day import RuleDay
from jobs.models.run import Run, Turn
from jobs.models.task import Task
from jobs.models.token import Reply, Token
from jobs.models.trigger import Trigger

__all__ = [
    "Allowance",
    "Artifact",
    "BatchCall",
    "Breaker",
    "Checkup",
    "Client",
    "Cluster",
    "Day",
    "Delivery",
    "Event",
    "FencedWrite",
    "Job",
    "KnownAnswer",
    "ModelPause",
    "Preference",
    "Process",
    "Receipt",
    "Reply",
    "Restore",
    "Review",
    "RuleDay",
    "Run",
    "Task",
    "Token",
    "Trigger",
    "Turn",
]
