"""A program, its policies, types and places as they decide for members now: the rows, or what was published of them."""

from collections.abc import Iterable
from copy import copy
from typing import Any

from loyalty.programs.models.program import Program, Publishing
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.configuration import configuration_for, configuration_under


def as_published(program: Program) -> Program:
    """The program as members see it, read before: its row is the draft, where there may be one."""
    if program.publishing == Publishing.AT_ONCE:
        return program
    return copy(configuration_under(program.pk, program.config_version).program)


def wallets_by_id(program_id: int) -> dict[int, Wallet]:
    """Every wallet there is, in its order, as members see it: what is no draft but out of use is archived, and so is
    what is only a draft yet. One statement, as long as the configuration stays the same."""
    rows = list(Wallet.objects.filter(program_id=program_id).select_related("program"))
    if rows and rows[0].program.publishing != Publishing.AT_ONCE:
        program = rows[0].program
        shown = {row.pk: row for row in configuration_under(program.pk, program.config_version).rows.wallets}
        rows = sorted((_shown(row, shown) for row in rows), key=lambda row: (row.position, row.pk))
    return {row.pk: row for row in rows}


def _shown(row: Wallet, shown: dict[int, Wallet]) -> Wallet:
    row.is_archived = True
    return shown.get(row.pk, row)


def wallet_in_force(wallet: Wallet) -> Wallet:
    """As `wallets_by_id`, of one."""
    return wallets_by_id(wallet.program_id).get(wallet.pk, wallet)


def seen_in[Row](program: Program, rows: Iterable[Row], *wallets: str) -> list[Row]:
    """Rows of the program whose `wallets` (the names of their fields) are as members see them; no statement."""
    found = list(rows)
    if program.publishing != Publishing.AT_ONCE:
        shown = {row.pk: row for row in configuration_under(program.pk, program.config_version).rows.wallets}
        for row in found:
            for name in wallets:
                setattr(row, name, shown.get(getattr(row, f"{name}_id"), getattr(row, name)))
    return found


def in_force_of(program_id: int, noun: str) -> list[Any]:
    """What is in force of a noun of `rules.documents`; each a copy, with everything that it refers to.

    As long as the configuration stays the same, this costs one small statement.
    """
    return [copy(row) for row in configuration_for(program_id).rows.by_noun[noun]]


def only_in_force(program_id: int, noun: str) -> Any | None:
    """The one of a noun of which a program has one at most; None where it is off."""
    return next(iter(in_force_of(program_id, noun)), None)
