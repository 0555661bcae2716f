"""From a row of text to a purchase: every cell read strictly, every mistake told in words."""

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from loyalty.lib import clock
from loyalty.lib.money import LARGEST, exponent_of
from loyalty.lib.text import is_legible
from loyalty.programs.models.program import Program
from loyalty.programs.services.checks import (
    FUTURE_TOLERANCE,
    LARGEST_QUANTITY,
    OLDEST,
    UNADDRESSABLE,
    is_addressable,
)
from loyalty.programs.services.drafts import digest_of, line_content, plain, utc_text
from loyalty.programs.services.import_reader import NEEDED, OPTIONAL, Mistake, RawRow

NUMBER = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?"
)
REMEMBERED = 50_000
SHORTEST = 40  # a text of so many characters fits everywhere
LONGEST = {"external_id": 100, "member": 100, "store": 60, "channel": 40, "sku": 80, "category": 80}


class WrongCell(Exception):
    """A cell cannot be read; the text says why."""


class Row(NamedTuple):
    """One purchase of a file, of one line. `at` is aware, `day` its business day; `member` the brand's own id.

    The texts are what is stored: instant, quantity and amount in one spelling each.
    """

    line: int
    receipt: str
    member: str
    at: datetime
    day: date
    quantity: Decimal
    amount: Decimal
    at_text: str
    quantity_text: str
    amount_text: str
    store: str
    channel: str
    sku: str
    category: str
    digest: str


class RowReader:
    """Reads the cells of one file for one program, as of now; numbers and dates that come again are remembered."""

    def __init__(self, program: Program, *, has_decimal_commas: bool) -> None:
        self._currency = program.currency
        self._zone_name = program.time_zone
        self._zone = ZoneInfo(program.time_zone)
        self._has_decimal_commas = has_decimal_commas
        self._latest = clock.now() + FUTURE_TOLERANCE
        self._today = clock.business_day(clock.now(), program.time_zone)
        self.moment = lru_cache(REMEMBERED)(self._read_moment)
        self.amount = lru_cache(REMEMBERED)(self._read_amount)
        self.quantity = lru_cache(REMEMBERED)(self._read_quantity)

    def read(self, raw: RawRow) -> Row | list[Mistake]:
        """The purchase, or everything that is wrong with the row."""
        receipt, member, occurred_on, quantity, amount, currency, store, channel, sku, category = raw.cells
        try:
            if not receipt or not member or not is_addressable(receipt) or not _are_legible(raw.cells):
                raise WrongCell
            if not _fits(raw.cells):
                raise WrongCell
            self._own_currency(currency)
            at, day, at_text = self.moment(occurred_on)
            count, count_text = self.quantity(quantity)
            total, total_text = self.amount(amount)
        except WrongCell:
            return list(self._mistakes(raw))
        content = line_content("item", sku, category, "{}", count_text, total_text)
        digest = digest_of(at_text, self._currency, channel, store, "{}", "[]", content)
        return Row(
            raw.line, receipt, member, at, day, count, total, at_text, count_text, total_text, store, channel, sku,
            category, digest,
        )  # fmt: skip

    def _mistakes(self, raw: RawRow) -> Iterator[Mistake]:
        """Read cell by cell, so that all that is wrong with a row is told at once."""
        readers: dict[str, Callable[[str], object]] = {
            "occurred_on": self.moment, "quantity": self.quantity, "amount": self.amount,
            "currency": self._own_currency,
        }  # fmt: skip
        for name, text in zip(NEEDED + OPTIONAL, raw.cells, strict=True):
            try:
                if name in NEEDED:
                    self._needed(name, text)
                else:
                    self._text(name, text)
                if name in readers:
                    readers[name](text)
            except WrongCell as wrong:
                yield Mistake(raw.line, name, str(wrong))

    @staticmethod
    def _text(name: str, text: str) -> None:
        if not is_legible(text):
            raise WrongCell(_("This holds characters that cannot be seen, or is not UTF-8."))
        if name == "external_id" and not is_addressable(text):
            raise WrongCell(UNADDRESSABLE)
        longest = LONGEST.get(name, SHORTEST)
        if len(text) > longest:
            raise WrongCell(_("At most %(longest)d characters.") % {"longest": longest})

    def _needed(self, name: str, text: str) -> None:
        if not text:
            raise WrongCell(_("This is needed."))
        self._text(name, text)

    def _own_currency(self, text: str) -> None:
        if text and text != self._currency:
            words = _("“%(text)s” is not the program’s currency, %(currency)s.")
            raise WrongCell(words % {"text": text[:10], "currency": self._currency})

    def _read_moment(self, text: str) -> tuple[datetime, date, str]:
        """The instant, its day and its text. A bare day is its noon, a time without an offset is the program’s."""
        try:
            if DAY.fullmatch(text):
                day = date.fromisoformat(text)
                at, is_too_late = clock.noon_of(day, self._zone_name), day > self._today
            elif INSTANT.fullmatch(text):
                at = datetime.fromisoformat(text)
                at = at.replace(tzinfo=self._zone) if at.tzinfo is None else at
                day, is_too_late = at.astimezone(self._zone).date(), at > self._latest
            else:
                raise ValueError(text)
        except (ValueError, OverflowError):
            words = _("“%(text)s” is not a date. Write 2026-03-31, or 2026-03-31T14:05:00+02:00.")
            raise WrongCell(words % {"text": text[:40]}) from None
        if is_too_late:
            raise WrongCell(_("“%(text)s” lies in the future.") % {"text": text[:40]})
        if at < OLDEST:
            raise WrongCell(_("“%(text)s” is too long ago to be true.") % {"text": text[:40]})
        return at, day, utc_text(at)

    def _read_amount(self, text: str) -> tuple[Decimal, str]:
        amount = self._number(text)
        if amount < 0:
            raise WrongCell(_("An amount is not negative. Returned goods are recorded as a return."))
        if amount > LARGEST:
            raise WrongCell(_("“%(text)s” is outside the range of amounts.") % {"text": text[:40]})
        decimals = exponent_of(self._currency)
        if _decimals_of(amount) > decimals:
            words = _("“%(text)s” has too many decimals: %(currency)s amounts have at most %(decimals)d.")
            raise WrongCell(words % {"text": text[:40], "currency": self._currency, "decimals": decimals})
        return amount, plain(amount)

    def _read_quantity(self, text: str) -> tuple[Decimal, str]:
        quantity = self._number(text)
        if not 0 < quantity <= LARGEST_QUANTITY or _decimals_of(quantity) > 3:
            raise WrongCell(_("A quantity is more than 0 and has at most 3 decimals."))
        return quantity, plain(quantity)

    def _number(self, text: str) -> Decimal:
        spelling = text.replace(",", ".") if self._has_decimal_commas and "." not in text else text
        if not NUMBER.fullmatch(spelling):
            raise WrongCell(_("“%(text)s” is not a number. Write it such as 12.50.") % {"text": text[:40]})
        return Decimal(spelling)


def _are_legible(cells: list[str]) -> bool:
    """Whether every cell is, at a glance where all is plain."""
    text = "".join(cells)
    return text.isprintable() if text.isascii() else all(map(is_legible, cells))


def _fits(cells: list[str]) -> bool:
    """Whether no cell can be too long, at a glance."""
    return max(map(len, cells)) <= SHORTEST or all(
        len(text) <= LONGEST.get(name, SHORTEST) for name, text in zip(NEEDED + OPTIONAL, cells, strict=True)
    )


def _decimals_of(number: Decimal) -> int:
    return -int(number.normalize().as_tuple().exponent)
