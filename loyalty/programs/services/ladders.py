"""Ladders as staff keep them; the job of `tiers.review_tiers` brings every member into line afterwards."""

from django.db import transaction

from loyalty.members.services.rows import sign
from loyalty.programs.errors.programs import WrongRule
from loyalty.programs.models.tiers import TierSet
from loyalty.programs.queries.ladders import ladder_of
from loyalty.programs.rules.invalid import InvalidSetting
from loyalty.programs.rules.wording.invalid import message_for


@transaction.atomic
def save_ladder(row: TierSet, *, actor: str) -> TierSet:
    """A ladder as it is now, without its tiers. Raises WrongRule for what the rules refuse."""
    try:
        ladder_of(row, [])
    except InvalidSetting as error:
        raise WrongRule(message_for(error), field=error.field) from error
    sign(row, actor).save()
    return row


@transaction.atomic
def archive_ladder(row: TierSet, *, is_archived: bool = True, actor: str) -> TierSet:
    """Out of use from now on, or back into it; where members stood on it stays written down. Harmless twice."""
    fresh = TierSet.objects.select_for_update(no_key=True).get(pk=row.pk)
    if fresh.is_archived != is_archived:
        fresh.is_archived = is_archived
        sign(fresh, actor).save(update_fields=["is_archived"])
    return fresh
