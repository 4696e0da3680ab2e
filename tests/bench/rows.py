"""Many jobs and tasks at once, by SQL alone: a million rows in seconds."""

from django.db import connection

_NUMBERS = "WITH RECURSIVE numbers(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM numbers WHERE n < {last})"
_CLIENTS = """
INSERT INTO jobs_client (id, name, slug, recipients, slack_channel, tone, house_style, notes, created_at)
{numbers} SELECT n, 'Client ' || n, 'client-' || n, '["a@example.com"]', '', '', '', '', {now} FROM numbers
"""
_JOBS = """
INSERT INTO jobs_job (id, uid, title, brief, data, answers, agents, priority, state, reason, depth, content_digest,
    budget_microusd, reserved_microusd, spent_microusd, cost_unknown, starts, round, created_by, created_at,
    ready_at, source, sender)
{numbers} SELECT n, {uid}, 'A job', 'Write a note on the weather.', '{{}}', '[]', '[]', 2, '{state}', '', 0, '',
    1000000, 0, 0, FALSE, 0, 0, 'bench', {now}, {now}, '', '' FROM numbers
"""
_TASKS = """
INSERT INTO jobs_task (job_id, position, agent, title, input, needs, priority, state, reason, summary, starts,
    round, revision_note, ready_at, sent_back)
{numbers} SELECT n, {position}, 'drafting', 'A task', '{input}', '[]', 2, '{state}', '', '', 0, 0, '', {now}, 0
    FROM numbers
"""
_INPUT = '{"kind": "post", "audience": "anybody", "instructions": "A short note."}'


def insert_clients(*, first: int, last: int) -> None:
    """Clients with these ids, a recipient each; their slugs are `client-` and the id."""
    _insert(_CLIENTS, first=first, last=last)


def insert_jobs(*, first: int, last: int, state: str) -> None:
    """Jobs of priority 2 with these ids."""
    _insert(_JOBS, first=first, last=last, state=state)


def insert_tasks(*, first: int, last: int, state: str, position: int = 1) -> None:
    """One drafting task for each of the jobs with these ids."""
    _insert(_TASKS, first=first, last=last, state=state, position=position, input=_INPUT)


def settle() -> None:
    """As a database is that has run for a while: ids counted on, statistics taken, nothing left to write back."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT setval('jobs_job_id_seq', (SELECT max(id) FROM jobs_job))")
            cursor.execute("VACUUM ANALYZE")
        else:
            cursor.execute("ANALYZE")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def now() -> str:
    """The database's clock in SQL, in the form in which times are stored."""
    return "now()" if connection.vendor == "postgresql" else "STRFTIME('%Y-%m-%d %H:%M:%f', 'now')"


def ago(seconds: str) -> str:
    """So many seconds before now, in SQL, in the form in which times are stored; `seconds` is SQL too."""
    if connection.vendor == "postgresql":
        return f"(now() - ({seconds}) * interval '1 second')"
    return f"STRFTIME('%Y-%m-%d %H:%M:%f', 'now', '-' || ({seconds}) || ' seconds')"


def numbers(*, first: int, last: int) -> str:
    """The beginning of a statement that has the numbers from first to last as `n` in `numbers`."""
    return _NUMBERS.format(first=first, last=last)


def _insert(statement: str, *, first: int, last: int, **words: object) -> None:
    uid = "gen_random_uuid()" if connection.vendor == "postgresql" else "lower(hex(randomblob(16)))"
    with connection.cursor() as cursor:
        cursor.execute(statement.format(numbers=numbers(first=first, last=last), uid=uid, now=now(), **words))
