"""What the portal's pages read across the floors below."""

from collections.abc import Collection
from typing import Any

from loyalty.members import queries as members
from loyalty.members.models import Consent, Member
from loyalty.messaging import queries as messages
from loyalty.programs.models.program import Program
from loyalty.programs.queries.activities import data_of as programs_data_of


def open_programs(besides: Collection[int] = ()) -> list[Program]:
    """The programs that anyone may join, by name."""
    return list(Program.objects.filter(is_active=True).exclude(pk__in=besides).order_by("name"))


def decisions_of(member: Member) -> list[Consent]:
    """Every decision about every text, newest first."""
    return list(member.consents.select_related("text").order_by("-at", "-id"))


def data_of(member: Member) -> dict[str, Any]:
    """Everything that is kept about the person, floor by floor, as plain values."""
    return {
        "program": {"code": member.program.code, "name": member.program.name},
        **members.data_of(member),
        **programs_data_of(member),
        "messages": messages.data_of(member),
    }
