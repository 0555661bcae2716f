"""Activities of types that pay once: a plan that pays nothing for what was paid before, whatever its id."""

from dataclasses import replace

from loyalty.programs.queries.configuration import Configuration
from loyalty.programs.queries.kinds import paid_at
from loyalty.programs.rules.once import earned_before
from loyalty.programs.services.drafts import Draft
from loyalty.programs.services.judging import Plan, evaluation_of, plan_of
from loyalty.programs.services.storing import Situation
from loyalty.programs.services.uses import Counters


def plan_once(configuration: Configuration, situation: Situation, draft: Draft, counters: Counters) -> Plan:
    """As `plan_of`. What it pays for is remembered with the activity, where no other one can be paid for it too.

    Raises TooManyPoints.
    """
    once = configuration.once.get(draft.type)
    slot = once.slot(draft.attributes, draft.at, configuration.program.time_zone) if once else None
    if once is None or slot is None:
        return plan_of(configuration, situation, draft, counters)
    evaluation = evaluation_of(configuration, situation, draft)
    at = paid_at(situation.member_id, draft.type, slot) if evaluation.awards else None
    if at is not None:
        evaluation = earned_before(once, slot, evaluation, at)
    plan = plan_of(configuration, situation, draft, counters, evaluation)
    return replace(plan, once=slot.key if plan.awards else "")
