"""Operations on purchases, other activities, balances and statements."""

from functools import cached_property
from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from loyalty.lib.errors import Busy
from loyalty.lib.rest.operations import Keyed, operation
from loyalty.lib.rest.pagination import page
from loyalty.lib.rest.views import answer
from loyalty.members import queries as members
from loyalty.members.api.idempotency import once, rehearse
from loyalty.members.api.keyed import KeyedView
from loyalty.members.api.views import NUMBER
from loyalty.programs.api import examples, inputs, outputs
from loyalty.programs.api.telling import outcome_of, told_of
from loyalty.programs.queries.balances import balances_in
from loyalty.programs.queries.configuration import Configuration, configuration_under
from loyalty.programs.queries.programs import wallet_by_code
from loyalty.programs.queries.statement import statement_of
from loyalty.programs.services import activities, batches, confirmation
from loyalty.programs.services.facts import ActivityFacts, PurchaseFacts

RECEIPT = {"source": inputs.Source(), "receipt": inputs.Identity()}
ACTIVITY = {"source": inputs.Source(), "id": inputs.Identity()}
UNDONE = (
    "It counts for nothing from then on: all that it earned is taken, also what is spendable already, and points spent "
    "on it come back. What was confirmed cannot be cancelled (already-confirmed); what comes back of it is a return."
)
DRY_RUN = "200 for a dry run, which needs no Idempotency-Key."


class PointsView(KeyedView):
    """An operation of the programs floor: it knows the key's program as compiled, without reading it again."""

    @property
    def configuration(self) -> Configuration:
        return configuration_under(self.key.program_id, self.key.config_version)

    @cached_property
    def program(self) -> Any:
        return self.configuration.program

    def confirm(self, kind: str, source: str, external_id: str) -> HttpResponse:
        done = confirmation.confirm_activity(
            self.program, kind=kind, source=source, external_id=external_id, actor=self.actor
        )
        return answer({kind: f"{source}:{external_id}", "points": done.points, "replayed": done.replayed})

    def cancel(self, kind: str, source: str, external_id: str, reason: str) -> HttpResponse:
        done = confirmation.cancel_activity(
            self.program, kind=kind, source=source, external_id=external_id, reason=reason, actor=self.actor
        )
        return answer({kind: f"{source}:{external_id}", "points": done.points, "replayed": done.replayed})


class Balances(PointsView):
    """What a member holds."""

    @operation(
        id="read_balances", tag="members", scope="members:read", path=NUMBER, answers={200: outputs.BalancesOutput},
        problems=(404,), summary="Read a member's balances", answer=examples.BALANCES,
    )  # fmt: skip
    def get(self, request: Request, number: str) -> HttpResponse:
        balances = balances_in(self.configuration, self.member_ref.subject)
        return answer({"balances": outputs.BalanceOutput.present_all(balances)})


class Statement(PointsView):
    """What happened to a member's points."""

    @operation(
        id="read_statement", tag="members", scope="members:read", path=NUMBER, query=inputs.StatementInput,
        answers={200: outputs.StatementOutput}, problems=(404,), summary="Read a member's statement",
        answer=examples.STATEMENT,
    )  # fmt: skip
    def get(self, request: Request, number: str) -> HttpResponse:
        asked = dict(self.parameters)
        if "wallet" in asked:
            asked["wallet"] = wallet_by_code(self.program, asked["wallet"])
        found = statement_of(members.member_by_number(self.program, number), **asked)
        return answer(page(outputs.StatementRowOutput.present_all(found.rows), found.next))


class Purchases(PointsView):
    """Purchases of the program."""

    @operation(
        id="record_purchase", tag="purchases", scope="purchases:write", query=inputs.DryRunInput,
        body=inputs.PurchaseInput, answers={200: outputs.PurchaseOutput, 201: outputs.PurchaseOutput},
        problems=(404, 409, 422), keyed=Keyed.MUST, summary="Record a purchase", description=DRY_RUN,
        example=examples.PURCHASE, answer=examples.RECORDED_PURCHASE,
    )  # fmt: skip
    def post(self, request: Request) -> HttpResponse:
        facts = inputs.purchase_of(self.body(request))
        if self.parameters["dry_run"]:
            return rehearse(request, lambda: self.record(facts, 200, dry_run=True))
        return once(request, lambda: self.record(facts, 201))

    def record(self, facts: PurchaseFacts, status: int, *, dry_run: bool = False) -> HttpResponse:
        recorded = activities.record_purchase(self.program, facts, actor=self.actor, dry_run=dry_run)
        return answer(told_of(outputs.PurchaseOutput, recorded, self.configuration), status)


