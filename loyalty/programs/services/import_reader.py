"""Reading a file of purchases: the CSV as people save it, row by row, however large; mistakes are told by line."""

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

NEEDED = ("external_id", "member", "occurred_on", "quantity", "amount")
OPTIONAL = ("currency", "store", "channel", "sku", "category")
LONGEST_LINE = 20_000
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that is wrong in a file: the line (1 is the header), the column ("": the whole line), and why."""

    line: int
    column: str
    reason: str


class RawRow(NamedTuple):
    """One row as it stands in the file. `cells` follow NEEDED and OPTIONAL; a column that the file lacks is empty."""

    line: int
    cells: list[str]


class Unreadable(Exception):
    """The file as a whole cannot be read; `mistake` says why."""

    def __init__(self, mistake: Mistake) -> None:
        self.mistake = mistake
        super().__init__(mistake.reason)


class _TooLong(csv.Error):
    pass


class _Lines:
    """The lines of a file; a monstrous one is skipped piece by piece and reported instead of held in memory."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self.read = 1  # the header

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._text.readline(LONGEST_LINE)
        if not line:
            raise StopIteration
        self.read += 1
        if len(line) == LONGEST_LINE and not line.endswith("\n"):
            while (rest := self._text.readline(LONGEST_LINE)) and not rest.endswith("\n"):
                continue
            raise _TooLong
        return line


class PurchaseFile:
    """A CSV with a header, in UTF-8 with or without a byte order mark, separated by commas or semicolons.

    `has_decimal_commas` tells that amounts may be written 12,50: spreadsheets that separate by semicolons do so.
    Raises Unreadable when the header does not hold.
    """

    def __init__(self, stream: BinaryIO) -> None:
        head = stream.read(4)
        stream.seek(0)
        if head.startswith(UTF16):
            raise Unreadable(Mistake(1, "", _("The file is not UTF-8. Save it as “CSV UTF-8”.")))
        text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")
        header = self._header_line(text)
        delimiter = ";" if header.count(";") > header.count(",") else ","
        self.has_decimal_commas = delimiter == ";"
        self._lines = _Lines(text)
        self._reader = csv.reader(self._lines, delimiter=delimiter, strict=True)
        self._order = _order_of(next(csv.reader([header], delimiter=delimiter), []))
        self._width = len([position for position in self._order if position is not None])
        self._text = text

    def close(self) -> None:
        """Let go of the stream without closing it: it belongs to the caller."""
        self._text.detach()

    def rows(self) -> Iterator[RawRow | Mistake]:
        """Every row after the header; empty lines are left out."""
        order, width, reader = self._order, self._width, self._reader
        while True:
            line = self._lines.read + 1
            try:
                cells = next(reader, None)
            except csv.Error as error:
                yield Mistake(line, "", _words_of(error))
                continue
            if cells is None:
                return
            if not cells:
                continue
            if len(cells) != width:
                yield Mistake(line, "", _wrong_width(width, len(cells)))
                continue
            yield RawRow(line, [cells[position].strip() if position is not None else "" for position in order])

    @staticmethod
    def _header_line(text: io.TextIOWrapper) -> str:
        line = text.readline(LONGEST_LINE)
        if not line.strip():
            raise Unreadable(Mistake(1, "", _("The file is empty. Its first line names the columns.")))
        if "\x00" in line or any("\udc80" <= character <= "\udcff" for character in line):
            raise Unreadable(Mistake(1, "", _("The file is not UTF-8. Save it as “CSV UTF-8”.")))
        return line


def _order_of(header: list[str]) -> list[int | None]:
    """Where each column of NEEDED and OPTIONAL stands. Raises Unreadable."""
    names = [name.strip().lower() for name in header]
    for name in names:
        if names.count(name) > 1:
            raise Unreadable(Mistake(1, name, _("This column stands twice in the header.")))
    if unknown := [name for name in names if name not in NEEDED + OPTIONAL]:
        known = ", ".join(NEEDED + OPTIONAL)
        words = _("This column is not known. The columns are: %(known)s.")
        raise Unreadable(Mistake(1, unknown[0][:60], words % {"known": known}))
    if missing := [name for name in NEEDED if name not in names]:
        raise Unreadable(Mistake(1, missing[0], _("This column is missing.")))
    return [names.index(name) if name in names else None for name in NEEDED + OPTIONAL]


def _words_of(error: csv.Error) -> str:
    if isinstance(error, _TooLong):
        return _("The line is longer than %(longest)d characters.") % {"longest": LONGEST_LINE}
    return _("The quotation marks of this line do not match.")


def _wrong_width(expected: int, found: int) -> str:
    words = ngettext("The line has %(found)d value, but there are %(expected)d columns.",
                     "The line has %(found)d values, but there are %(expected)d columns.", found)  # fmt: skip
    return words % {"found": found, "expected": expected}
