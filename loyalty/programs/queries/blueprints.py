"""Ready-made programs, and documents as YAML. Read as plain texts: a file can run nothing."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from django.utils.translation import gettext as _

from loyalty.programs.errors.documents import UnknownBlueprint, WrongDocument
from loyalty.programs.queries.reading import ABOUT, Where, without_defaults
from loyalty.programs.rules.documents import Document

SHELF = Path(__file__).parents[1] / "blueprints"
MOST_NODES = 50_000


@dataclass(frozen=True, slots=True)
class Blueprint:
    """A document that somebody wrote: its name, what it is about, its settings, and where each stands in the file."""

    name: str
    title: str
    summary: str
    raw: dict[str, Any]
    lines: dict[Where, int]

    def line_of(self, where: Where) -> int:
        """The line of a setting, or of what it belongs to."""
        while where and where not in self.lines:
            where = where[:-1]
        return self.lines.get(where, 1)


def blueprints() -> list[Blueprint]:
    """Those that come with Laurel."""
    return [blueprint_from(path.read_text("utf-8"), path.stem) for path in sorted(SHELF.glob("*.yaml"))]


def blueprint_called(name: str) -> Blueprint:
    """One that comes with Laurel, or a YAML file. Raises UnknownBlueprint, WrongDocument."""
    shelved = SHELF / f"{name}.yaml"
    path = shelved if name.replace("-", "").isalnum() and shelved.is_file() else Path(name)
    if path.suffix not in (".yaml", ".yml") or not path.is_file():
        raise UnknownBlueprint(field="name")
    return blueprint_from(path.read_text("utf-8"), path.stem)


def blueprint_from(text: str, name: str) -> Blueprint:
    """A document in YAML. Raises WrongDocument."""
    lines: dict[Where, int] = {}
    try:
        node = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise WrongDocument(_("Line %(line)s is not YAML.") % {"line": line}) from error
    raw = _Reading(lines).plain(node, ())
    if not isinstance(raw, dict):
        raise WrongDocument(_("Write settings here, each with its name."))
    about = raw.pop(ABOUT, None)
    about = about if isinstance(about, dict) else {}
    return Blueprint(name, str(about.get("title", name)), str(about.get("summary", "")), raw, lines)


class _Reading:
    """Nodes as plain mappings, lists and texts, with their lines; what repeats itself by reference has an end."""

    def __init__(self, lines: dict[Where, int]) -> None:
        self._lines = lines
        self._nodes = 0

    def plain(self, node: Any, where: Where) -> Any:
        self._nodes += 1
        if self._nodes > MOST_NODES:
            raise WrongDocument(_("This file is too large."), where=where)
        if node is None:
            return None
        self._lines.setdefault(where, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, where)
        if isinstance(node, yaml.SequenceNode):
            return [self.plain(each, (*where, place)) for place, each in enumerate(node.value)]
        return node.value

    def _mapping(self, node: yaml.MappingNode, where: Where) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in node.value:
            name = str(key.value)
            self._lines[*where, name] = key.start_mark.line + 1
            if name in found:
                raise WrongDocument(_("“%(name)s” stands here twice.") % {"name": name}, where=(*where, name))
            found[name] = self.plain(value, (*where, name))
        return found


def yaml_of(document: Document, *, title: str = "", summary: str = "") -> str:
    """A document as people read and write it; settings with their usual value are left out."""
    about = {ABOUT: {"title": title, **({"summary": summary} if summary else {})}} if title else {}
    return str(yaml.safe_dump(about | without_defaults(document), sort_keys=False, allow_unicode=True, width=110))
