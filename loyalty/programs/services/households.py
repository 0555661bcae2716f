"""Founding, joining, leaving and ending households; what flows in from awards, and what members take out.

Locks: the members' rows first, then the household's, then its memberships, then the ledger.
"""

from django.db import transaction
from django.db.models import QuerySet

from loyalty.ledger import services as ledger
from loyalty.ledger.errors import KeyReused
from loyalty.ledger.queries.credits import credits_after, newest_posting
from loyalty.ledger.queries.locks import lock_accounts
from loyalty.lib import clock
from loyalty.members.errors import MemberNotActive
from loyalty.members.models import Member
from loyalty.members.rules import new_referral_code, normal_code
from loyalty.members.services.rows import locked, sign
from loyalty.programs.errors import households as errors
from loyalty.programs.models.households import Household, HouseholdMember, HouseholdMove, HouseholdPolicy
from loyalty.programs.queries import households as queries
from loyalty.programs.queries.balances import balances_of
from loyalty.programs.rules.households import part_of
from loyalty.programs.services.holdings import ensure_room, holdings_of
from loyalty.programs.services.transactions import in_transaction, turn_of

Role = HouseholdMember.Role
CONTRIBUTE = "job:contribute"


def found_household(member: Member, *, name: str, actor: str) -> Household:
    """A new household with `member` as its owner. Raises HouseholdsOff, InHousehold, MemberNotActive."""

    def found() -> Household:
        fresh, policy = _free(member)
        household = Household(
            program=fresh.program, wallet=policy.wallet, name=name.strip()[:80], code=new_referral_code()
        )
        sign(household, actor).save()
        _let_in(household, fresh, Role.OWNER, actor)
        return household

    return in_transaction(found)


def join_household(member: Member, *, code: str, actor: str) -> Household:
    """Join by the code that the owner passes on. Raises HouseholdsOff, InHousehold, UnknownHousehold, HouseholdFull,
    MemberNotActive."""

    def join() -> Household:
        fresh, policy = _free(member)
        known = Household.objects.filter(program=fresh.program, code=normal_code(code), dissolved_at=None).first()
        if known is None:
            raise errors.UnknownHousehold(field="code")
        household = _locked(known)
        if len(queries.people_of(household)) >= policy.most_members:
            raise errors.HouseholdFull(field="code")
        _let_in(household, fresh, Role.SPENDER, actor)
        return household

    return in_transaction(join)


def _free(member: Member) -> tuple[Member, HouseholdPolicy]:
    """The member's row, locked: nobody is in two households at once."""
    fresh = locked(member)
    policy = queries.policy_of(fresh.program)
    if policy is None:
        raise errors.HouseholdsOff
    if fresh.status != Member.Status.ACTIVE:
        raise MemberNotActive
    if queries.membership_of(fresh):
        raise errors.InHousehold
    return fresh, policy


def _locked(household: Household) -> Household:
    return _there(_row_of(household))


def _row_of(household: Household) -> Household:
    """Its row, locked, also of one that has ended."""
    rows = Household.objects.select_related("program", "wallet")
    return rows.select_for_update(of=("self",), no_key=True).get(pk=household.pk)


def _there(household: Household) -> Household:
    if household.dissolved_at:
        raise errors.UnknownHousehold
    return household


def _let_in(household: Household, member: Member, role: str, actor: str) -> None:
    """What the member earned before stays theirs: only awards after this moment are shared."""
    account_id = ledger.open_account(wallet_id=household.wallet_id, subject=member.subject)
    lock_accounts([account_id])
    row = HouseholdMember(household=household, member=member, role=role, upto=newest_posting(account_id))
    sign(row, actor).save()


# --- Points -----------------------------------------------------------------------------------------------------------


def contribute(member_id: int) -> int:
    """The household's part of everything that the member earned since last time; returns the points. Exactly once,
    however often it is called. What the member has spent meanwhile cannot be given."""
    return in_transaction(lambda: _contribute(member_id))


def _contribute(member_id: int) -> int:
    own = HouseholdMember.objects.filter(member=member_id, left_at=None).select_related(
        "member__program", "household__program"
    )
    if (membership := own.first()) is None:
        return 0
    with holdings_of(membership.household.program_id, [member_id], actor=CONTRIBUTE, at=clock.now()):
        return _share(own, membership.household_id)


def _share(own: QuerySet[HouseholdMember], household_id: int) -> int:
    Household.objects.select_for_update(of=("self",), no_key=True).get(pk=household_id)
    if (membership := own.first()) is None:  # gone while we waited
        return 0
    member, household = membership.member, membership.household
    account_id = ledger.open_account(wallet_id=household.wallet_id, subject=member.subject)
    policy = queries.policy_of(household.program)
    percent = policy.percent if policy else 0  # what is earned while sharing is switched off stays with the member
    earned = credits_after(account_id, membership.upto)
    given = sum(_give(membership, account_id, posting, part_of(points, percent)) for posting, points in earned)
    if earned:
        membership.upto = earned[-1][0]
        HouseholdMember.objects.filter(pk=membership.pk).update(upto=membership.upto)
    return given


def _give(membership: HouseholdMember, account_id: int, posting: int, points: int) -> int:
    balances = {each.wallet.pk: each.active for each in balances_of(membership.member)}
    points = min(points, balances[membership.household.wallet_id])
    if points:
        move_points(membership, account_id, points, key=f"earned:{posting}", actor=CONTRIBUTE)
    return points


