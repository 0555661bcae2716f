"""Laurel with a sample brand: everything set up, running, and the sign-ins printed."""

import os

from django.core.management.base import BaseCommand, CommandParser

from config.preparation import Report
from config.sample import load as sample
from config.sample.people import SignIn
from config.serving import add_address, print_sign_ins, serve, set_up


class Command(BaseCommand):
    help = "Set up Laurel with a sample brand and run web, worker and scheduler. A second run keeps the data."

    def add_arguments(self, parser: CommandParser) -> None:
        add_address(parser)
        parser.add_argument("--no-serve", action="store_true", help="only set up, then exit")

    def handle(self, *, host: str, port: int, no_serve: bool, **options) -> None:
        sign_ins: list[SignIn] = []

        def load(report: Report) -> None:
            sign_ins.extend(sample.load(lambda _title, done, total: report(done, total)))

        set_up(("Sample data", load))
        if no_serve:
            return print_sign_ins(sign_ins)
        os.environ.setdefault("STAFF_MFA_REQUIRED", "0")  # the sample staff sign in with a password alone
        serve(host, port, sign_ins)
