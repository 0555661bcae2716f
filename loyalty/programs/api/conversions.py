"""Points of one wallet changed into those of another."""

from typing import Any

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from loyalty.lib.rest.fields import Text, Whole
from loyalty.lib.rest.operations import Keyed, operation
from loyalty.lib.rest.shapes import Input, Output
from loyalty.lib.rest.views import answer
from loyalty.members import queries as members
from loyalty.members.api.idempotency import once
from loyalty.programs.api.examples import END
from loyalty.programs.api.inputs import Identity
from loyalty.programs.api.outputs import BalanceOutput
from loyalty.programs.api.views import NUMBER, PointsView
from loyalty.programs.queries.balances import balances_in
from loyalty.programs.queries.programs import wallet_by_code
from loyalty.programs.services.conversions import convert_points

SOURCE = "api"
EXAMPLE = {"id": "change-17", "from": "stars", "to": "cashback", "points": 500}
_BALANCE: dict[str, Any] = {"pending": 0, "held": 0, "debt": 0}
CHANGED: dict[str, Any] = {
    "conversion": "change-17", "given": 500, "fee": 0, "received": 5,
    "balances": [
        {"wallet": "stars", "active": 100, "earned_total": 600, "expiring": [{"points": 100, "at": END}]} | _BALANCE,
        {"wallet": "cashback", "active": 5, "earned_total": 0, "expiring": []} | _BALANCE,
    ],
}  # fmt: skip


class ConversionInput(Input):
    """Points to be changed. `id` is the change's identity for ever."""

    id = Identity()
    to = Text(40, shortest=1, help_text="The wallet that they become, by its code.")
    points = Whole(least=1, most=10**12, help_text="Of the wallet they come from, without the fee.")
    locals()["from"] = Text(40, shortest=1, help_text="The wallet that they come from, by its code.")


class ConversionOutput(Output):
    """What a change of points did."""

    conversion = serializers.CharField(source="external_id")
    given = serializers.IntegerField(help_text="Of the wallet they came from.")
    fee = serializers.IntegerField(help_text="Paid on top, of the same wallet.")
    received = serializers.IntegerField(help_text="Of the wallet they became.")
    balances = BalanceOutput(many=True)


class Conversions(PointsView):
    """What a member changes from one wallet into another."""

    @operation(
        id="convert_points", tag="transfers", scope="transfers:write", path=NUMBER, body=ConversionInput,
        answers={201: ConversionOutput}, problems=(403, 404, 409, 422), keyed=Keyed.MUST, example=EXAMPLE,
        answer=CHANGED, summary="Change points of one wallet into another’s",
        description="At the program's rate: whole steps, a minimum, a daily maximum, a fee. The same `id` with the "
        "same content answers as the first time.",
    )  # fmt: skip
    def post(self, request: Request, number: str) -> HttpResponse:
        facts = self.body(request)
        return once(request, lambda: self.convert(number, **facts))

    def convert(self, number: str, *, to: str, points: int, id: str, **source: str) -> HttpResponse:
        member = members.member_by_number(self.program, number)
        made: Any = convert_points(
            member, wallet_by_code(self.program, source["from"]), wallet_by_code(self.program, to),
            points=points, id=id, source=SOURCE, actor=self.actor,
        )  # fmt: skip
        made.balances = balances_in(self.configuration, member.subject)
        return answer(ConversionOutput.present(made), 201)
