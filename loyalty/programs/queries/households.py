"""Households and clubs: who is in, what they share, what each put in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Sum

from loyalty.ledger.queries.balances import Balance
from loyalty.ledger.queries.balances import balances_of as ledger_balances
from loyalty.lib import clock
from loyalty.lib.prepared import rows_of
from loyalty.members.models import Member
from loyalty.programs.models.households import Household, HouseholdMember, HouseholdMove, HouseholdPolicy
from loyalty.programs.models.program import Program
from loyalty.programs.queries.activities import units_of
from loyalty.programs.queries.in_force import only_in_force, seen_in
from loyalty.programs.rules.households import share_of, shares_of
from loyalty.programs.rules.wording.moving import sentences_for_sharing


@dataclass(frozen=True, slots=True)
class Person:
    """One member of a household: `put_in` is what they contributed less what they took."""

    membership: HouseholdMember
    put_in: int


@dataclass(frozen=True, slots=True)
class Shared:
    """A household as its members see it."""

    household: Household
    balance: Balance | None
    people: tuple[Person, ...]

    @property
    def active(self) -> int:
        return self.balance.active if self.balance else 0


def policy_of(program: Program) -> HouseholdPolicy | None:
    """How points are shared in the program; None where they are not."""
    return only_in_force(program.pk, "households")


def policy_for(household: Household) -> HouseholdPolicy:
    """How points are shared in a household; by the policy as it is stored where it is switched off now."""
    found = only_in_force(household.program_id, "households")
    return found or HouseholdPolicy.objects.get(program=household.program_id)


def is_policy_stored(program: Program) -> bool:
    """Whether staff have ever set how points are shared, also where it is switched off or a draft."""
    return HouseholdPolicy.objects.filter(program=program).exists()


def membership_of(member: Member) -> HouseholdMember | None:
    """The household that the member is in now."""
    rows = HouseholdMember.objects.filter(member=member, left_at=None)
    own = rows.select_related("household__wallet", "household__program", "member__program").first()
    if own is not None:
        seen_in(own.household.program, [own.household], "wallet")
    return own


def has_households(member: Member) -> bool:
    """Whether the page has anything for the member."""
    return policy_of(member.program) is not None or membership_of(member) is not None


def balance_in(household: Household, at: datetime | None = None) -> Balance | None:
    """What the household has; None before anything came in."""
    return ledger_balances(household.subject, at or clock.now()).get(household.wallet_id)


def put_in_by(household: Household) -> dict[int, int]:
    """Member → what they put in less what they took."""
    moves = HouseholdMove.objects.filter(household=household).order_by()
    return dict(moves.values_list("member_id").annotate(net=Sum("points")))


def people_of(household: Household) -> list[HouseholdMember]:
    """Who is in it now, the longest first."""
    return list(household.memberships.filter(left_at=None).select_related("member").order_by("joined_at", "id"))


def shared_of(household: Household) -> Shared:
    """The household with its balance and its people."""
    nets = put_in_by(household)
    people = tuple(Person(each, nets.get(each.member_id, 0)) for each in people_of(household))
    return Shared(household, balance_in(household), people)


TO_SHARE = """
    SELECT m.member_id FROM loyalty_householdmember m
    JOIN loyalty_household h ON h.id = m.household_id JOIN loyalty_member x ON x.id = m.member_id
    JOIN ledger_account a ON a.subject = x.subject AND a.wallet_id = h.wallet_id
    WHERE m.left_at IS NULL AND EXISTS (
        SELECT FROM ledger_posting p WHERE p.account_id = a.id AND p.id > m.upto AND p.bucket = 0 AND p.points > 0
        AND p.contra IN ('issued', 'pending'))
    ORDER BY m.member_id
"""


def part_of_leaver(household: Household, own: HouseholdMember, people: Sequence[HouseholdMember]) -> int:
    """What one of `people` takes along, by what they put in, where the policy lets them."""
    if policy_for(household).leaving == HouseholdPolicy.Leaving.STAYS:
        return 0
    nets, balance = put_in_by(household), balance_in(household)
    total = sum(max(nets.get(each.member_id, 0), 0) for each in people)
    return share_of(balance.active if balance else 0, nets.get(own.member_id, 0), total)


def parts_at_end(household: Household, people: Sequence[HouseholdMember]) -> dict[int, int]:
    """What each of `people` gets when the household ends, by member; the owner what cannot be divided."""
    balance, nets = balance_in(household), put_in_by(household)
    owner = next(each for each in people if each.role == HouseholdMember.Role.OWNER)
    put_in = {each.member_id: nets.get(each.member_id, 0) for each in people}
    return shares_of(balance.active if balance else 0, put_in, owner.member_id)


def parting_of(own: HouseholdMember, *, ends: bool) -> list[tuple[HouseholdMember, int]]:
    """Who would get how many points: all when the household ends, else the one who leaves."""
    people = people_of(own.household)
    if ends:
        parts = parts_at_end(own.household, people)
        return [(person, parts[person.member_id]) for person in people]
    return [(own, part_of_leaver(own.household, own, people))]


def members_to_share() -> list[int]:
    """Members who earned something of which their household has not had its part; one statement."""
    return [row[0] for row in rows_of(TO_SHARE)]


def moves_of(household: Household, limit: int = 20) -> list[HouseholdMove]:
    """What was put in and taken, newest first."""
    return list(HouseholdMove.objects.filter(household=household).select_related("member").order_by("-id")[:limit])


def households_by_key(keys: Iterable[str]) -> dict[str, Household]:
    """Households by the source of their postings (household:<id>); no statement when there is none among `keys`."""
    numbers = [key[10:] for key in keys if key.startswith("household:") and key[10:].isdigit()]
    found = Household.objects.filter(pk__in=numbers) if numbers else ()
    return {f"household:{household.pk}": household for household in found}


def words_of_sharing(policy: HouseholdPolicy) -> list[str]:
    """The policy in plain words."""
    takes_along = policy.leaving == HouseholdPolicy.Leaving.BY_SHARE
    return sentences_for_sharing(units_of(policy.wallet), policy.percent, policy.most_members, takes_along=takes_along)
