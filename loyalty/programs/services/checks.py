"""What must be true of facts before anything is looked up: shape (WrongFacts, 400) and sense (Unprocessable, 422)."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from loyalty.lib import clock
from loyalty.lib.money import LARGEST, exponent_of
from loyalty.lib.text import is_legible
from loyalty.programs.errors.activities import BasketDoesNotAddUp, HappensInFuture, WrongFacts
from loyalty.programs.errors.returns import WrongReturn
from loyalty.programs.rules.occurrence import PURCHASE, Line
from loyalty.programs.services.facts import ActivityFacts, PurchaseFacts, ReturnFacts

# Clocks of tills run ahead by minutes, not by hours.
FUTURE_TOLERANCE = timedelta(minutes=10)
OLDEST = datetime(1900, 1, 1, tzinfo=UTC)
MOST_LINES = 1000
LONGEST_ATTRIBUTES = 20_000
LARGEST_QUANTITY = Decimal("99999999999.999")
SOURCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")
DOTS = frozenset({".", ".."})
UNADDRESSABLE = _("“.” and “..” cannot stand in an address. Choose another id.")
NO_ACTIVITY = _("A purchase has a receipt and lines: record it as a purchase.")
TYPE = re.compile(r"[a-z0-9][a-z0-9_.-]{0,39}")


def ensure_purchase(facts: PurchaseFacts) -> None:
    """Raises WrongFacts, HappensInFuture or BasketDoesNotAddUp."""
    _ensure_identity(facts.source, facts.receipt, "receipt")
    ensure_instant(facts.at)
    ensure_text("channel", facts.channel, 40)
    ensure_text("store", facts.store, 60)
    attributes_json("attributes", facts.attributes)
    if not 1 <= len(facts.lines) <= MOST_LINES:
        raise WrongFacts(_("A purchase has between 1 and 1000 lines."), field="lines")
    for position, line in enumerate(facts.lines):
        _ensure_line(f"lines/{position}", line, facts.currency)
    _ensure_adds_up(facts)


def ensure_activity(facts: ActivityFacts) -> None:
    """Raises WrongFacts or HappensInFuture."""
    _ensure_identity(facts.source, facts.id, "id")
    ensure_instant(facts.at)
    attributes_json("attributes", facts.attributes)
    if not TYPE.fullmatch(facts.type):
        raise WrongFacts(
            _("Write the type in at most 40 small letters, digits, dots, hyphens or underscores."), field="type"
        )
    if facts.type == PURCHASE:
        raise WrongFacts(NO_ACTIVITY, field="type")


def ensure_return(facts: ReturnFacts) -> None:
    """Raises WrongFacts, WrongReturn or HappensInFuture."""
    ensure_name("return", facts.id)
    ensure_text("reason", facts.reason, 300)
    if facts.at is not None:
        ensure_instant(facts.at)
    if len(facts.lines) > MOST_LINES:
        raise WrongFacts(_("A purchase has between 1 and 1000 lines."), field="lines")
    seen: set[int] = set()
    for place, line in enumerate(facts.lines):
        if line.position in seen:
            raise WrongReturn(_("This line stands here twice."), field=f"lines/{place}/line")
        seen.add(line.position)
        _ensure_quantity(f"lines/{place}", line.quantity)


def ensure_name(field: str, external_id: str) -> None:
    """An id of up to 100 visible characters without blanks around it; raises WrongFacts."""
    ensure_text(field, external_id, 100, needed=True)
    if external_id != external_id.strip():
        raise WrongFacts(_("This begins or ends with a blank."), field=field)


def ensure_instant(at: datetime, *, field: str = "at") -> None:
    """Raises WrongFacts without an offset or before 1900, HappensInFuture more than ten minutes ahead.

    How old an event is does not matter otherwise: late tills and imported histories are welcome.
    """
    if at.utcoffset() is None:
        raise WrongFacts(_("Give the time with its offset, such as 2026-03-01T12:00:00+01:00."), field=field)
    if at < OLDEST:
        raise WrongFacts(_("This is too long ago to be true."), field=field)
    if at > clock.now() + FUTURE_TOLERANCE:
        raise HappensInFuture(field=field)


def ensure_text(field: str, text: str, longest: int, *, needed: bool = False) -> None:
    """Raises WrongFacts when `text` is too long, missing though needed, or holds characters that nobody can see."""
    if needed and not text.strip():
        raise WrongFacts(_("This is needed."), field=field)
    if len(text) > longest:
        raise WrongFacts(_("At most %(longest)d characters.") % {"longest": longest}, field=field)
    if not is_legible(text):
        raise WrongFacts(_("This holds characters that cannot be seen."), field=field)


def ensure_amount(field: str, amount: Decimal, currency: str) -> None:
    """Raises WrongFacts for amounts below zero, out of range, or finer than the currency's smallest coin."""
    if not amount.is_finite() or not 0 <= amount <= LARGEST:
        raise WrongFacts(_("An amount lies between 0 and 999,999,999,999."), field=field)
    decimals = exponent_of(currency)
    if not _has_decimals(amount, decimals):
        words = _("%(currency)s amounts have at most %(decimals)d decimals.")
        raise WrongFacts(words % {"currency": currency, "decimals": decimals}, field=field)


