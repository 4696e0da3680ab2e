"""Every word that people read is marked, and every marked word has its German."""

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import polib
import pytest
from django.conf import settings
from django.template.base import Lexer, Token, TokenType
from django.utils import translation
from django.utils.translation import gettext, ngettext, trim_whitespace

from tests.test_house import source_files, tracked

ROOT = Path(__file__).parent.parent
CATALOGUES = sorted((ROOT / "jobs" / "locale").glob("*/LC_MESSAGES/django.po"))
# Words that no language changes: the name of the house, a key, a sum, a unit, the class of a page beside its title.
NAMES = {"Nightdesk", "Ctrl", "sha", "ms"}
# What is not read as words, and the attributes that are.
SILENT = {"code", "pre", "script", "style", "kbd"}
SPOKEN = {"aria-label", "title", "placeholder", "alt"}
# What gettext is called in the code, and how many of its first arguments are words; with a context, one more.
CALLS = {"_": 1, "gettext": 1, "gettext_lazy": 1, "gettext_noop": 1, "ngettext": 2, "ngettext_lazy": 2}
IN_CONTEXT = {"pgettext", "pgettext_lazy"}
_PLACEHOLDER = re.compile(r"%\([a-z_]+\)[sdr]|%%|\{[a-z_.:0-9]*\}")
_BLOCK = re.compile(r"\{% blocktranslate.*?%\}.*?\{% endblocktranslate %\}", re.DOTALL)


