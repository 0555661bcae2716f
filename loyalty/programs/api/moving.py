"""Operations that move points between members."""

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
from loyalty.programs.api.views import PointsView
from loyalty.programs.errors.moving import UnknownTransfer
from loyalty.programs.queries.balances import balances_in
from loyalty.programs.queries.moving import transfer_named
from loyalty.programs.queries.programs import wallet_by_code
from loyalty.programs.services import moving

SOURCE = "api"
TRANSFER = {"id": Identity()}
EXAMPLE = {"id": "gift-17", "from": "345678901237", "to": "456789012349", "wallet": "points", "points": 1000}
SENT: dict[str, Any] = {
    "transfer": "gift-17", "state": "done", "points": 1000, "fee": 0, "answer_by": None,
    "balances": [
        {
            "wallet": "points", "active": 500, "pending": 0, "held": 0, "debt": 0, "earned_total": 1500,
            "expiring": [{"points": 500, "at": END}],
        },
    ],
}  # fmt: skip


class TransferInput(Input):
    """Points from one member to another. `id` is the transfer's identity for ever."""

    id = Identity()
    to = Text(254, shortest=1, help_text="Whose they become: a member number, a card or an e-mail address.")
    wallet = Text(40, shortest=1, help_text="By its code.")
    points = Whole(least=1, most=10**12)
    note = Text(200, default="", help_text="Both read it in their statements.")
    locals()["from"] = Text(20, shortest=1, help_text="The number of the member who gives.")  # a word of Python's


class TransferOutput(Output):
    """What became of a transfer. `balances` are the giver's."""

    transfer = serializers.CharField(source="external_id")
    state = serializers.ChoiceField(["waiting", "done", "declined", "withdrawn", "lapsed"])
    points = serializers.IntegerField(help_text="What the receiver gets.")
    fee = serializers.IntegerField(help_text="What the giver pays on top.")
    answer_by = serializers.DateTimeField(allow_null=True, help_text="Until when the receiver may accept.")
    balances = BalanceOutput(many=True)


class TransferView(PointsView):
    """One transfer and the giver's balances, as they are now."""

    def show(self, transfer: Any, status: int = 200) -> HttpResponse:
        transfer.balances = balances_in(self.configuration, transfer.giver.subject)
        return answer(TransferOutput.present(transfer), status)

    def named(self, id: str) -> Any:
        transfer = transfer_named(self.program, SOURCE, id)
        if transfer is None:
            raise UnknownTransfer
        return transfer


class Transfers(TransferView):
    """Transfers between members of the program."""

    @operation(
        id="send_points", tag="transfers", scope="transfers:write", body=TransferInput,
        answers={201: TransferOutput}, problems=(403, 404, 409, 422), keyed=Keyed.MUST, example=EXAMPLE, answer=SENT,
        summary="Send points to another member", description="By the rules of the wallet: steps, limits, fee. Where "
        "the receiver must accept, the points are set aside and the state is `waiting`. The same `id` with the same "
        "content answers as the first time.",
    )  # fmt: skip
    def post(self, request: Request) -> HttpResponse:
        facts = self.body(request)
        return once(request, lambda: self.send(**facts))

    def send(self, *, to: str, wallet: str, points: int, id: str, note: str, **giver: str) -> HttpResponse:
        made = moving.send_points(
            members.member_by_number(self.program, giver["from"]), to, wallet_by_code(self.program, wallet),
            points=points, id=id, source=SOURCE, note=note, actor=self.actor,
        )  # fmt: skip
        return self.show(made, 201)


class TransferAccept(TransferView):
    """The receiver takes it."""

    @operation(
        id="accept_transfer", tag="transfers", scope="transfers:write", path=TRANSFER,
        answers={200: TransferOutput}, problems=(404, 409, 422), keyed=Keyed.MUST, answer=SENT,
        summary="Accept a transfer", description="On the receiver's word.",
    )  # fmt: skip
    def post(self, request: Request, id: str) -> HttpResponse:
        self.body(request)
        return once(request, lambda: self.show(moving.accept_transfer(self.named(id), actor=self.actor)))


class TransferDecline(TransferView):
    """The receiver does not take it."""

    @operation(
        id="decline_transfer", tag="transfers", scope="transfers:write", path=TRANSFER,
        answers={200: TransferOutput}, problems=(404, 409, 422), keyed=Keyed.MUST,
        answer=SENT | {"state": "declined"}, summary="Decline a transfer",
        description="Points and fee go back to the giver.",
    )  # fmt: skip
    def post(self, request: Request, id: str) -> HttpResponse:
        self.body(request)
        return once(request, lambda: self.show(moving.decline_transfer(self.named(id), actor=self.actor)))
