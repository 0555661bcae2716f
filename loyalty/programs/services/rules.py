"""Earning rules as staff keep them: saved, copied and archived, never deleted."""

from django.db import transaction
from django.utils.translation import gettext as _

from loyalty.members.services.rows import sign
from loyalty.programs.errors.programs import WrongRule
from loyalty.programs.models.earning import EarningRule, RuleCondition
from loyalty.programs.queries.configuration import rule_of
from loyalty.programs.rules.invalid import InvalidSetting
from loyalty.programs.rules.wording.invalid import message_for

LONGEST_NAME = 100


@transaction.atomic
def save_rule(rule: EarningRule, *, actor: str) -> EarningRule:
    """A rule as it is now, without its conditions. Raises WrongRule for what the database or the algebra refuses."""
    try:
        rule_of(rule, [])
    except InvalidSetting as error:
        raise WrongRule(message_for(error), field=error.field) from error
    sign(rule, actor).save()
    return rule


@transaction.atomic
def copy_rule(rule: EarningRule, *, actor: str) -> EarningRule:
    """A rule with the same settings and conditions, off until someone switches it on."""
    conditions = list(rule.conditions.all())
    copy = EarningRule.objects.get(pk=rule.pk)
    copy.pk, copy.is_active, copy.is_archived = None, False, False
    copy.name = _("%(name)s, copy") % {"name": rule.name[: LONGEST_NAME - 10]}
    _save_new(copy, actor)
    for condition in conditions:
        condition.pk, condition.rule = None, copy
        _save_new(condition, actor)
    return copy


@transaction.atomic
def archive_rule(rule: EarningRule, *, is_archived: bool = True, actor: str) -> EarningRule:
    """Out of use from now on, or back into it; what it gave stays with its explanation. Harmless twice."""
    fresh = EarningRule.objects.select_for_update(no_key=True).get(pk=rule.pk)
    if fresh.is_archived != is_archived:
        fresh.is_archived = is_archived
        sign(fresh, actor).save(update_fields=["is_archived"])
    return fresh


def _save_new(row: EarningRule | RuleCondition, actor: str) -> None:
    row._state.adding = True
    sign(row, actor).save()
