"""Expired points brought back: what can be had and for what, done once, and what is owed for it paid or called off."""

from datetime import datetime
from typing import Any

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from loyalty.lib.money import round_money
from loyalty.lib.rest.fields import Instant, Text
from loyalty.lib.rest.operations import Keyed, operation
from loyalty.lib.rest.shapes import Input, Output
from loyalty.lib.rest.views import answer
from loyalty.members import queries as members
from loyalty.members.api.idempotency import once
from loyalty.members.models import Member
from loyalty.programs.api.examples import END
from loyalty.programs.api.inputs import Identity
from loyalty.programs.api.outputs import BalanceOutput
from loyalty.programs.api.views import NUMBER, PointsView
from loyalty.programs.errors.reinstatement import UnknownReinstatement
from loyalty.programs.models.reinstatement import Reinstatement
from loyalty.programs.queries.balances import balances_in
from loyalty.programs.queries.programs import wallet_by_code
from loyalty.programs.queries.reinstatement import ExpiredPart, expired_of, reinstatement_named
from loyalty.programs.services.reinstatement import bring_back, cancel_reinstatement, pay_reinstatement

SOURCE = "api"
NAMED = NUMBER | {"id": Identity()}
_LOST = "2026-10-31T23:00:00+00:00"
EXAMPLE = {"id": "back-17", "wallet": "points", "expired_at": _LOST}
EXPIRED: dict[str, Any] = {
    "expired": [
        {
            "wallet": "points", "expired_at": _LOST, "points": 500, "until": "2026-12-30T23:00:00+00:00", "fee": 50,
            "amount": "0.00", "currency": "EUR", "waits_for_payment": False, "active_after": 519, "expires_at": END,
        },
    ],
}  # fmt: skip
_BALANCE: dict[str, Any] = {"wallet": "points", "pending": 0, "held": 0, "debt": 0, "earned_total": 569}
BROUGHT_BACK: dict[str, Any] = {
    "reinstatement": "back-17", "wallet": "points", "expired_at": _LOST, "state": "done", "points": 500,
    "came_back": 500, "fee": 50, "amount": "0.00", "currency": "EUR", "pay_by": None, "expires_at": END,
    "reference": "", "balances": [_BALANCE | {"active": 519, "expiring": [{"points": 519, "at": END}]}],
}  # fmt: skip
_OWED = {"fee": 0, "amount": "5.00", "pay_by": "2026-12-14T23:00:00+00:00"}
PAID = BROUGHT_BACK | _OWED | {"state": "paid", "reference": "INV-204"}
CALLED_OFF = BROUGHT_BACK | _OWED | {
    "state": "cancelled", "came_back": 0, "expires_at": None,
    "balances": [_BALANCE | {"active": 69, "expiring": [{"points": 69, "at": END}]}],
}  # fmt: skip
MONEY = {"max_digits": 14, "decimal_places": 2}


class ReinstatementInput(Input):
    """What is to come back. `id` is its identity for ever; wallet and instant are those of a read of what expired."""

    id = Identity()
    wallet = Text(40, shortest=1, help_text="By its code.")
    expired_at = Instant(help_text="The instant at which these points expired.")


class PaidInput(Input):
    """How it was paid."""

    reference = Text(100, shortest=1, help_text="Of your payment, for your own books.")


class CallOffInput(Input):
    """Why it will not be paid."""

    reason = Text(200, default="", help_text="For your own records; members do not see it.")


class ExpiredOutput(Output):
    """Points of a wallet that expired together, and what it costs to have them back."""

    wallet = serializers.CharField(source="wallet.code")
    expired_at = serializers.DateTimeField()
    points = serializers.IntegerField()
    until = serializers.DateTimeField(help_text="They can come back before this instant.")
    fee = serializers.IntegerField(help_text="In points of the wallet, taken when they come back.")
    amount = serializers.DecimalField(**MONEY, help_text="In money, owed once they are asked for.")
    currency = serializers.CharField(source="wallet.program.currency")
    waits_for_payment = serializers.BooleanField(source="waits", help_text="They come back when the money is paid.")
    active_after = serializers.IntegerField(source="after", help_text="What the member could spend then.")
    expires_at = serializers.DateTimeField(source="ends", help_text="When they expire again, if they come back now.")


class ExpiredListOutput(Output):
    """What a member can have back, the most recent first."""

    expired = ExpiredOutput(many=True)


class ReinstatementOutput(Output):
    """What became of it. `state` is done (nothing is owed), open (money is owed), paid or cancelled."""

    reinstatement = serializers.CharField(source="external_id")
    wallet = serializers.CharField(source="wallet.code")
    expired_at = serializers.DateTimeField()
    state = serializers.ChoiceField(Reinstatement.State.values)
    points = serializers.IntegerField(help_text="What was asked for.")
    came_back = serializers.IntegerField(help_text="0 as long as they wait for the payment.")
    fee = serializers.IntegerField(help_text="In points, taken when they came back.")
    amount = serializers.DecimalField(**MONEY, help_text="In money; owed while the state is open.")
    currency = serializers.CharField()
    pay_by = serializers.DateTimeField(allow_null=True, help_text="What still waits then is cancelled.")
    expires_at = serializers.DateTimeField(allow_null=True, help_text="When they expire again.")
    reference = serializers.CharField(help_text="Of the payment.")
    balances = BalanceOutput(many=True)


