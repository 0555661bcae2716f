"""The strings that the product marks for translation, read from its sources without gettext's tools."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[2]
LITERAL = r"""u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
CALL = re.compile(rf"\b(n?p?gettext|_)\(({LITERAL}(?:, {LITERAL})*)")
# What a function takes before the numbers: context, text, plural.
TAKES = {"gettext": 1, "_": 1, "ngettext": 2, "pgettext": 2, "npgettext": 3}

# Python that speaks to members.
SPEAKING = (
    "config/settings.py",
    "*/errors.py",
    "*/*/errors.py",
    "*/*/errors/*.py",
    "*/portal/**/*.py",
    "loyalty/lib/dates.py",
    "loyalty/lib/portal.py",
    "loyalty/templatetags/portal.py",
    "loyalty/members/rules.py",
    "loyalty/members/services/*.py",
    "loyalty/messaging/rules.py",
    "loyalty/programs/rules/wording/*.py",
    "loyalty/programs/queries/activities.py",
    "loyalty/programs/queries/caps.py",
    "loyalty/programs/queries/extensions.py",
    "loyalty/programs/queries/statement.py",
    "loyalty/programs/queries/terms.py",
)

type Words = tuple[str, str, str]  # context, text, plural


def member_files() -> Iterator[Path]:
    """Where members' words come from: every template that is not the staff's, and what speaks to members in Python."""
    for path in sorted((ROOT / "templates").rglob("*.*")):
        parts = path.relative_to(ROOT / "templates").parts
        if not {"admin", "unfold", "rest", "insights"} & set(parts):
            yield path
    for pattern in SPEAKING:
        yield from (path for path in sorted(ROOT.glob(pattern)) if "tests" not in path.parts)


def words_of(path: Path) -> set[Words]:
    """What a file marks."""
    return set(_in_python(path) if path.suffix == ".py" else _in_template(path))


def _in_python(path: Path) -> Iterator[Words]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            name = node.func.id.removesuffix("_lazy").removesuffix("_noop")
            texts = [each.value for each in node.args if isinstance(each, ast.Constant)]
            if name in TAKES and len(texts) >= TAKES[name]:
                yield _words(name, texts)


def _in_template(path: Path) -> Iterator[Words]:
    for name, literals in CALL.findall(templatize(path.read_text(), origin=str(path))):
        yield _words(name, [ast.literal_eval(each) for each in re.findall(LITERAL, literals)])


def _words(name: str, texts: list[str]) -> Words:
    context = texts.pop(0) if "p" in name else ""
    return context, texts[0], texts[1] if name.startswith("n") else ""
