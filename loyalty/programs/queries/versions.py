"""Versions of a program, and what its draft would change, in words."""

from loyalty.programs.models.program import Program
from loyalty.programs.models.versions import ProgramVersion
from loyalty.programs.queries.configuration import published_of
from loyalty.programs.queries.documents import described, document_of, rows_from
from loyalty.programs.rules.documents import Document, digest_of


def versions_of(program: Program) -> list[ProgramVersion]:
    """The newest first, without their documents."""
    return list(ProgramVersion.objects.filter(program=program).defer("document", "places").select_related("back_to"))


def has_draft(program: Program) -> bool:
    """Whether the rows say something else than what is in force."""
    fresh = Program.objects.select_related("published").get(pk=program.pk)
    published = published_of(fresh)
    return published is not None and digest_of(document_of(fresh)) != digest_now(fresh, published)


def digest_now(program: Program, version: ProgramVersion) -> str:
    """Of the version as today's code reads it, so that a new kind of setting is no difference."""
    return digest_of(document_now(program, version))


def document_now(program: Program, version: ProgramVersion) -> Document:
    """The version's document, with the defaults of settings that it does not know yet."""
    return described(rows_from(program, version.document, version.places)).document
