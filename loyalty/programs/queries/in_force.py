"""A program, its policies, types and places as they decide for members now: the rows, or what was published of them."""

from copy import copy
from typing import Any

from loyalty.programs.models.program import Program, Publishing
from loyalty.programs.queries.configuration import configuration_for, configuration_under


def as_published(program: Program) -> Program:
    """The program as members see it, read before: its row is the draft, where there may be one."""
    if program.publishing == Publishing.AT_ONCE:
        return program
    return copy(configuration_under(program.pk, program.config_version).program)


def in_force_of(program_id: int, noun: str) -> list[Any]:
    """What is in force of a noun of `rules.documents`; each a copy, with everything that it refers to.

    As long as the configuration stays the same, this costs one small statement.
    """
    return [copy(row) for row in configuration_for(program_id).rows.by_noun[noun]]


def only_in_force(program_id: int, noun: str) -> Any | None:
    """The one of a noun of which a program has one at most; None where it is off."""
    return next(iter(in_force_of(program_id, noun)), None)
