"""Giving points that members have already the longer life of an extension: asked for once, worked off in slices."""

from django.db import transaction

from loyalty.ledger import services as ledger
from loyalty.ledger.queries.lots import ending_accounts
from loyalty.ledger.rules import Swept
from loyalty.lib import clock
from loyalty.programs.models.extensions import Extension, ExtensionRun
from loyalty.programs.queries import extensions as queries
from loyalty.programs.queries.configuration import extension_of
from loyalty.programs.services.transactions import turn_of


@transaction.atomic
def ask_for_run(row: Extension, *, actor: str) -> ExtensionRun:
    """The points that the audience has now are to last longer too; where a run waits already, that one."""
    Extension.objects.select_for_update(of=("self",), no_key=True).get(pk=row.pk)
    waiting = row.runs.filter(finished_at=None).first()
    return waiting or ExtensionRun.objects.create(extension=row, actor=actor)


def work_on_extensions() -> int:
    """Work off every run that waits; returns how many were finished. Resumable, harmless twice: the ledger gives the
    lots of an account the new end of an extension once."""
    finished = 0
    with turn_of("work_on_extensions") as is_ours:
        waiting = ExtensionRun.objects.filter(finished_at=None).order_by("pk")
        for run in waiting.select_related("extension__wallet__program") if is_ours else ():
            _work(run)
            finished += 1
    return finished


def _work(run: ExtensionRun) -> None:
    """Slice by slice of members, by the extension as it is now, each remembered once it is done."""
    row, at = run.extension, run.asked_at
    wallet, found = row.wallet, extension_of(row, list(row.extension_audience.all()))
    ends = queries.new_ends(found, wallet, at)
    key = f"extension:{row.pk}:{found.months}:{found.until or ''}"
    for some in queries.audience_of(found, wallet.program_id, wallet.program.time_zone, at, after=run.after):
        accounts = ending_accounts(wallet.pk, some.subjects, at)
        swept = Swept()
        if ends and accounts:
            swept = ledger.redate(
                wallet.pk, ends=ends, zone=wallet.program.time_zone, key=key, at=at, actor=run.actor, only=accounts
            )
        run.after, run.members = some.last, run.members + len(some.subjects)
        run.lots, run.points = run.lots + swept.lots, run.points + swept.points
        run.save(update_fields=["after", "members", "lots", "points"])
    run.finished_at = clock.now()
    run.save(update_fields=["finished_at"])
