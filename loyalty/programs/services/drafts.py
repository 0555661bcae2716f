"""An activity on its way into the books: one shape for purchases and everything else, with a digest of its content."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

from loyalty.members.rules import normal_code
from loyalty.programs.models.activity import Activity
from loyalty.programs.rules.occurrence import PURCHASE, Line
from loyalty.programs.services.checks import attributes_json
from loyalty.programs.services.facts import ActivityFacts, PurchaseFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One activity before it is stored. `number` is the member's; `*_json` are texts as the columns take them."""

    kind: str
    type: str
    source: str
    external_id: str
    number: str
    at: datetime
    digest: str
    attributes: Mapping[str, Any]
    attributes_json: str
    payments_json: str = "[]"
    currency: str = ""
    total: Decimal = Decimal(0)
    channel: str = ""
    store: str = ""
    lines: tuple[Line, ...] = ()
    waits_until: datetime | None = None

    @property
    def ref(self) -> str:
        return f"{self.source}:{self.external_id}"

    @property
    def key(self) -> str:
        """The natural key of what it earns; a wallet's code follows."""
        return f"{self.kind}:{self.ref}"


def draft_of_purchase(facts: PurchaseFacts) -> Draft:
    """The purchase as it is stored. The facts have passed `checks.ensure_purchase`."""
    attributes = attributes_json("attributes", facts.attributes)
    payments = json.dumps([{"method": each.method, "amount": plain(each.amount)} for each in facts.payments])
    lines = "".join([_content_of(line) for line in facts.lines])
    return Draft(
        kind=Activity.Kind.PURCHASE.value,
        type=PURCHASE,
        source=facts.source,
        external_id=facts.receipt,
        number=_number_of(facts.member),
        at=facts.at,
        digest=digest_of(utc_text(facts.at), facts.currency, facts.channel, facts.store, attributes, payments, lines),
        attributes=facts.attributes,
        attributes_json=attributes,
        payments_json=payments,
        currency=facts.currency,
        total=sum((line.amount for line in facts.lines), Decimal(0)),
        channel=facts.channel,
        store=facts.store,
        lines=facts.lines,
    )


def draft_of_activity(facts: ActivityFacts) -> Draft:
    """The activity as it is stored. The facts have passed `checks.ensure_activity`."""
    attributes = attributes_json("attributes", facts.attributes)
    return Draft(
        kind=Activity.Kind.ACTIVITY.value,
        type=facts.type,
        source=facts.source,
        external_id=facts.id,
        number=_number_of(facts.member),
        at=facts.at,
        digest=digest_of(utc_text(facts.at), facts.type, attributes),
        attributes=facts.attributes,
        attributes_json=attributes,
        waits_until=facts.waits_until,
    )


def digest_of(*texts: str) -> str:
    """What tells whether two activities under one identity are the same; the member is compared beside it.

    None of the texts holds a control character (lib.text), so these can part them.
    """
    return sha256("\x1f".join(texts).encode()).hexdigest()


def utc_text(at: datetime) -> str:
    """An instant in one spelling, whatever its offset."""
    return at.astimezone(UTC).isoformat()


def plain(number: Decimal) -> str:
    """A number in one spelling: 10, 10.0 and 10.00 are the same amount."""
    text = f"{number:f}"
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text


def line_content(
    kind: str, sku: str, category: str, attributes: str, quantity: str, amount: str, tax: str = "0", discount: str = "0"
) -> str:
    """What of a line counts for the digest; numbers as `plain` spells them."""
    return f"\x1e{kind}\x1f{sku}\x1f{category}\x1f{attributes}\x1f{quantity}\x1f{amount}\x1f{tax}\x1f{discount}"


def _content_of(line: Line) -> str:
    numbers = (plain(number) for number in (line.quantity, line.amount, line.tax, line.discount))
    return line_content(line.kind, line.sku, line.category, attributes_json("attributes", line.attributes), *numbers)


def _number_of(member: Any) -> str:
    return normal_code(member) if isinstance(member, str) else str(member.number)
