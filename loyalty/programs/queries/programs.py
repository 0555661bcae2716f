"""Programs and what they offer."""

from loyalty.programs.errors.programs import UnknownProgram, UnknownWallet
from loyalty.programs.models.program import Program
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.in_force import as_published


def program_by_code(code: str) -> Program:
    """The program whose address is /p/<code>/, open or closed, as members see it. Raises UnknownProgram."""
    program = Program.objects.filter(code=code).first()
    if program is None:
        raise UnknownProgram(code)
    return as_published(program)


def wallets_of(program: Program) -> list[Wallet]:
    """The wallets in use, in the order in which members see them."""
    return list(program.wallets.filter(is_archived=False))


def wallet_by_code(program: Program, code: str) -> Wallet:
    """The wallet as tills and shops name it. Raises UnknownWallet."""
    wallet = program.wallets.filter(code=code).first()
    if wallet is None:
        raise UnknownWallet
    wallet.program = program
    return wallet
