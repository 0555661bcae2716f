"""Campaigns and caps as staff keep them: saved and switched off, never deleted."""

from django.db import transaction

from loyalty.members.services.rows import sign
from loyalty.programs.errors.programs import WrongRule
from loyalty.programs.models.campaigns import Campaign
from loyalty.programs.models.caps import Cap
from loyalty.programs.queries.configuration import cap_of
from loyalty.programs.rules.invalid import InvalidSetting
from loyalty.programs.rules.wording.invalid import message_for


@transaction.atomic
def save_campaign(campaign: Campaign, *, actor: str) -> Campaign:
    """A campaign as it is now, without its audience."""
    sign(campaign, actor).save()
    return campaign


@transaction.atomic
def archive_campaign(campaign: Campaign, *, is_archived: bool = True, actor: str) -> Campaign:
    """Out of use with its rules from now on, or back into it; what they gave stays. Harmless twice."""
    fresh = Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
    if fresh.is_archived != is_archived:
        fresh.is_archived = is_archived
        save_campaign(fresh, actor=actor)
    return fresh


@transaction.atomic
def save_cap(cap: Cap, *, actor: str) -> Cap:
    """A cap as it is now; what it has counted stays. Raises WrongRule."""
    try:
        cap_of(cap, [])
    except InvalidSetting as error:
        raise WrongRule(message_for(error), field=error.field) from error
    sign(cap, actor).save()
    return cap
