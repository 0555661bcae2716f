"""Goods brought back: what tills tell about it, and what they are told."""

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.request import Request

from loyalty.lib.rest.fields import BOUNDED, Amount, Flag, Instant, Text, Whole
from loyalty.lib.rest.operations import Keyed, operation
from loyalty.lib.rest.pagination import PageInput, PageOutput, page
from loyalty.lib.rest.shapes import Input, Many, Output
from loyalty.lib.rest.views import answer
from loyalty.members.api.idempotency import once, rehearse
from loyalty.programs.api import examples
from loyalty.programs.api.inputs import MOST_LINES, DryRunInput
from loyalty.programs.api.outputs import BalanceOutput, TierChangeOutput
from loyalty.programs.api.views import DRY_RUN, RECEIPT, PointsView
from loyalty.programs.errors.returns import WrongReturn
from loyalty.programs.queries.returns import returns_page
from loyalty.programs.services.facts import LineBack, ReturnFacts
from loyalty.programs.services.returns import Returned, record_return, told_of

LARGEST_LINE = 32_767


class LineBackInput(Input):
    """So many of one line."""

    line = Whole(least=1, most=LARGEST_LINE, help_text="Counted from 1, as the lines were told.")
    quantity = Amount(digits=11, decimals=3, sign="positive")


class ReturnInput(Input):
    """Goods brought back in one step: some `lines`, or `all` that is left."""

    locals()["return"] = Text(100, shortest=1, pattern=BOUNDED, help_text="Its id, unique in the purchase for ever.")
    lines = Many(LineBackInput, most=MOST_LINES, required=False)
    all = Flag(required=False, help_text="Everything that is left of the purchase.")
    at = Instant(required=False, help_text="When it happened; now, if left out.")
    reason = Text(300, default="", help_text="For your own records; members do not see it.")


class ClawbackOutput(Output):
    """Points taken back in one wallet."""

    wallet = serializers.CharField(source="wallet_code")
    points = serializers.IntegerField()
    waived = serializers.IntegerField(help_text="Earned, but gone already, and not asked for again.")


class GivenBackOutput(Output):
    """Points spent on the order that came back."""

    wallet = serializers.CharField(source="wallet_code")
    points = serializers.IntegerField()


class LineBackOutput(Output):
    """So many of one line, and what they cost."""

    line = serializers.IntegerField(source="position")
    quantity = serializers.DecimalField(max_digits=14, decimal_places=3)
    amount = serializers.DecimalField(max_digits=18, decimal_places=4)


class ReturnRowOutput(Output):
    """One step in which goods came back."""

    locals()["return"] = serializers.CharField(source="id")
    purchase = serializers.CharField(source="ref", help_text="source:receipt")
    at = serializers.DateTimeField()
    lines = LineBackOutput(many=True)
    amount = serializers.DecimalField(max_digits=18, decimal_places=4, help_text="What the goods cost.")
    currency = serializers.CharField()
    is_last = serializers.BooleanField(help_text="Nothing of the purchase is left.")
    clawbacks = ClawbackOutput(many=True)
    given_back = GivenBackOutput(many=True)


class ReturnOutput(ReturnRowOutput):
    """What a return took, and gave back."""

    balances = BalanceOutput(many=True)
    tier_changes = TierChangeOutput(
        many=True, help_text="Tiers that the member lost by it, ladder by ladder; a dry run tells what would be lost."
    )
    replayed = serializers.BooleanField(help_text="Known already: this is what happened the first time.")


class ReturnsOutput(PageOutput):
    """The returns of a purchase, newest first."""

    results = ReturnRowOutput(many=True)


class Returns(PointsView):
    """Goods brought back."""

    @operation(
        id="record_return", tag="purchases", scope="purchases:write", path=RECEIPT, query=DryRunInput,
        body=ReturnInput, answers={200: ReturnOutput, 201: ReturnOutput}, problems=(404, 409, 422),
        keyed=Keyed.MUST, summary="Record a return",
        description="The points that the lines earned are taken back, as they were recorded; points spent on the order "
        f"return. Steps may come in any order. {DRY_RUN}",
        example=examples.RETURN, answer=examples.RECORDED_RETURN,
    )  # fmt: skip
    def post(self, request: Request, source: str, receipt: str) -> HttpResponse:
        facts = facts_of(self.body(request))
        if self.parameters["dry_run"]:
            return rehearse(request, lambda: self.record(source, receipt, facts, 200, dry_run=True))
        return once(request, lambda: self.record(source, receipt, facts, 201))

    @operation(
        id="list_returns", tag="purchases", scope="purchases:write", path=RECEIPT, query=PageInput,
        answers={200: ReturnsOutput}, problems=(404,), summary="List the returns of a purchase",
        answer=examples.RETURNS,
    )  # fmt: skip
    def get(self, request: Request, source: str, receipt: str) -> HttpResponse:
        purchase, found, following = returns_page(self.program, source, receipt, **self.parameters)
        return answer(page(ReturnRowOutput.present_all(told_of(each, purchase) for each in found), following))

    def record(
        self, source: str, receipt: str, facts: ReturnFacts, status: int, *, dry_run: bool = False
    ) -> HttpResponse:
        returned: Returned = record_return(self.program, source, receipt, facts, actor=self.actor, dry_run=dry_run)
        return answer(ReturnOutput.present(returned), status)


def facts_of(values: dict[str, Any]) -> ReturnFacts:
    """The facts that a ReturnInput told. Raises WrongReturn."""
    lines = tuple(LineBack(each["line"], each["quantity"]) for each in values.get("lines", ()))
    if bool(lines) == values.get("all", False):
        raise WrongReturn(_("Say which lines came back, or that all of it did."), field="lines")
    return ReturnFacts(id=values["return"], lines=lines, at=values.get("at"), reason=values["reason"])
