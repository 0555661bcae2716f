"""What was recorded, in the words of the language in force."""

from dataclasses import replace
from typing import Any

from loyalty.lib.errors import DomainError
from loyalty.lib.rest.problems import problem_of
from loyalty.lib.rest.shapes import Output
from loyalty.programs.api.outputs import AwardOutput
from loyalty.programs.queries.activities import told
from loyalty.programs.queries.configuration import Configuration
from loyalty.programs.services.facts import PurchaseFacts, Recorded


def told_of(shape: type[Output], recorded: Recorded, configuration: Configuration) -> dict[str, Any]:
    """`recorded` as `shape` presents it; the explanation speaks to the member, so that a till may show it."""
    wallets = {wallet_id: terms.wallet for wallet_id, terms in configuration.wallets.items()}
    steps = [step for step in recorded.explanation if int(step.wallet) in wallets]
    words: Any = tuple(told(steps, wallets, configuration.program))
    return shape.present(replace(recorded, explanation=words))


def outcome_of(place: int, facts: PurchaseFacts, outcome: Recorded | DomainError, path: str) -> dict[str, Any]:
    """What became of the purchase that stood at `place` in a batch."""
    name = {"purchase": f"{facts.source}:{facts.receipt}"}
    if isinstance(outcome, DomainError):
        problem = problem_of(outcome, path, below=f"/purchases/{place}")
        return {"status": problem["status"]} | name | {"problem": problem}
    awards = AwardOutput.present_all(outcome.awards)
    return {"status": 201} | name | {"awards": awards, "replayed": outcome.replayed}