def attributes_json(field: str, attributes: Mapping[str, Any]) -> str:
    """The attributes as they are stored; raises WrongFacts when they are not plain JSON, or too long."""
    if not attributes:
        return "{}"
    try:
        text = json.dumps(dict(attributes), sort_keys=True, ensure_ascii=False, allow_nan=False, default=_decimal_text)
        text.encode()
    except (TypeError, ValueError):
        raise WrongFacts(_("Attributes are plain JSON values."), field=field) from None
    if len(text) > LONGEST_ATTRIBUTES or "\\u0000" in text:
        raise WrongFacts(_("These attributes are too long, or hold characters that cannot be stored."), field=field)
    return text


def _decimal_text(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    raise TypeError(type(value))


def is_addressable(external_id: str) -> bool:
    """Whether the id can stand in an address: steps such as `..` are taken out by browsers and shops on the way."""
    return "." not in external_id or DOTS.isdisjoint(external_id.split("/"))


def _ensure_identity(source: str, external_id: str, field: str) -> None:
    if not SOURCE.fullmatch(source):
        raise WrongFacts(
            _("Name the source with at most 40 letters, digits, dots, hyphens or underscores."), field="source"
        )
    ensure_name(field, external_id)
    if not is_addressable(external_id):
        raise WrongFacts(UNADDRESSABLE, field=field)


def _ensure_line(field: str, line: Line, currency: str) -> None:
    ensure_amount(f"{field}/amount", line.amount, currency)
    ensure_text(f"{field}/sku", line.sku, 80)
    ensure_text(f"{field}/category", line.category, 80)
    attributes_json(f"{field}/attributes", line.attributes)
    _ensure_quantity(field, line.quantity)
    for name, amount in (("tax", line.tax), ("discount", line.discount)):
        if not 0 <= amount <= LARGEST or not _has_decimals(amount, 4):
            raise WrongFacts(_("This lies between 0 and 999,999,999,999."), field=f"{field}/{name}")
    if line.tax > line.amount:
        raise BasketDoesNotAddUp(_("The tax is more than the line’s amount, which includes it."), field=f"{field}/tax")


def _ensure_quantity(field: str, quantity: Decimal) -> None:
    if not 0 < quantity <= LARGEST_QUANTITY or not _has_decimals(quantity, 3):
        raise WrongFacts(_("A quantity is more than 0 and has at most 3 decimals."), field=f"{field}/quantity")


def _ensure_adds_up(facts: PurchaseFacts) -> None:
    total = sum((line.amount for line in facts.lines), Decimal(0))
    if total > LARGEST:
        raise WrongFacts(_("An amount lies between 0 and 999,999,999,999."), field="lines")
    if not facts.payments:
        return
    for position, payment in enumerate(facts.payments):
        ensure_text(f"payments/{position}/method", payment.method, 40, needed=True)
        ensure_amount(f"payments/{position}/amount", abs(payment.amount), facts.currency)
    paid = sum((payment.amount for payment in facts.payments), Decimal(0))
    if paid != total:
        words = _("The lines come to %(total)s, the payments to %(paid)s.") % {"total": total, "paid": paid}
        raise BasketDoesNotAddUp(words, field="payments", total=str(total), paid=str(paid))


def _has_decimals(number: Decimal, most: int) -> bool:
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and -exponent > most:  # perhaps only by zeros
        exponent = number.normalize().as_tuple().exponent
    return isinstance(exponent, int) and -exponent <= most