def move_points(membership: HouseholdMember, account_id: int, points: int, *, key: str, actor: str) -> None:
    """Between a member's account and the household's: positive points go in, negative ones out."""
    household, at = membership.household, clock.now()
    pot = ledger.open_account(wallet_id=household.wallet_id, subject=household.subject, holder="household")
    HouseholdMove.objects.create(
        household=household,
        member=membership.member,
        points=points,
        key=f"{membership.member_id}:{key}",
        actor=actor,
        at=at,
    )
    source, key = f"household:{household.pk}", f"household:{household.pk}:{membership.member_id}:{key}"
    way = (account_id, pot) if points > 0 else (pot, account_id)
    ledger.transfer(*way, points=abs(points), key=key, at=at, actor=actor, source=source)


def contribute_due() -> int:
    """The parts of all who earned something since last time; returns the points. Resumable, harmless twice."""
    with turn_of("contribute") as is_ours:
        return sum(contribute(member_id) for member_id in (queries.members_to_share() if is_ours else ()))


def take_points(membership: HouseholdMember, *, points: int, key: str, actor: str) -> HouseholdMove:
    """From the household to the member's own points, by those who may. The same `key` is the same act, for ever.

    Raises MayNotTake, NotEnoughPoints, OverCap, UnknownHousehold, KeyReused.
    """
    return in_transaction(lambda: _take(membership, points, f"taken:{key}", actor))


def _take(membership: HouseholdMember, points: int, key: str, actor: str) -> HouseholdMove:
    program_id, who = membership.household.program_id, membership.member_id
    with holdings_of(program_id, [who], actor=actor, at=clock.now()):
        return _taken(membership, points, key, actor)


def _taken(membership: HouseholdMember, points: int, key: str, actor: str) -> HouseholdMove:
    """What is known already answers first: households end, and roles change."""
    household = _row_of(membership.household)
    taken = HouseholdMove.objects.filter(household=household, key=f"{membership.member_id}:{key}")
    known = taken.first()
    if known is None:
        _there(household)
        fresh = HouseholdMember.objects.select_related("member", "household").get(pk=membership.pk)
        if fresh.left_at or fresh.role == Role.EARNER:
            raise errors.MayNotTake
        ensure_room(fresh.member, household.wallet_id, points, at=clock.now())
        _pay_out(fresh, points, key, actor)
        return taken.get()
    if known.points != -points:
        raise KeyReused
    return known


def _pay_out(membership: HouseholdMember, points: int, key: str, actor: str) -> None:
    if points:
        account_id = ledger.open_account(wallet_id=membership.household.wallet_id, subject=membership.member.subject)
        move_points(membership, account_id, -points, key=key, actor=actor)


# --- Roles and ends ---------------------------------------------------------------------------------------------------


@transaction.atomic
def change_role(membership: HouseholdMember, *, role: str, actor: str) -> HouseholdMember:
    """Whether someone may take points; a new owner takes the place of the one before, who may take points then.

    Raises UnknownHousehold.
    """
    household = _locked(membership.household)
    if role == Role.OWNER:
        for owner in household.memberships.filter(left_at=None, role=Role.OWNER).exclude(pk=membership.pk):
            owner.role = Role.SPENDER
            sign(owner, actor).save(update_fields=["role"])
    fresh = HouseholdMember.objects.get(pk=membership.pk)
    if fresh.role != Role.OWNER and fresh.left_at is None:  # an owner goes by naming another
        fresh.role = role
        sign(fresh, actor).save(update_fields=["role"])
    return fresh


def leave_household(membership: HouseholdMember, *, actor: str) -> int:
    """The member goes, and takes along what the program's policy says; returns the points. With the last one the
    household ends; after an owner the one who is there longest owns it."""
    contribute(membership.member_id)
    program_id, who = membership.household.program_id, membership.member_id

    def leave() -> int:
        with holdings_of(program_id, [who], actor=actor, at=clock.now()):
            return _leave(membership, actor)

    return in_transaction(leave)


def _leave(membership: HouseholdMember, actor: str) -> int:
    household = _locked(membership.household)
    people = queries.people_of(household)
    own = next((each for each in people if each.pk == membership.pk), None)
    if own is None:
        return 0
    if len(people) == 1:
        return _dissolve(household, people, actor)
    own.household = household
    points = queries.part_of_leaver(household, own, people)
    _pay_out(own, points, f"left:{own.pk}", actor)
    _let_go(own, actor)
    if own.role == Role.OWNER:
        heir = next(each for each in people if each.pk != own.pk)
        heir.role = Role.OWNER
        sign(heir, actor).save(update_fields=["role"])
    return points


def dissolve_household(household: Household, *, actor: str) -> int:
    """The end of a household: each gets a part by what they put in, the owner what cannot be divided; returns the
    points. Raises UnknownHousehold."""
    for person in queries.people_of(household):
        contribute(person.member_id)
    return in_transaction(lambda: _end(household, actor))


def _end(household: Household, actor: str) -> int:
    people = [person.member_id for person in queries.people_of(household)]
    with holdings_of(household.program_id, people, actor=actor, at=clock.now()):
        fresh = _locked(household)
        return _dissolve(fresh, queries.people_of(fresh), actor)


def _dissolve(household: Household, people: list[HouseholdMember], actor: str) -> int:
    shares = queries.parts_at_end(household, people)
    for person in people:
        person.household = household
        _pay_out(person, shares[person.member_id], f"ended:{person.pk}", actor)
        _let_go(person, actor)
    household.dissolved_at = clock.now()
    sign(household, actor).save(update_fields=["dissolved_at"])
    return sum(shares.values())


def _let_go(membership: HouseholdMember, actor: str) -> None:
    membership.left_at = clock.now()
    sign(membership, actor).save(update_fields=["left_at"])
