"""A house that has run for years, by SQL alone: a million jobs with all that belongs to them."""

from django.db import connection, transaction

from jobs.lifecycle.artifact import File, keep
from tests.bench import place, rows

JOBS = 20_000 if place.quick() else 1_000_000
# So many of the latest are still under way.
OPEN = 40
# A thousand jobs a night, as long ago as their number says.
_A_NIGHT = 1_000
_CLIENTS, _RULES, _REVIEWS = 60, 20, 120

_RULE = """
INSERT INTO jobs_trigger (id, name, slug, source, address, enabled, conditions, title_template, brief_template,
    client_from, agents, priority, secret_version, created_at)
{numbers} SELECT n, 'Rule ' || n, 'rule-' || n, 'form', '', TRUE, '{{}}', '{{summary}}', '{{text}}', '', '[]', 2, 1,
    {now} FROM numbers
"""
# Every second job came of an event; every hundredth event met no rule.
_RECEIPT = """
INSERT INTO jobs_receipt (id, source, external_id, kind, sender, summary, data, headers, body, sha256, problems,
    outcome, address, origin, token, received_at)
SELECT id, 'form', 'event-' || id, 'form.sent', '', 'A request', '{{"text": "A request"}}', '{{}}', {body}, '',
    '{{}}', CASE WHEN id % 100 = 0 THEN 'unmatched' ELSE 'opened' END, 'rule-' || (id % {rules} + 1), '', '', {at}
FROM jobs_job WHERE id % 2 = 0
"""
_SPREAD = """
UPDATE jobs_job SET created_at = {at}, client_id = CASE WHEN id % 3 = 0 THEN NULL ELSE id % {clients} + 1 END,
    trigger_id = CASE WHEN id % 2 = 0 THEN id % {rules} + 1 END,
    receipt_id = CASE WHEN id % 2 = 0 AND id % 100 <> 0 THEN id END,
    spent_microusd = 5000 + id % 9000, finished_at = CASE WHEN state = 'completed' THEN {at} END
"""
_RUN = """
INSERT INTO jobs_run (job_id, task_id, round, state, exit, host, pid, pid_started, lease_until, prompt_version,
    model, input_tokens, output_tokens, reserved_microusd, cost_microusd, unconfirmed_microusd, cost_unknown,
    started_at, finished_at, agent, client_id)
SELECT job.id, task.id, 0, 'succeeded', '', 'h', 1, '1', job.created_at, 'v1', 'claude-sonnet-5-5', 900, 300, 0,
    5000 + job.id % 9000, 0, FALSE, job.created_at, job.created_at, task.agent, job.client_id
FROM jobs_job job JOIN jobs_task task ON task.job_id = job.id
"""
_TURN = """
INSERT INTO jobs_turn (job_id, task_id, run_id, round, number, ask_digest, request, reply, model, stop_reason,
    input_tokens, output_tokens, cost_microusd, cache_saved_microusd, batch_saved_microusd, duration_ms, created_at)
SELECT run.job_id, run.task_id, run.id, 0, 1, '', '{{"messages": []}}', '{{"content": []}}', run.model, 'end_turn',
    900, 300, run.cost_microusd, 900, 0, 1500, run.started_at
FROM jobs_run run
"""
_ARTIFACT = """
INSERT INTO jobs_artifact (job_id, task_id, run_id, kind, name, version, media_type, sha256, size, tainted, made_by,
    created_at)
SELECT job_id, task_id, id, 'draft', 'draft.md', 1, 'text/markdown',
    SUBSTR('{zeros}' || id, LENGTH(CAST(id AS TEXT)) + 1), 900, FALSE, 'agent:drafting', started_at
FROM jobs_run
"""
_DELIVERY = """
INSERT INTO jobs_delivery (key, job_id, task_id, target, kind, card, fields, files, digest, approved_digest,
    priority, state, reason, ready_at, attempts, host, pid, pid_started, external_id, url, detail, created_at,
    delivered_at)
SELECT 'job:' || job.id || ':1:0:1', job.id, task.id, 'folder', 'document', '', '{{}}', '[]', '', '', 2,
    'delivered', '', job.created_at, 1, '', 0, '', '', '', '', job.created_at, job.finished_at
FROM jobs_job job JOIN jobs_task task ON task.job_id = job.id WHERE job.state = 'completed'
"""
_EVENT = """
INSERT INTO jobs_event (name, actor, job_id, noun, "row", source, "to", data, at)
SELECT line.name, 'bench', job.id, line.noun, job.id, '', '', '{{}}', job.created_at
FROM jobs_job job CROSS JOIN (
    SELECT 1 AS place, 'job.opened' AS name, 'job' AS noun, 0 AS is_end
    UNION ALL SELECT 2, 'task.started', 'task', 0
    UNION ALL SELECT 3, 'delivery.delivered', 'delivery', 1
    UNION ALL SELECT 4, 'job.completed', 'job', 1
) AS line WHERE job.state = 'completed' OR line.is_end = 0 ORDER BY job.id, line.place
"""
_REVIEW = """
INSERT INTO jobs_review (job_id, kind, state, priority, title, consequence, payload, digest, version, note, edits,
    due_at, stake, decided_at, created_at)
SELECT id, 'message', CASE WHEN id % 50 = 0 AND id > {jobs} - {reviews} * 50 THEN 'open' ELSE 'approved' END, 1,
    'A message', 'Sends to a@example.com', '{{}}', '', 1, '', 0,
    '2200-01-01 00:00:00', 0, CASE WHEN id > {jobs} - {reviews} * 50 THEN NULL ELSE created_at END, created_at
FROM jobs_job WHERE id % 50 = 0
"""
_MESSAGE = """
INSERT INTO jobs_delivery (key, job_id, task_id, review_id, target, kind, card, fields, files, digest,
    approved_digest, priority, state, reason, ready_at, attempts, host, pid, pid_started, external_id, url, detail,
    created_at)
SELECT 'job:' || review.job_id || ':1:0:2', review.job_id, task.id, review.id, 'mail', 'client_message', '',
    '{{"to": ["a@example.com"], "subject": "A message"}}', '[{{"name": "message.md", "sha256": "{words}"}}]', '',
    '', 1, 'held', '', review.created_at, 0, '', 0, '', '', '', '', review.created_at
FROM jobs_review review JOIN jobs_task task ON task.job_id = review.job_id WHERE review.state = 'open'
"""
_DAY = """
INSERT INTO jobs_day (date, spent_microusd, reserved_microusd, night_spent_microusd, night_reserved_microusd,
    told)
SELECT DATE(created_at), SUM(spent_microusd), 0, SUM(spent_microusd), 0, '[]' FROM jobs_job GROUP BY 1
"""


