"""What tills and shops tell about purchases and other activities."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from loyalty.lib.rest.faults import InvalidInput
from loyalty.lib.rest.fields import BOUNDED, SLUG, Amount, Flag, Instant, Map, OneOf, Scalar, Text
from loyalty.lib.rest.pagination import PageInput
from loyalty.lib.rest.shapes import Input, Many
from loyalty.programs.queries.occasions import ORIGIN
from loyalty.programs.rules.occurrence import LINE_KINDS, PURCHASE, Line
from loyalty.programs.rules.once import TOLD_BY_NOBODY
from loyalty.programs.services.checks import NO_ACTIVITY, UNADDRESSABLE, is_addressable
from loyalty.programs.services.facts import ActivityFacts, Payment, PurchaseFacts

LARGEST_BATCH = 500
ADDRESSABLE = r"^(?!(.*/)?\.\.?(/|$))" + BOUNDED.removeprefix("^")  # as in `is_addressable`
MOST_LINES = 1000


class Source(Text):
    """Which till or shop says so; stands in ledger keys and addresses."""

    def __init__(self, pattern: str = SLUG) -> None:
        super().__init__(40, shortest=1, pattern=pattern, help_text="Which till or shop says so.")


class OwnSource(Source):
    """A source that is not Laurel itself."""

    def __init__(self) -> None:
        super().__init__(f"^(?!{ORIGIN}$)" + SLUG.removeprefix("^"))

    def read(self, value: Any) -> str:
        if value == ORIGIN:
            raise InvalidInput.of("pattern", _("“laurel” stands for what Laurel records itself. Choose another name."))
        return super().read(value)


class ActivityType(Text):
    """What a member did; purchases have a place of their own, invitations and shares are noticed by Laurel alone."""

    def __init__(self) -> None:
        words = "review, visit, survey, or any of your own; not referral, referred or share."
        pattern = f"^(?!({'|'.join(sorted({PURCHASE, *TOLD_BY_NOBODY}))})$)[a-z0-9][a-z0-9_.-]*$"
        super().__init__(40, shortest=1, pattern=pattern, help_text=words)

    def read(self, value: Any) -> str:
        if value == PURCHASE:
            raise InvalidInput.of("pattern", NO_ACTIVITY)
        if isinstance(value, str) and value in TOLD_BY_NOBODY:
            raise InvalidInput.of("pattern", _("Laurel records this by itself, from links and codes of its own."))
        return super().read(value)


class Identity(Text):
    """The name that the source gave it, unique there for ever."""

    def __init__(self) -> None:
        super().__init__(100, shortest=1, pattern=ADDRESSABLE, help_text="Unique in the source for ever.")

    def read(self, value: Any) -> str:
        if isinstance(value, str) and not is_addressable(value):
            raise InvalidInput.of("pattern", UNADDRESSABLE)
        return super().read(value)


class LineInput(Input):
    """One line of a basket."""

    quantity = Amount(digits=11, decimals=3, sign="positive")
    amount = Amount(digits=12, decimals=3, help_text="The line's total including tax, after its discount.")
    tax = Amount(digits=12, decimals=3, required=False, help_text="How much of `amount` is tax.")
    discount = Amount(digits=12, decimals=3, required=False, help_text="By how much the line was reduced.")
    sku = Text(80, required=False)
    category = Text(80, required=False)
    kind = OneOf(LINE_KINDS, required=False)
    attributes = Map(Scalar(), required=False, help_text="Anything your rules ask about, such as brand or colour.")


class PaymentInput(Input):
    """How part of a basket was paid. A gift card is a payment, not a discount; change given is negative."""

    method = Text(40, shortest=1, pattern=BOUNDED)
    amount = Amount(digits=12, decimals=3, sign="any")


class PurchaseInput(Input):
    """A purchase as it happened. `source` and `receipt` are its identity for ever."""

    source = Source()
    receipt = Identity()
    member = Text(20, shortest=1, help_text="The member's number.")
    at = Instant(help_text="When it happened, at the till.")
    currency = Text(3, shortest=3, pattern="^[A-Z]{3}$", help_text="ISO 4217; the program's currency.")
    channel = Text(40, required=False)
    store = Text(60, required=False)
    lines = Many(LineInput, most=MOST_LINES)
    payments = Many(PaymentInput, most=50, least=0, required=False, help_text="They add up to the lines, where given.")
    attributes = Map(
        Scalar(),
        required=False,
        help_text=(
            "Anything your rules ask about. Three names are known: `card`, a token of the payment card (never its "
            "number), by which caps and watch rules count; `device`, a token of the member's phone or of the kiosk; "
            "`cashier`, who rang it up, by your own id. Points of a purchase that a watch rule notices are pending "
            "until the staff decide."
        ),
    )


class BatchInput(Input):
    """Purchases that come together."""

    purchases = Many(PurchaseInput, most=LARGEST_BATCH)


class ActivityInput(Input):
    """Anything else that a member did. `source` and `id` are its identity for ever."""

    source = OwnSource()
    id = Identity()
    type = ActivityType()
    member = Text(20, shortest=1, help_text="The member's number.")
    at = Instant()
    attributes = Map(Scalar(), required=False, help_text="Anything your rules ask about.")


class DryRunInput(Input):
    """Whether to evaluate only."""

    dry_run = Flag(default=False, help_text="Evaluate fully, store nothing.")


class StatementInput(PageInput):
    """Which rows of a statement."""

    wallet = Text(40, required=False, help_text="Only this wallet, by its code.")
    kind = Text(20, required=False, help_text="Only this kind of movement, such as award, spend, expire.")
    since = Instant(required=False, help_text="From this instant on.")
    until = Instant(required=False, help_text="Before this instant.")


class CancelInput(Input):
    """Why it came to nothing."""

    reason = Text(300, default="", help_text="For your own records; members do not see it.")


def purchase_of(values: dict[str, Any]) -> PurchaseFacts:
    """The facts that a PurchaseInput told."""
    lines = tuple(Line(**line) for line in values.pop("lines"))
    payments = tuple(Payment(**payment) for payment in values.pop("payments", ()))
    return PurchaseFacts(**values, lines=lines, payments=payments)


def activity_of(values: dict[str, Any]) -> ActivityFacts:
    """The facts that an ActivityInput told."""
    return ActivityFacts(**values)
