"""What a household gives back when goods come back whose points went into it.

It gives at most the part that it got of that very award, in proportion to what came back, and at most what it still
has: what others took out meanwhile is as good as spent, and the member answers for it by the debt policy like for any
points that are gone. Where the policy takes pending points only, the household's points, which are active, stay.
"""

from dataclasses import dataclass
from functools import cached_property

from django.db.models import Sum

from loyalty.ledger import services as ledger
from loyalty.ledger.queries.credits import credits_of_award
from loyalty.ledger.queries.locks import lock_accounts
from loyalty.members.models import Member
from loyalty.programs.models.households import Household, HouseholdMember, HouseholdMove
from loyalty.programs.queries.households import balance_in
from loyalty.programs.rules.households import owed_back
from loyalty.programs.services.households import contribute, move_points


@dataclass(frozen=True)
class Pot:
    """The household that a member is in, its row locked, and the member's account beside its own."""

    membership: HouseholdMember
    account_id: int

    @property
    def household(self) -> Household:
        return self.membership.household

    @cached_property
    def pot_id(self) -> int:
        household = self.household
        return ledger.open_account(wallet_id=household.wallet_id, subject=household.subject, holder="household")

    @property
    def accounts(self) -> set[int]:
        return {self.account_id, self.pot_id}

    def settle(self, others: set[int]) -> None:
        """Everything earned is shared before anything is taken back; all accounts are taken in their order first."""
        lock_accounts(sorted(self.accounts | others))
        contribute(self.membership.member_id)

    def give_back(self, award_key: str, *, keeps: int, step: int, actor: str) -> int:
        """The household's part of the award, of which `keeps` points are still earned; returns the points.

        `step` numbers the returns of the purchase, from 1; 0 is when it came to nothing.
        """
        total = 0
        for posting, credited in credits_of_award(self.account_id, award_key):
            got, given = self._moved(f"earned:{posting}"), -self._moved(f"returned:{posting}:")
            active = balance_in(self.household)
            points = min(owed_back(got, given, keeps, credited), active.active if active else 0)
            if points > 0:
                move_points(
                    self.membership, self.account_id, -points, key=f"returned:{posting}:{step}", actor=actor
                )  # fmt: skip
                total += points
        return total

    def _moved(self, key: str) -> int:
        name = f"{self.membership.member_id}:{key}"
        moves = HouseholdMove.objects.filter(household=self.household)
        found = moves.filter(key__startswith=name) if name.endswith(":") else moves.filter(key=name)
        return found.aggregate(points=Sum("points"))["points"] or 0


def pot_of(member: Member) -> Pot | None:
    """The household that the member is in now, locked; None where there is none."""
    own = HouseholdMember.objects.filter(member=member, left_at=None).values_list("household_id", flat=True)
    if (household_id := own.first()) is None:
        return None
    Household.objects.select_for_update(of=("self",), no_key=True).get(pk=household_id)
    rows = HouseholdMember.objects.select_related("household__wallet", "member")
    membership = rows.filter(member=member, household=household_id, left_at=None).first()
    if membership is None:  # gone while we waited
        return None
    account_id = ledger.open_account(wallet_id=membership.household.wallet_id, subject=membership.member.subject)
    return Pot(membership, account_id)
