"""The rehearsal's specialists for words: they arrange what request and sources say, and judge by counting."""

import re

from agents.contracts import Json
from agents.llm.rehearsal.reading import Told, Used, cut, headline, items, sentences, words

_QUOTE = (20, 300)
_QUOTES_A_SOURCE = 3
_MOST_FINDINGS = 8
_READABLE_WORDS = 24
# List marks are not part of a sentence; headings, quotations, tables and sources are none.
_MARK = re.compile(r"^(?:\d+[.)]|[-*•])\s+")
_ASIDE = re.compile(r"[#>|]|Source: |Rehearsal: |\[to be")
_OPEN = "[to be confirmed"


def reading_list(told: Told, offered: list[str]) -> list[tuple[str, Json]]:
    """The tool calls that research makes: every named source that was not read yet, once."""
    done = [used.given for used in told.used]
    calls: list[tuple[str, Json]] = []
    for source in _sources(told):
        is_address = source.startswith(("http://", "https://"))
        tool, given = ("fetch", {"url": source}) if is_address else ("read_file", {"name": source})
        if tool in offered and given not in done:
            calls.append((tool, given))
    return calls


def research(told: Told) -> Json:
    """Sentences of the sources that share words with the question, copied."""
    question = str(told.given.get("question") or told.name)
    findings = [finding for used in told.used if not used.failed for finding in _findings(used, question)]
    findings = findings[:_MOST_FINDINGS]
    gaps = [f"{_source(used)} could not be read: {cut(used.text, 200)}" for used in told.used if used.failed]
    said = " ".join(finding["claim"] for finding in findings[:3]) or "The sources hold no sentence that fits."
    answer = f"Rehearsal: sentences that share words with the question, put side by side. {said}"
    return {"answer": answer, "findings": findings, "gaps": gaps}


def draft(told: Told) -> Json:
    """The request's own words in order, with what earlier steps found; what is missing is marked."""
    title = f"Rehearsal draft: {headline(told.name, 150)}"
    if told.note:
        return {"title": title, "markdown": _revised(told), "open_points": []}
    wanted, *context = items(str(told.given.get("instructions", ""))) or items(told.text) or [told.name]
    audience = str(told.given.get("audience") or "its readers")
    lines = [
        f"For {audience}. Arranged from the words of the request, not written.",
        "",
        "## What was asked",
        "",
        wanted,
    ]
    if context:
        lines += ["", "## What is to be said", "", *(f"- {item}" for item in context)]
    for name, text in _material(told):
        lines += ["", f"## From {name}", "", *(f"- {sentence}" for sentence in _best(text, told.request, 4))]
    missing = [] if context or told.steps or told.files else [f"the facts for “{headline(wanted, 80)}”"]
    lines += [line for point in missing for line in ("", f"{_OPEN}: {point}]")]
    return {"title": title, "markdown": "\n".join(lines), "open_points": [f"Supply {point}." for point in missing]}


def message(told: Told) -> Json:
    """What it is about, what was done, and the request's words for it."""
    subject = headline(told.name.removeprefix(f"Message to {told.client}: "), 60)
    if told.note:
        return {"subject": f"Rehearsal: {subject}", "body": _revised(told)}
    lines = [f"Hello {told.client}," if told.client else "Hello,", "", f"this is about: {subject}."]
    done = [f"- {step.title}" for step in told.steps if step.agent != "review"]
    if done:
        lines += ["", "This is ready:" if len(done) == 1 else "These are ready:", "", *done]
    purpose = cut(str(told.given.get("purpose") or told.text), 600)
    lines += ["", f"What this message is for: {purpose}", "", "Kind regards"]
    return {"subject": f"Rehearsal: {subject}", "body": "\n".join(lines)}


def critique(told: Told) -> Json:
    """Scores by what can be counted: words of the request that are missing, long sentences, open places."""
    text = "\n\n".join(step.text for step in told.steps[-1:]) or "\n\n".join(told.files.values())
    scores = [_score(criterion, text, told) for criterion in told.rubric]
    ready = all(score["score"] >= 3 for score in scores) and _OPEN not in text
    lowest = min(scores, key=lambda score: score["score"], default=None)
    weak = f" Lowest: {headline(lowest['criterion'].partition(':')[0], 60)}." if lowest else ""
    overview = f"Rehearsal: scored by counting {len(text.split())} words, not by reading them.{weak}"
    return {"verdict": "ready" if ready else "revise", "overview": overview, "scores": scores}