_WORDS = File("message", "message.md", "text/markdown", b"Good morning,\n\n" + b"the oven is warm. " * 90)


def fill() -> None:
    """All of it in one transaction; then as a database is that has run for a while."""
    keep(_WORDS)
    done = JOBS - OPEN
    with transaction.atomic():
        if connection.vendor == "postgresql":
            # The rows name one another rightly; to have that checked for each takes longer than to write them.
            _run("SET LOCAL session_replication_role = 'replica'")
        rows.insert_jobs(first=1, last=done, state="completed")
        rows.insert_jobs(first=done + 1, last=JOBS, state="in_progress")
        rows.insert_tasks(first=1, last=done, state="completed")
        rows.insert_tasks(first=done + 1, last=JOBS, state="pending")
        rows.insert_clients(first=1, last=_CLIENTS)
        _run(_RULE, numbers=rows.numbers(first=1, last=_RULES))
        for statement in (_RECEIPT, _SPREAD, _RUN, _TURN, _ARTIFACT, _DELIVERY, _EVENT, _REVIEW, _MESSAGE, _DAY):
            _run(statement)
    rows.settle()


def _run(statement: str, **words: str) -> None:
    numbers: dict[str, object] = {"clients": _CLIENTS, "rules": _RULES, "jobs": JOBS, "reviews": _REVIEWS}
    numbers |= {"zeros": "0" * 64, "words": _WORDS.sha256}
    at, body = rows.ago(f"({JOBS} - id) * 86400.0 / {_A_NIGHT}"), "''::bytea"
    if connection.vendor == "sqlite":
        body = "X''"
    with connection.cursor() as cursor:
        cursor.execute(statement.format(at=at, body=body, now=rows.now(), **numbers, **words))