class Words(HTMLParser):
    """Finds what stands between the tags and in the attributes that are read out."""

    def __init__(self) -> None:
        super().__init__()
        self.depth = 0
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at its attributes; keep silent inside of code."""
        self.depth += tag in SILENT
        for name, value in attrs:
            if name in SPOKEN or (tag == "option" and name == "value"):
                self._look(value or "")

    def handle_endtag(self, tag: str) -> None:
        """Speak again after code."""
        self.depth -= tag in SILENT

    def handle_data(self, data: str) -> None:
        """Look at the text."""
        if not self.depth:
            self._look(data)

    def _look(self, text: str) -> None:
        if set(re.findall(r"[^\W\d_]{2,}", text)) - NAMES:
            self.found.append(" ".join(text.split()))


def bare_words(template: str) -> list[str]:
    """The words of a template that are not marked, in their order."""
    source = re.sub(r"\{#.*?#\}|\{% block body_(class|data) %\}.*?\{% endblock.*?%\}", "", template)
    source = _BLOCK.sub("", source)
    filters = re.findall(r'\{[{%][^{}]*?default(?:_if_none)?:"[^"]*[a-z]{2}[^"]*"|\|pluralize\S*', source)
    words = Words()
    words.feed(re.sub(r"\{%.*?%\}|\{\{.*?\}\}", "", source, flags=re.DOTALL))
    return words.found + filters


@pytest.mark.parametrize(
    ("template", "found"),
    [
        ("<p>Hello there</p>", ["Hello there"]),
        ('<p title="A word">{{ x }}</p>', ["A word"]),
        ('{% translate "Hello" %} <code>manage.py up</code> · Nightdesk', []),
        ("{% blocktranslate %}{{ number }} jobs{% endblocktranslate %}", []),
        ('{{ name|default:"nobody" }}', ['{{ name|default:"nobody"']),
        ("{{ number }}{{ number|pluralize }}", ["|pluralize"]),
        ("{% block body_class %}page-plain{% endblock %}", []),
    ],
)
def test_bare_words_are_found(template: str, found: list[str]) -> None:
    assert bare_words(template) == found


@pytest.mark.parametrize("path", sorted(path for path in tracked(".html") if path.startswith("templates/")))
def test_no_word_of_a_page_is_unmarked(path: str) -> None:
    assert not bare_words((ROOT / path).read_text())


def _marked_in_code(path: str) -> Iterator[tuple[str | None, str]]:
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        words = [one.value if isinstance(one, ast.Constant) else None for one in node.args[:2]]
        if node.func.id in IN_CONTEXT and all(isinstance(word, str) for word in words):
            yield str(words[0]), str(words[1])
        elif node.func.id in CALLS and words and isinstance(words[0], str):
            yield None, words[0]


def _marked_in_page(path: str) -> Iterator[tuple[str | None, str]]:
    """Of simple tags the words, of blocks the first form as Django collects it."""
    tokens = iter(Lexer((ROOT / path).read_text()).tokenize())
    for token in tokens:
        if token.token_type != TokenType.BLOCK:
            continue
        name, *parts = token.split_contents()
        if name == "translate" and parts[0][0] in "\"'":
            yield (parts[parts.index("context") + 1][1:-1] if "context" in parts else None), parts[0][1:-1]
        elif name == "blocktranslate":
            yield None, _block(tokens, is_trimmed="trimmed" in parts)


def _block(tokens: Iterator[Token], *, is_trimmed: bool) -> str:
    text = ""
    for token in tokens:
        if token.token_type == TokenType.VAR:
            text += f"%({token.contents})s"
        elif token.token_type == TokenType.TEXT:
            text += token.contents.replace("%", "%%")
        else:  # plural, or the end
            break
    return trim_whitespace(text) if is_trimmed else text


# What is kept with a job, a task or a delivery, and read by its owner; what a model or a program reads is English.
REASONS = {
    "Unable",
    "LimitReached",
    "BadAnswer",
    "ModelUnavailable",
    "ModelRejected",
    "DeliveryError",
    "TargetClosed",
    "OutcomeUnknown",
    "CannotTell",
    "OverBudget",
}


def _bare_reasons(path: str) -> Iterator[str]:
    """The reasons that are made of words which nobody marked."""
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in REASONS):
            continue
        for one in node.args:
            parts = one.values if isinstance(one, ast.JoinedStr) else [one]
            said = [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
            if len(re.findall(r"[^\W\d_]{2,}", " ".join(said))) > 1:
                yield f"{path}:{node.lineno} {' '.join(said)}"


def test_no_reason_that_an_owner_reads_is_unmarked() -> None:
    rooms = [path for path in source_files() if path.startswith(("agents/", "integrations/", "jobs/"))]
    # The rehearsal speaks as a model does; who evaluates it is a developer.
    wrong = [one for path in rooms if "/rehearsal/" not in path for one in _bare_reasons(path)]
    assert not wrong


@pytest.fixture(scope="module")
def marked() -> set[tuple[str | None, str]]:
    """Every marked message of code and pages, with its context."""
    found = {one for path in source_files() for one in _marked_in_code(path)}
    return found | {
        one for path in tracked(".html") if path.startswith("templates/") for one in _marked_in_page(path)
    }


@pytest.fixture(params=CATALOGUES, ids=lambda path: path.parent.parent.name)
def catalogue(request: pytest.FixtureRequest) -> polib.POFile:
    """The messages of one language."""
    return polib.pofile(str(request.param))


def test_there_is_a_catalogue_of_every_language_but_english() -> None:
    assert {path.parent.parent.name for path in CATALOGUES} == {code for code, _ in settings.LANGUAGES} - {"en"}


def test_every_marked_message_is_in_the_catalogue(
    marked: set[tuple[str | None, str]], catalogue: polib.POFile
) -> None:
    missing = marked - {(entry.msgctxt, entry.msgid) for entry in catalogue}
    assert not missing, "make messages collects them"


def test_every_message_is_translated_for_certain(catalogue: polib.POFile) -> None:
    assert not [entry.msgid for entry in catalogue if not entry.translated() or entry.fuzzy]
    assert not catalogue.obsolete_entries()


def test_both_sides_have_the_same_placeholders(catalogue: polib.POFile) -> None:
    def names(text: str) -> list[str]:
        return sorted(set(_PLACEHOLDER.findall(text)) - {"%%"})

    wrong = []
    for entry in catalogue:
        pairs = [(entry.msgid, entry.msgstr)] if not entry.msgid_plural else []
        if entry.msgid_plural:
            pairs = [(entry.msgid_plural, entry.msgstr_plural[1]), (entry.msgid, entry.msgstr_plural[0])]
        wrong += [(there, here) for there, here in pairs if names(there) != names(here)]
    assert not wrong


def test_what_is_compiled_is_what_is_written(catalogue: polib.POFile) -> None:
    compiled = polib.mofile(str(Path(catalogue.fpath).with_suffix(".mo")))

    def texts(entries: list[Any]) -> dict[Any, Any]:
        return {(one.msgctxt, one.msgid): (one.msgstr, dict(one.msgstr_plural)) for one in entries}

    assert texts(list(compiled)) == texts(list(catalogue)), "make messages compiles them"


def test_a_german_page_counts_as_germans_do() -> None:
    with translation.override("de"):
        assert gettext("Approve") == "Freigeben"
        assert ngettext("%(number)d question", "%(number)d questions", 1) % {"number": 1} == "1 Frage"
        assert ngettext("%(number)d question", "%(number)d questions", 2) % {"number": 2} == "2 Fragen"
