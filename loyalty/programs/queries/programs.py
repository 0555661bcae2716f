"""Programs and what they offer."""

from loyalty.programs.errors.programs import UnknownProgram, UnknownWallet
from loyalty.programs.models.program import Program
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.in_force import as_published, wallets_by_id


def program_by_code(code: str) -> Program:
    """The program whose address is /p/<code>/, open or closed, as members see it. Raises UnknownProgram."""
    program = Program.objects.filter(code=code).first()
    if program is None:
        raise UnknownProgram(code)
    return as_published(program)


def wallets_of(program: Program) -> list[Wallet]:
    """The wallets in use, in the order in which members see them."""
    return [wallet for wallet in wallets_by_id(program.pk).values() if not wallet.is_archived]


def wallet_by_code(program: Program, code: str) -> Wallet:
    """The wallet as tills and shops name it. Raises UnknownWallet."""
    wallet = next((each for each in wallets_by_id(program.pk).values() if each.code == code), None)
    if wallet is None:
        raise UnknownWallet
    return wallet
