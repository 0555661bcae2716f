from django.core.management.base import BaseCommand, CommandError

from loyalty.lib.errors import DomainError
from loyalty.members.rules import ALL_SCOPES, SCOPES
from loyalty.members.services.keys import issue_api_key
from loyalty.programs.queries.programs import program_by_code


class Command(BaseCommand):
    help = "Make a key for a till or a shop, and print it: once, and nothing else, on stdout."

    def add_arguments(self, parser):
        known = ", ".join([ALL_SCOPES, *SCOPES])
        parser.add_argument("--program", required=True, metavar="CODE")
        parser.add_argument("--name", required=True, help="who uses it, such as “Tills of Oslo 1”")
        parser.add_argument("--scopes", required=True, metavar="A,B", help=f"what it may do: {known}")

    def handle(self, *, program, name, scopes, **options):
        wanted = [scope.strip() for scope in scopes.split(",") if scope.strip()]
        try:
            issued = issue_api_key(program_by_code(program), name=name, scopes=wanted, actor="operator")
        except DomainError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(issued.secret)
