"""What an import must know of what is there already, slice by slice."""

from collections.abc import Iterable
from typing import Any

from django.db import connection

from loyalty.programs.models.program import Program

# Plain SQL: the ORM spells thousands of parameters out one by one.
RECEIPTS = """
SELECT a.external_id, a.digest, m.external_id FROM loyalty_activity a JOIN loyalty_member m ON m.id = a.member_id
WHERE a.program_id = %s AND a.kind = 'purchase' AND a.source = %s AND a.external_id = ANY (%s)"""
PEOPLE = """
SELECT m.external_id, m.status, CASE WHEN %s THEN m.attributes ELSE '{}' END FROM loyalty_member m
WHERE m.program_id = %s AND m.external_id = ANY (%s)"""


def receipts_of(program: Program, source: str, receipts: list[str]) -> dict[str, tuple[str, str]]:
    """The known ones among `receipts`: (digest, the member's external id) by receipt."""
    rows = _rows(RECEIPTS, program.pk, source, receipts)
    return {receipt: (digest, member) for receipt, digest, member in rows}


def people_of(program: Program, external_ids: Iterable[str], *, with_attributes: bool) -> dict[str, tuple[str, str]]:
    """Status and, if asked for, attributes (as JSON) of the known members by the brand's own id."""
    rows = _rows(PEOPLE, with_attributes, program.pk, list(external_ids))
    return {external_id: (status, attributes) for external_id, status, attributes in rows}


def _rows(statement: str, *parameters: Any) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()
