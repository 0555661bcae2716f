"""A basket that nobody bought, judged as if somebody had: with the member's standing and with caps as they are used up
now. Nothing is stored and nothing is locked.
"""

from uuid import UUID

from loyalty.members.models import Member
from loyalty.programs.queries.configuration import Configuration
from loyalty.programs.rules.standing import NOBODY
from loyalty.programs.services.drafts import Draft
from loyalty.programs.services.judging import Plan, plan_of
from loyalty.programs.services.storing import Situation, situation_of
from loyalty.programs.services.uses import Counters
from loyalty.programs.services.watching import Watch

SOMEONE = UUID(int=0)


def plan_for(configuration: Configuration, member: Member | None, draft: Draft, *, is_first: bool = False) -> Plan:
    """What `draft` would earn by this configuration, saved or not; without a member someone of whom nothing is known.

    Budgets and stores are those in force; a member's own counters too. Raises TooManyPoints.
    """
    watch = Watch(lock=False)
    if member is None:
        situation = Situation(
            config_version=configuration.version, member_id=0, subject=SOMEONE, status="active", attributes={},
            has_bought=not is_first, accounts={}, standing=NOBODY, known=None,
        )  # fmt: skip
    else:
        zone = configuration.program.time_zone
        situation = situation_of(configuration.program.pk, draft, lock=False, needs=configuration.needs, zone=zone)
    watch.look([(configuration, draft, situation.member_id)])
    plan = plan_of(configuration, situation, draft, Counters(lock=False))
    return watch.checked(configuration, draft, situation.member_id, plan)
