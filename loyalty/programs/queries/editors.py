"""Who changed a program's configuration, from the history of its rows."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from loyalty.members.models import User
from loyalty.programs.models.program import Program
from loyalty.programs.queries.documents import MODELS
from loyalty.programs.rules.documents import NOUNS, SETTINGS

NO_WORK = ("discard:", "manner:")


def editors_since(program: Program, since: datetime | None) -> list[str]:
    """Actors such as staff:12, whoever edited last first, each once; from the beginning without `since`."""
    acts = sorted(_acts(program, since), key=lambda act: act[0], reverse=True)
    return list(dict.fromkeys(actor for _at, actor in acts if actor))


def last_editor(program: Program) -> str:
    """Who changed the configuration last; empty when nobody was noted."""
    return next(iter(editors_since(program, None)), "")


def names_of(actors: Iterable[str]) -> dict[str, str]:
    """How people read actors: staff by their name or address, everything else as it is noted."""
    asked = {actor for actor in actors if actor}
    users = {int(actor.removeprefix("staff:")): actor for actor in asked if actor.removeprefix("staff:").isdigit()}
    names = {users[user.pk]: user.name or user.email for user in User.objects.filter(pk__in=users)}
    return {actor: names.get(actor, actor) for actor in asked}


def _acts(program: Program, since: datetime | None) -> list[tuple[datetime, str]]:
    acts: list[tuple[datetime, str]] = []
    for history in _histories(program):
        rows = history.filter(history_date__gt=since) if since else history
        found = rows.order_by("-history_date").values_list("history_date", "history_user_id", "history_change_reason")
        acts += [(at, _actor(user, reason or "")) for at, user, reason in found[:200]]
    return acts


def _actor(user: int | None, reason: str) -> str:
    """Nobody worked on a draft by throwing it away."""
    if reason.startswith(NO_WORK):
        return ""
    return f"staff:{user}" if user else reason


def _histories(program: Program) -> list[Any]:
    """The history of every row of the configuration, those among them that are gone."""
    program_model: Any = MODELS[SETTINGS]
    found = [program_model.history.filter(id=program.pk)]
    for noun in NOUNS:
        model: Any = MODELS[noun.name]
        found.append(model.history.filter(**{noun.scope: program.pk}))
        for part in noun.parts:
            part_model: Any = MODELS[part.name]
            wholes = model.objects.filter(**{noun.scope: program}).values("pk")
            found.append(part_model.history.filter(**{f"{part.parent}_id__in": wholes}))
    return found
