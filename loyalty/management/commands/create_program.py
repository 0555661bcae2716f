from argparse import ArgumentTypeError
from decimal import Decimal, InvalidOperation

from django.core.management.base import BaseCommand, CommandError

from loyalty.lib.errors import DomainError
from loyalty.programs.services.programs import create_program


def amount(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ArgumentTypeError(f"“{text}” is not an amount. Write it such as 1.00.") from None


class Command(BaseCommand):
    help = "Open a program with a wallet `points` and one rule: 1 point per that amount, rounded down per purchase."

    def add_arguments(self, parser):
        parser.add_argument("code", help="part of the portal's address: /p/CODE/")
        parser.add_argument("--name", required=True, help="what members see")
        parser.add_argument("--currency", required=True, help="three capital letters, such as USD")
        parser.add_argument("--timezone", required=True, help="where days begin and end, such as Europe/Oslo")
        parser.add_argument("--points-per", type=amount, default=Decimal("1.00"), metavar="AMOUNT")
        parser.add_argument(
            "--expires-months", type=int, metavar="N", help="months that points live; default: for ever"
        )

    def handle(self, *, code, name, currency, timezone, points_per, expires_months, **options):
        try:
            program = create_program(
                code=code, name=name, currency=currency, time_zone=timezone, points_per=points_per,
                expires_months=expires_months, actor="operator",
            )  # fmt: skip
        except DomainError as error:
            raise CommandError(f"{error.field + ': ' if error.field else ''}{error}") from error
        self.stdout.write(f"{program.name}: /p/{program.code}/")
