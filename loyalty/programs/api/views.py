"""Operations on purchases, other activities, balances and statements."""

from functools import cached_property
from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from loyalty.lib.rest.operations import Keyed, operation
from loyalty.lib.rest.views import answer
from loyalty.members.api.idempotency import once
from loyalty.members.api.keyed import KeyedView
from loyalty.members.api.views import NUMBER
from loyalty.members.queries import ref_by_number
from loyalty.programs.api.inputs import ActivityInput, DryRunInput, PurchaseInput, activity_of, purchase_of
from loyalty.programs.api.outputs import ActivityOutput, BalanceOutput, BalancesOutput, PurchaseOutput
from loyalty.programs.queries.balances import balances_in
from loyalty.programs.queries.configuration import Configuration, configuration_under
from loyalty.programs.services import activities

PURCHASE = {
    "source": "till-7",
    "receipt": "2026-000123",
    "member": "345678901237",
    "at": "2026-11-20T14:30:00+01:00",
    "currency": "EUR",
    "channel": "store",
    "lines": [{"sku": "beans-250", "category": "coffee", "quantity": 2, "amount": "19.90"}],
    "payments": [{"method": "card", "amount": "19.90"}],
}
REVIEW = {"source": "shop", "id": "review-88", "type": "review", "member": "345678901237", "at": "2026-11-20T14:30:00Z"}


class PointsView(KeyedView):
    """An operation of the programs floor: it knows the key's program as compiled, without reading it again."""

    @property
    def configuration(self) -> Configuration:
        return configuration_under(self.key.program_id, self.key.config_version)

    @cached_property
    def program(self) -> Any:
        return self.configuration.program


class Balances(PointsView):
    """What a member holds."""

    @operation(
        id="read_balances", tag="members", scope="members:read", path=NUMBER, answers={200: BalancesOutput},
        problems=(404,), summary="Read a member's balances",
    )  # fmt: skip
    def get(self, request: Request, number: str) -> HttpResponse:
        member = ref_by_number(self.key.program_id, number)
        balances = balances_in(self.configuration, member.subject)
        return answer({"balances": BalanceOutput.present_all(balances)})


class Purchases(PointsView):
    """Purchases of the program."""

    @operation(
        id="record_purchase", tag="purchases", scope="purchases:write", query=DryRunInput, body=PurchaseInput,
        answers={200: PurchaseOutput, 201: PurchaseOutput}, problems=(404, 409, 422), keyed=Keyed.MUST,
        example=PURCHASE, summary="Record a purchase",
        description="200 for a dry run, which needs no Idempotency-Key.",
    )  # fmt: skip
    def post(self, request: Request) -> HttpResponse:
        facts = purchase_of(self.body(request))
        if self.parameters["dry_run"]:
            rehearsed = activities.record_purchase(self.program, facts, actor=self.actor, dry_run=True)
            return answer(PurchaseOutput.present(rehearsed))
        return once(request, lambda: self.record(facts))

    def record(self, facts: activities.PurchaseFacts) -> HttpResponse:
        recorded = activities.record_purchase(self.program, facts, actor=self.actor)
        return answer(PurchaseOutput.present(recorded), 201)


class Activities(PointsView):
    """Everything else that members do."""

    @operation(
        id="record_activity", tag="activities", scope="activities:write", query=DryRunInput, body=ActivityInput,
        answers={200: ActivityOutput, 201: ActivityOutput}, problems=(404, 409, 422), keyed=Keyed.MUST, example=REVIEW,
        summary="Record an activity", description="200 for a dry run, which needs no Idempotency-Key.",
    )  # fmt: skip
    def post(self, request: Request) -> HttpResponse:
        facts = activity_of(self.body(request))
        if self.parameters["dry_run"]:
            rehearsed = activities.record_activity(self.program, facts, actor=self.actor, dry_run=True)
            return answer(ActivityOutput.present(rehearsed))
        return once(request, lambda: self.record(facts))

    def record(self, facts: activities.ActivityFacts) -> HttpResponse:
        recorded = activities.record_activity(self.program, facts, actor=self.actor)
        return answer(ActivityOutput.present(recorded), 201)
