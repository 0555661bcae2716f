"""Run web, worker and scheduler on what is there."""

from django.core.management.base import BaseCommand, CommandParser

from config.serving import add_address, serve, set_up


class Command(BaseCommand):
    help = "Run web, worker and scheduler together, after bringing tables and static files up to date."

    def add_arguments(self, parser: CommandParser) -> None:
        add_address(parser)

    def handle(self, *, host: str, port: int, **options) -> None:
        set_up()
        serve(host, port)
