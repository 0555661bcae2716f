"""Starting a program from a document: a blueprint of ours, or a file that another program was exported to."""

from django.db import transaction
from django.utils.translation import gettext as _

from loyalty.programs.errors.documents import ProgramInUse, WrongDocument
from loyalty.programs.models.program import Program, Publishing
from loyalty.programs.queries.blueprints import Blueprint
from loyalty.programs.queries.reading import document_from
from loyalty.programs.rules.documents import SETTINGS
from loyalty.programs.services.documents import load_document
from loyalty.programs.services.programs import save_checked


def apply_blueprint(blueprint: Blueprint, *, code: str, actor: str) -> Program:
    """The program with this code as the blueprint has it, opened if there is none; nothing is kept of a mistake.

    A program with activity takes it as a draft only. Raises WrongDocument (with the line), ProgramInUse, StillInUse.
    """
    try:
        with transaction.atomic():
            program = _program(blueprint, code, actor)
            return load_document(program, document_from(blueprint.raw, program), actor=actor)
    except WrongDocument as error:
        line = blueprint.line_of(error.where)
        text = _("Line %(line)s, %(field)s: %(why)s") % {"line": line, "field": error.field, "why": error.message}
        raise WrongDocument(text if error.field else error.message, where=error.where) from error


def _program(blueprint: Blueprint, code: str, actor: str) -> Program:
    program = Program.objects.filter(code=code).first()
    if program is None:
        fresh = Program(code=code, name=code)
        settings = document_from({SETTINGS: blueprint.raw.get(SETTINGS)}, fresh)[SETTINGS]
        for name, value in settings.items():
            setattr(fresh, name, value)
        return save_checked(fresh, actor)
    if program.publishing == Publishing.AT_ONCE and program.activities.exists():
        raise ProgramInUse
    return program
