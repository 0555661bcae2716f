"""What was recorded, in the words of the language in force."""

from dataclasses import replace
from typing import Any

from loyalty.lib.rest.shapes import Output
from loyalty.programs.queries.activities import told
from loyalty.programs.queries.configuration import Configuration
from loyalty.programs.services.facts import Recorded


def told_of(shape: type[Output], recorded: Recorded, configuration: Configuration) -> dict[str, Any]:
    """`recorded` as `shape` presents it; the explanation speaks to the member, so that a till may show it."""
    wallets = {wallet_id: terms.wallet for wallet_id, terms in configuration.wallets.items()}
    steps = [step for step in recorded.explanation if int(step.wallet) in wallets]
    words: Any = tuple(told(steps, wallets, configuration.program))
    return shape.present(replace(recorded, explanation=words))
