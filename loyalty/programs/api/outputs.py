"""What tills and shops are told about points."""

from typing import Any

from rest_framework import serializers

from loyalty.lib.rest.shapes import Output


class ExpiringOutput(Output):
    """Points that end at an instant; they can be used before it."""

    points = serializers.IntegerField()
    at = serializers.DateTimeField()


class BalanceOutput(Output):
    """What a member holds in one wallet. `active` can be spent now; `pending` and `held` are not part of it."""

    wallet = serializers.CharField(source="wallet.code")
    active = serializers.IntegerField()
    pending = serializers.IntegerField(help_text="Earned, not yet spendable.")
    held = serializers.IntegerField(help_text="Set aside by an open order or bid.")
    debt = serializers.IntegerField(help_text="Owed; the next points repay it.")
    earned_total = serializers.IntegerField()
    expiring = ExpiringOutput(many=True, help_text="Soonest first.")


class BalancesOutput(Output):
    """What a member holds, wallet by wallet."""

    balances = BalanceOutput(many=True)


class AwardOutput(Output):
    """Points that were earned in one wallet."""

    wallet = serializers.CharField(source="wallet_code")
    points = serializers.IntegerField()
    state = serializers.ChoiceField(["active", "pending"])
    activates_at = serializers.DateTimeField(allow_null=True, help_text="null: at once, or when it is confirmed.")
    expires_at = serializers.DateTimeField(allow_null=True, help_text="null: never.")


class StepOutput(Output):
    """One rule's part in the evaluation."""

    rule = serializers.CharField(source="rule_name")
    matched = serializers.BooleanField()
    points = serializers.IntegerField(help_text="The points of all steps of a wallet add up to its award.")
    why = serializers.SerializerMethodField()
    shadow = serializers.BooleanField(source="is_shadow", help_text="On trial: evaluated, and pays nothing.")

    @staticmethod
    def get_why(step: Any) -> str:
        """A sentence."""
        return step.code


class EvaluatedOutput(Output):
    """What an activity earned, and why."""

    awards = AwardOutput(many=True)
    balances = BalanceOutput(many=True)
    explanation = StepOutput(many=True)
    replayed = serializers.BooleanField(help_text="Known already: these are the points of the first time.")


class PurchaseOutput(EvaluatedOutput):
    """What a purchase earned, and why."""

    purchase = serializers.CharField(source="ref", help_text="source:receipt")


class ActivityOutput(EvaluatedOutput):
    """What an activity earned, and why."""

    activity = serializers.CharField(source="ref", help_text="source:id")
