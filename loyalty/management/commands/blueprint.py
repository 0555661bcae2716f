from django.core.management.base import BaseCommand, CommandError

from loyalty.lib.errors import DomainError
from loyalty.programs.queries.blueprints import blueprint_called, blueprints, yaml_of
from loyalty.programs.queries.documents import document_of
from loyalty.programs.queries.programs import program_by_code
from loyalty.programs.services.blueprints import apply_blueprint


class Command(BaseCommand):
    help = "Ready-made programs: list them, start a program from one or from a YAML file, export a program to YAML."

    def add_arguments(self, parser):
        acts = parser.add_subparsers(dest="act", required=True)
        acts.add_parser("list", help="the blueprints that come with Laurel")
        apply = acts.add_parser("apply", help="make a program as the blueprint has it")
        apply.add_argument("name", help="a name from the list, or a YAML file")
        apply.add_argument("--program", required=True, metavar="CODE", help="opened if there is none of this code")
        export = acts.add_parser("export", help="print a program as YAML")
        export.add_argument("--program", required=True, metavar="CODE")

    def handle(self, *, act, **options):
        try:
            getattr(self, f"_{act}")(**options)
        except DomainError as error:
            raise CommandError(str(error)) from error

    def _list(self, **options):
        for blueprint in blueprints():
            self.stdout.write(f"{blueprint.name:<22} {blueprint.title}")

    def _apply(self, *, name, program, **options):
        made = apply_blueprint(blueprint_called(name), code=program, actor="operator")
        self.stdout.write(f"{made.name}: /p/{made.code}/")

    def _export(self, *, program, **options):
        found = program_by_code(program)
        self.stdout.write(yaml_of(document_of(found), title=found.name), ending="")
