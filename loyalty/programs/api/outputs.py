"""What tills and shops are told about points."""

from typing import Any

from rest_framework import serializers

from loyalty.lib.rest.pagination import PageOutput
from loyalty.lib.rest.schema import ProblemOutput
from loyalty.lib.rest.shapes import Output

REPLAYED = "Known already: these are the points of the first time."
MOVED = "What this did to the member's tiers, ladder by ladder; mostly nothing. Empty in a dry run."
STATES = ("active", "pending", "held")


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

    rule = serializers.CharField()
    wallet = serializers.CharField()
    matched = serializers.BooleanField()
    points = serializers.IntegerField(help_text="The points of all steps of a wallet add up to its award.")
    why = serializers.CharField(help_text="A sentence that a till may show to the member.")


class TierChangeOutput(Output):
    """The member went from one tier of a ladder to another."""

    ladder = serializers.CharField(source="ladder.code")
    locals()["from"] = serializers.CharField(source="before_code", allow_null=True, help_text="null: below the lowest.")
    from_name = serializers.CharField(source="before_name", allow_null=True, help_text="As members read it.")
    to = serializers.CharField(source="after_code", allow_null=True, help_text="null: below the lowest.")
    to_name = serializers.CharField(source="after_name", allow_null=True, help_text="As members read it.")


class PurchaseOutput(Output):
    """What a purchase earned, and why."""

    purchase = serializers.CharField(source="ref", help_text="source:receipt")
    awards = AwardOutput(many=True)
    balances = BalanceOutput(many=True)
    explanation = StepOutput(many=True)
    tier_changes = TierChangeOutput(many=True, help_text=MOVED)
    replayed = serializers.BooleanField(help_text=REPLAYED)


class ActivityOutput(Output):
    """What an activity earned, and why."""

    activity = serializers.CharField(source="ref", help_text="source:id")
    awards = AwardOutput(many=True)
    balances = BalanceOutput(many=True)
    explanation = StepOutput(many=True)
    tier_changes = TierChangeOutput(many=True, help_text=MOVED)
    replayed = serializers.BooleanField(help_text=REPLAYED)


class OutcomeOutput(Output):
    """What became of one purchase of a batch. `status` is what it would have had alone; a refused one has a problem."""

    status = serializers.IntegerField()
    purchase = serializers.CharField(help_text="source:receipt")
    awards = AwardOutput(many=True, required=False)
    replayed = serializers.BooleanField(required=False, help_text=REPLAYED)
    problem = ProblemOutput(required=False)


class BatchOutput(Output):
    """What became of each purchase, in the order in which they came."""

    results = OutcomeOutput(many=True)


class StatementRowOutput(Output):
    """One movement of points."""

    id = serializers.IntegerField()
    at = serializers.DateTimeField(help_text="When it was written.")
    event_at = serializers.DateTimeField(help_text="When it happened.")
    kind = serializers.CharField()
    wallet = serializers.CharField(source="wallet.code")
    state = serializers.SerializerMethodField()
    points = serializers.IntegerField()
    balance_after = serializers.IntegerField(help_text="Of the points in the same state.")
    source = serializers.CharField(help_text="Such as purchase:source:receipt.")
    title = serializers.CharField()
    why = serializers.CharField()

    @staticmethod
    def get_state(row: Any) -> str:
        """active, pending or held: the points that moved."""
        return STATES[row.bucket]


class StatementOutput(PageOutput):
    """Movements, newest first."""

    results = StatementRowOutput(many=True)


class SettledPurchaseOutput(Output):
    """The points that waited for this purchase to be confirmed."""

    purchase = serializers.CharField()
    points = serializers.IntegerField()
    replayed = serializers.BooleanField(help_text="It was settled so before.")


class SettledActivityOutput(Output):
    """The points that waited for this activity to be confirmed."""

    activity = serializers.CharField()
    points = serializers.IntegerField()
    replayed = serializers.BooleanField(help_text="It was settled so before.")
