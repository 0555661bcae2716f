"""The operation on a member's tiers: where they stand, and what the till owes them for it."""

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from loyalty.lib.rest.operations import operation
from loyalty.lib.rest.shapes import Output
from loyalty.lib.rest.views import answer
from loyalty.members import queries as members
from loyalty.members.api.views import NUMBER
from loyalty.programs.api import examples
from loyalty.programs.api.views import PointsView
from loyalty.programs.queries.tiers import TierView, tiers_of
from loyalty.programs.rules.tiers import Rung

NONE = Rung(0, "", "", Decimal(0))  # below the lowest
COUNT = {"max_digits": 20, "decimal_places": 2}


class NextTierOutput(Output):
    """The next tier up."""

    tier = serializers.CharField()
    name = serializers.CharField()
    missing = serializers.DecimalField(**COUNT, help_text="Of what the ladder counts.")
    by = serializers.DateTimeField(allow_null=True, help_text="The window ends at this instant; null: no end.")


class TierOutput(Output):
    """Where a member stands on one ladder, and what it brings."""

    ladder = serializers.CharField()
    tier = serializers.CharField(allow_null=True, help_text="null: below the lowest.")
    name = serializers.CharField(help_text="As members read it; empty below the lowest.")
    discount_percent = serializers.DecimalField(max_digits=5, decimal_places=2)
    multiplier = serializers.DecimalField(max_digits=6, decimal_places=2, help_text="What is earned has it already.")
    early_access_hours = serializers.IntegerField()
    perks = serializers.ListField(child=serializers.CharField())
    measure = serializers.CharField(help_text="What is counted: points, balance, spend, purchases, activities.")
    counted = serializers.DecimalField(**COUNT)
    next = NextTierOutput(allow_null=True, help_text="null: the highest is reached.")
    keeps_until = serializers.DateTimeField(allow_null=True, help_text="Not lower before this; null: no promise.")
    to_keep = serializers.DecimalField(**COUNT, help_text="What must come before `keep_by`; 0: nothing.")
    keep_by = serializers.DateTimeField(allow_null=True)


class TiersOutput(Output):
    """A member's tiers, ladder by ladder."""

    discount_percent = serializers.DecimalField(
        max_digits=5, decimal_places=2, help_text="What the till takes off: the best of all ladders."
    )
    tiers = TierOutput(many=True)


def present_tiers(views: list[TierView]) -> dict[str, Any]:
    """The ladders as tills are told them."""
    best = max((view.rung.discount_percent for view in views if view.rung), default=Decimal(0))
    return TiersOutput.present(SimpleNamespace(discount_percent=_two(best), tiers=[_tier(view) for view in views]))


def _two(value: Decimal | int) -> Decimal:
    return Decimal(value).quantize(Decimal("0.01"))


def _tier(view: TierView) -> SimpleNamespace:
    seen = view.outlook
    rung = view.rung or NONE
    following = seen.next and SimpleNamespace(
        tier=seen.next.code, name=seen.next.name, missing=_two(seen.missing or 0), by=seen.by
    )
    return SimpleNamespace(
        ladder=view.ladder.code, tier=rung.code or None, name=rung.name, discount_percent=_two(rung.discount_percent),
        multiplier=_two(rung.multiplier), early_access_hours=rung.early_access_hours, perks=list(rung.perks),
        measure=view.ladder.measure, counted=_two(seen.count), next=following, keeps_until=seen.keeps_until,
        to_keep=_two(seen.to_keep), keep_by=seen.keep_by if seen.to_keep else None,
    )  # fmt: skip


class Tiers(PointsView):
    """A member's tiers."""

    @operation(
        id="read_tiers", tag="members", scope="members:read", path=NUMBER, answers={200: TiersOutput}, problems=(404,),
        summary="Read a member's tiers", answer=examples.TIERS,
        description="Where the member stands on each ladder, with the discount that the till gives for it.",
    )  # fmt: skip
    def get(self, request: Request, number: str) -> HttpResponse:
        return answer(present_tiers(tiers_of(members.member_by_number(self.program, number))))
