"""Opening a program."""

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from loyalty.members.services.rows import sign
from loyalty.programs.errors.activities import WrongFacts
from loyalty.programs.errors.programs import ProgramExists
from loyalty.programs.models.earning import EarningRule
from loyalty.programs.models.program import Program
from loyalty.programs.models.wallet import Wallet

WARN_DAYS = [30, 7]


@transaction.atomic
def create_program(
    *,
    code: str,
    name: str,
    currency: str,
    time_zone: str,
    points_per: Decimal | None = None,
    expires_months: int | None = None,
    actor: str,
) -> Program:
    """A program with one wallet `points` and, with `points_per`, one rule: a point per that amount, rounded down.

    With `expires_months` points expire at the end of the day (in `time_zone`) that many months after earning, and
    members are warned 30 and 7 days before. Raises ProgramExists, WrongFacts (its `field` says where).
    """
    if Program.objects.filter(code=code).exists():
        raise ProgramExists(field="code")
    program = Program(code=code, name=name, currency=currency, time_zone=time_zone)
    program.warn_days = WARN_DAYS if expires_months is not None else []
    save_checked(program, actor)
    wallet = Wallet(program=program, code="points", name=_("Points"))
    if expires_months is not None:
        wallet.expiry, wallet.expiry_months = Wallet.Expiry.ROLLING, expires_months
    save_checked(wallet, actor)
    if points_per is not None:
        save_checked(EarningRule(program=program, wallet=wallet, name=_("Purchases"), per_amount=points_per), actor)
    return program


def save_checked[Row: (Program, Wallet, EarningRule)](row: Row, actor: str) -> Row:
    """Raises WrongFacts for what the model refuses; its `field` says where."""
    try:
        row.full_clean()
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise WrongFacts(messages[0], field=field) from error
    sign(row, actor).save()
    return row
