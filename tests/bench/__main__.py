"""Run the benchmarks named, or all, each in a process, a folder and a database of its own."""

import argparse
import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field

from tests.bench import place, report


@dataclass(frozen=True)
class Benchmark:
    """One module of this folder, and what it runs on. After `limit` seconds it is ended."""

    limit: int
    databases: tuple[str, ...] = place.DATABASES
    environment: dict[str, str] = field(default_factory=dict)
    can_keep: bool = False  # whether it fills its database but once


BENCHMARKS = {
    "claims": Benchmark(limit=150),
    "turns": Benchmark(limit=240),
    "pages": Benchmark(limit=1_200, can_keep=True),
    "whole_task": Benchmark(limit=60),
    "ingest": Benchmark(limit=120),
    "github": Benchmark(limit=120, environment={"GITHUB_WEBHOOK_SECRET": "for benchmarks only"}),
    "slack": Benchmark(limit=150, environment={"SLACK_SIGNING_SECRET": "for benchmarks only", "SLACK_USERS": "U1"}),
    "pickup": Benchmark(limit=180),
    "behind": Benchmark(limit=240, environment={"NIGHTDESK_REHEARSAL_PAUSE": "1s"}),
    "in_flight": Benchmark(limit=330),
    # Playwright's loop lives in the thread that makes the rows.
    "flow": Benchmark(limit=150, databases=("sqlite",), environment={"DJANGO_ALLOW_ASYNC_UNSAFE": "1"}),
    "memory": Benchmark(limit=120, environment={"NIGHTDESK_CONCURRENCY": "52", "NIGHTDESK_REHEARSAL_PAUSE": "3s"}),
}


def main() -> int:
    """Print what was measured, a JSON line each; 1 if a benchmark broke, whatever the figures are."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(BENCHMARKS))
    parser.add_argument("--database", choices=place.DATABASES, help="only on this one")
    parser.add_argument("--quick", action="store_true", help="small numbers, to see whether everything works")
    parser.add_argument("--keep", metavar="FOLDER", help="fill once, measure again (pages; good for a day)")
    wanted = parser.parse_args()
    if wanted.quick:
        os.environ["BENCH_QUICK"] = "1"
    if unknown := set(wanted.names) - set(BENCHMARKS):
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; there are: {', '.join(BENCHMARKS)}")
    names = wanted.names or list(BENCHMARKS)
    if wanted.keep and not all(BENCHMARKS[name].can_keep for name in names):
        parser.error("only pages can be kept")
    broken = 0
    for name in names:
        for database in BENCHMARKS[name].databases:
            if wanted.database in {None, database}:
                broken += not run(name, database, keep=wanted.keep)
    return 1 if broken else 0


def run(name: str, database: str, *, keep: str | None = None) -> bool:
    """Run one benchmark on one database, kept in the folder `keep` if one is named. False if it broke."""
    if reason := place.missing(database):
        report.write({"bench": name, "database": database, "skipped": reason})
        return True
    with place.opened(database, keep=keep) as environment:
        command = [sys.executable, "-m", "tests.bench.figure", name]
        child = subprocess.Popen(
            command,
            env=environment | BENCHMARKS[name].environment,
            cwd=place.ROOT,
            start_new_session=True,
        )
        # Whatever it started goes with it.
        clock = threading.Timer(BENCHMARKS[name].limit, _end, [child])
        clock.start()
        try:
            code = child.wait()
        finally:
            clock.cancel()
            _end(child)
    if code:
        reason = f"it ended with {code}; a negative number is the signal, -9 after {BENCHMARKS[name].limit} s"
        report.write({"bench": name, "database": database, "broken": reason})
    return code == 0


def _end(child: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


if __name__ == "__main__":
    sys.exit(main())