class PurchaseBatch(PointsView):
    """Purchases that come together, as from a till that was offline."""

    @operation(
        id="record_purchases", tag="purchases", scope="purchases:write", body=inputs.BatchInput,
        answers={200: outputs.BatchOutput}, problems=(409, 422), keyed=Keyed.MUST,
        example={"purchases": [examples.PURCHASE]}, answer=examples.RECORDED_BATCH,
        summary="Record purchases", description="Each has its own outcome; a refused one stops no other. What is not "
        "of the documented shape refuses all of them, with a pointer.",
    )  # fmt: skip
    def post(self, request: Request) -> HttpResponse:
        facts = [inputs.purchase_of(each) for each in self.body(request)["purchases"]]
        return once(request, lambda: self.record(facts, request.path))

    def record(self, facts: list[PurchaseFacts], path: str) -> HttpResponse:
        outcomes = batches.record_purchases(self.program, facts, actor=self.actor)
        for busy in (each for each in outcomes if isinstance(each, Busy)):
            raise busy  # nothing is recorded, the same request may be sent again
        pairs = zip(facts, outcomes, strict=True)
        return answer({"results": [outcome_of(place, *pair, path) for place, pair in enumerate(pairs)]})


class PurchaseConfirm(PointsView):
    """A purchase that has come about."""

    @operation(
        id="confirm_purchase", tag="purchases", scope="purchases:write", path=RECEIPT,
        answers={200: outputs.SettledPurchaseOutput}, problems=(404, 409, 422), keyed=Keyed.MUST,
        summary="Confirm a purchase", description="Points that wait for it become spendable.",
        answer=examples.SETTLED_PURCHASE,
    )  # fmt: skip
    def post(self, request: Request, source: str, receipt: str) -> HttpResponse:
        self.body(request)
        return once(request, lambda: self.confirm("purchase", source, receipt))


class PurchaseCancel(PointsView):
    """A purchase that has come to nothing."""

    @operation(
        id="cancel_purchase", tag="purchases", scope="purchases:write", path=RECEIPT, body=inputs.CancelInput,
        answers={200: outputs.SettledPurchaseOutput}, problems=(404, 409, 422), keyed=Keyed.MUST,
        summary="Cancel a purchase", description=UNDONE,
        answer=examples.SETTLED_PURCHASE,
    )  # fmt: skip
    def post(self, request: Request, source: str, receipt: str) -> HttpResponse:
        reason = self.body(request)["reason"]
        return once(request, lambda: self.cancel("purchase", source, receipt, reason))


class Activities(PointsView):
    """Everything else that members do."""

    @operation(
        id="record_activity", tag="activities", scope="activities:write", query=inputs.DryRunInput,
        body=inputs.ActivityInput, answers={200: outputs.ActivityOutput, 201: outputs.ActivityOutput},
        problems=(404, 409, 422), keyed=Keyed.MUST, summary="Record an activity", description=DRY_RUN,
        example=examples.REVIEW, answer=examples.RECORDED_REVIEW,
    )  # fmt: skip
    def post(self, request: Request) -> HttpResponse:
        facts = inputs.activity_of(self.body(request))
        if self.parameters["dry_run"]:
            return rehearse(request, lambda: self.record(facts, 200, dry_run=True))
        return once(request, lambda: self.record(facts, 201))

    def record(self, facts: ActivityFacts, status: int, *, dry_run: bool = False) -> HttpResponse:
        recorded = activities.record_activity(self.program, facts, actor=self.actor, dry_run=dry_run)
        return answer(told_of(outputs.ActivityOutput, recorded, self.configuration), status)


class ActivityConfirm(PointsView):
    """An activity that has come about."""

    @operation(
        id="confirm_activity", tag="activities", scope="activities:write", path=ACTIVITY,
        answers={200: outputs.SettledActivityOutput}, problems=(404, 409, 422), keyed=Keyed.MUST,
        summary="Confirm an activity", description="Points that wait for it become spendable.",
        answer=examples.SETTLED_REVIEW,
    )  # fmt: skip
    def post(self, request: Request, source: str, id: str) -> HttpResponse:
        self.body(request)
        return once(request, lambda: self.confirm("activity", source, id))


class ActivityCancel(PointsView):
    """An activity that has come to nothing."""

    @operation(
        id="cancel_activity", tag="activities", scope="activities:write", path=ACTIVITY, body=inputs.CancelInput,
        answers={200: outputs.SettledActivityOutput}, problems=(404, 409, 422), keyed=Keyed.MUST,
        summary="Cancel an activity", description=UNDONE,
        answer=examples.SETTLED_REVIEW,
    )  # fmt: skip
    def post(self, request: Request, source: str, id: str) -> HttpResponse:
        reason = self.body(request)["reason"]
        return once(request, lambda: self.cancel("activity", source, id, reason))
