"""What an import must know of what is there already, slice by slice."""

from collections.abc import Iterable
from typing import Any

from loyalty.members.models import Member
from loyalty.programs.models.activity import Activity
from loyalty.programs.models.program import Program


def receipts_of(program: Program, source: str, receipts: list[str]) -> dict[str, tuple[str, str]]:
    """The known ones among `receipts`: (digest, the member's external id) by receipt."""
    rows = Activity.objects.of(program).filter(kind=Activity.Kind.PURCHASE, source=source, external_id__in=receipts)
    found = rows.values_list("external_id", "digest", "member__external_id")
    return {receipt: (digest, member) for receipt, digest, member in found}


def people_of(
    program: Program, external_ids: Iterable[str], *, with_attributes: bool
) -> dict[str, tuple[str, dict[str, Any]]]:
    """Status and, if asked for, attributes of the known members by the brand's own id."""
    rows = Member.objects.of(program).filter(external_id__in=list(external_ids))
    if with_attributes:
        return {key: (status, found) for key, status, found in rows.values_list("external_id", "status", "attributes")}
    return {key: (status, {}) for key, status in rows.values_list("external_id", "status")}