def _score(criterion: str, text: str, told: Told) -> Json:
    name = criterion.partition(":")[0].lower()
    if _OPEN in text and name in {"purpose", "accuracy"}:
        score, suggestion = 3, f"Settle the places marked “{_OPEN}: …]” before it goes out."
    elif name in {"clarity", "readability", "tone", "use"}:
        score, suggestion = _readability(text)
    elif name in {"structure", "decision", "interest"}:
        score, suggestion = _structure(text)
    else:
        score, suggestion = _coverage(text, told)
    passage = next(iter(_best(text, criterion, 1)), "")
    return {"criterion": criterion, "score": score, "passage": passage, "suggestion": suggestion}


def _readability(text: str) -> tuple[int, str]:
    long = [sentence for sentence in sentences(text) if len(sentence.split()) > _READABLE_WORDS]
    if not long:
        return 4, "No sentence is too long; read it aloud once before it goes out."
    return 3, f"{len(long)} sentences have over {_READABLE_WORDS} words: divide them, beginning with the longest."


def _structure(text: str) -> tuple[int, str]:
    headings = len(re.findall(r"^#+ ", text, re.MULTILINE))
    if headings > 1 or len(text.split()) < 150:
        return 4, f"It has {headings} headings; check that the most important stands first."
    return 3, "It is long for so few headings: give each part its own."


def _coverage(text: str, told: Told) -> tuple[int, str]:
    wanted = words(told.request)
    there = set(words(text))
    missing = [word for word in wanted if word not in there]
    share = 1 - len(missing) / len(wanted) if wanted else 1.0
    score = 4 if share > 0.7 else 3 if share > 0.4 else 2
    return score, f"Words of the request that it does not use: {', '.join(missing[:8]) or 'none'}. Check each."


def _sources(told: Told) -> list[str]:
    given = told.given.get("sources")
    named = [str(source) for source in given] if isinstance(given, list) else []
    return named or list(told.files)


def _source(used: Used) -> str:
    return str(used.given.get("url") or used.given.get("name") or used.name)


def _findings(used: Used, question: str) -> list[Json]:
    head, _, page = used.text.partition("\n\n")
    title = re.search(r"^Title: (.+)$", head, re.MULTILINE)
    name = title[1] if title and title[1] != "(none)" else _source(used)
    return [
        {"claim": f"{name}: {quote}", "quote": quote, "source": _source(used)}
        for quote in _best(page, question, _QUOTES_A_SOURCE)
    ]


def _best(text: str, wanted: str, most: int) -> list[str]:
    """The sentences that share most words with what is wanted, in the text's order, each as it stands there."""
    lines = [_MARK.sub("", line.strip()) for line in text.splitlines() if not _ASIDE.match(line.strip())]
    there = [sentence for line in lines for sentence in sentences(line)]
    fitting = list(dict.fromkeys(sentence for sentence in there if _QUOTE[0] <= len(sentence) <= _QUOTE[1]))
    asked = set(words(wanted))
    chosen = sorted(fitting, key=lambda sentence: -len(asked & set(words(sentence))))[:most]
    return [sentence for sentence in fitting if sentence in chosen]


def _material(told: Told) -> list[tuple[str, str]]:
    done = [(step.title, step.text) for step in told.steps if step.text]
    return done + [(name, text) for name, text in told.files.items() if text]


def _revised(told: Told) -> str:
    """The text as it was, shorter where that is asked for, with the note that it answers."""
    previous = re.sub(r"^> Rehearsal: .*\n+", "", told.previous)
    previous = re.sub(r"^# .*\n+", "", previous)
    if re.search(r"\b(short|shorter|brief|briefer|cut|concise|less)\b", told.note, re.IGNORECASE):
        paragraphs = previous.split("\n\n")
        kept = paragraphs[: max(1, (len(paragraphs) + 1) // 2)]
        while len(kept) > 1 and kept[-1].startswith("#"):
            kept.pop()
        previous = "\n\n".join(kept)
    return f"{previous.strip()}\n\n*Rehearsal: revised after this note: {cut(told.note, 300)}*"