class Expired(PointsView):
    """What a member has lost to expiry and can have back."""

    @operation(
        id="read_expired", tag="transfers", scope="members:read", path=NUMBER, answers={200: ExpiredListOutput},
        problems=(404,), answer=EXPIRED, summary="Read what expired and can come back",
        description="Within the window of the program, with its price as it is now: points, money, or nothing. Empty "
        "where members may not have points brought back.",
    )  # fmt: skip
    def get(self, request: Request, number: str) -> HttpResponse:
        member = members.member_by_number(self.program, number)
        return answer({"expired": [_told(part) for part in expired_of(member, for_members=True)]})


def _told(part: ExpiredPart) -> dict[str, Any]:
    return ExpiredOutput.present(part) | {"amount": round_money(part.amount, part.wallet.program.currency)}


class ReinstatementView(PointsView):
    """One reinstatement and the member's balances, as they are now."""

    def show(self, member: Member, made: Any, status: int = 200) -> HttpResponse:
        made.balances = balances_in(self.configuration, member.subject)
        made.amount = round_money(made.amount, made.currency)
        return answer(ReinstatementOutput.present(made), status)

    def named(self, number: str, id: str) -> tuple[Member, Reinstatement]:
        member = members.member_by_number(self.program, number)
        made = reinstatement_named(self.program, SOURCE, id)
        if made is None or made.member_id != member.pk:
            raise UnknownReinstatement
        return member, made


class Reinstatements(ReinstatementView):
    """What a member has brought back."""

    @operation(
        id="reinstate_points", tag="transfers", scope="transfers:write", path=NUMBER, body=ReinstatementInput,
        answers={201: ReinstatementOutput}, problems=(404, 409, 410, 422), keyed=Keyed.MUST, example=EXAMPLE,
        answer=BROUGHT_BACK, summary="Bring expired points back",
        description="At the price that `GET /members/{number}/expired` tells. A fee in points is taken at once; money "
        "is owed, and the state is `open` until it is paid. The same `id` with the same content answers as the first "
        "time, with the state of now. 410: the window is over, or they came back before.",
    )  # fmt: skip
    def post(self, request: Request, number: str) -> HttpResponse:
        facts = self.body(request)
        return once(request, lambda: self.bring_back(number, **facts))

    def bring_back(self, number: str, *, id: str, wallet: str, expired_at: datetime) -> HttpResponse:
        member = members.member_by_number(self.program, number)
        chosen = wallet_by_code(self.program, wallet)
        return self.show(member, bring_back(member, chosen, expired_at, id=id, source=SOURCE, actor=self.actor), 201)


class OneReinstatement(ReinstatementView):
    """One that was asked for by its id."""

    @operation(
        id="read_reinstatement", tag="transfers", scope="members:read", path=NAMED, answers={200: ReinstatementOutput},
        problems=(404,), answer=BROUGHT_BACK, summary="Read what was brought back",
        description="Whether it is paid, and what the member holds.",
    )  # fmt: skip
    def get(self, request: Request, number: str, id: str) -> HttpResponse:
        return self.show(*self.named(number, id))


class ReinstatementPay(ReinstatementView):
    """The money came in."""

    @operation(
        id="pay_reinstatement", tag="transfers", scope="transfers:write", path=NAMED, body=PaidInput,
        answers={200: ReinstatementOutput}, problems=(404, 409, 422), keyed=Keyed.MUST,
        example={"reference": "INV-204"}, answer=PAID, summary="Note that it was paid",
        description="Points that waited for the money come back. With the same reference harmless twice.",
    )  # fmt: skip
    def post(self, request: Request, number: str, id: str) -> HttpResponse:
        reference = self.body(request)["reference"]
        return once(request, lambda: self.settle(number, id, reference))

    def settle(self, number: str, id: str, reference: str) -> HttpResponse:
        member, made = self.named(number, id)
        return self.show(member, pay_reinstatement(made, reference=reference, actor=self.actor))


class ReinstatementCancel(ReinstatementView):
    """It will not be paid."""

    @operation(
        id="cancel_reinstatement", tag="transfers", scope="transfers:write", path=NAMED, body=CallOffInput,
        answers={200: ReinstatementOutput}, problems=(404, 409, 422), keyed=Keyed.MUST, answer=CALLED_OFF,
        summary="Note that it will not be paid", description="Points that waited for the money stay expired, and can "
        "be asked for again while the window lasts. Points that came back at once stay.",
    )  # fmt: skip
    def post(self, request: Request, number: str, id: str) -> HttpResponse:
        reason = self.body(request)["reason"]
        return once(request, lambda: self.settle(number, id, reason))

    def settle(self, number: str, id: str, reason: str) -> HttpResponse:
        member, made = self.named(number, id)
        return self.show(member, cancel_reinstatement(made, reason=reason, actor=self.actor))
