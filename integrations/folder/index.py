"""The page of a job beside its files: what was made, by which agent, each file's sum, and the job's own page."""

from collections.abc import Iterable
from html import escape
from urllib.parse import quote

from integrations.contracts import Json

NAME = "index.html"

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem }}
table {{ border-collapse: collapse; width: 100% }}
td, th {{ border-bottom: 1px solid #8884; padding: .4rem; text-align: left }}
code {{ overflow-wrap: anywhere }}
</style>
<h1>{title}</h1>
<p>{about}</p>
<table>
<thead><tr><th>File</th><th>Made by</th><th>When</th><th>sha-256</th></tr></thead>
<tbody>
{rows}
</tbody>
</table>
<p>Nightdesk keeps this page. The files are yours: it never writes over one.</p>
</html>
"""
_ROW = '<tr><td><a href="{link}">{name}</a></td><td>{agent}</td><td>{at}</td><td><code>{sha256}</code></td></tr>'


def page(records: Iterable[Json]) -> bytes:
    """The page of the job that these records belong to, the oldest first."""
    ordered = sorted(records, key=lambda record: (record["at"], record["key"]))
    last = ordered[-1]
    client = f"For {escape(last['client'])}. " if last["client"] else ""
    job = escape(last["job"])
    link = f'<a href="{escape(last["page"])}">{job}</a>' if last["page"] else job
    rows = [_row(record, file) for record in ordered for file in record["files"]]
    text = _PAGE.format(title=escape(last["title"]), about=f"{client}Job {link}.", rows="\n".join(rows))
    return text.encode()


def _row(record: Json, file: Json) -> str:
    shown = {"name": file["placed"], "agent": record["agent"], "at": record["at"], "sha256": file["sha256"]}
    return _ROW.format(link=escape(quote(file["placed"])), **{name: escape(text) for name, text in shown.items()})
