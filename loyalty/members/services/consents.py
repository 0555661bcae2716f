"""What members are asked to agree to, and what they decide."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from loyalty.lib import clock
from loyalty.members import errors, queries, rules
from loyalty.members.events import ConsentsChanged
from loyalty.members.models import Consent, ConsentText, Member
from loyalty.members.services.rows import locked, sign
from loyalty.outbox.services import publish


@transaction.atomic
def put_consent_text(
    program: rules.AnyProgram, *, purpose: str, text: str, is_required: bool = False, actor: str
) -> ConsentText:
    """What members are asked from now on for `purpose`. New words make a new version; given consents keep theirs."""
    texts = ConsentText.objects.filter(program_id=program.pk, purpose=purpose).select_for_update(no_key=True)
    newest = texts.order_by("-version").first()
    if newest and newest.is_current and (newest.text, newest.is_required) == (text, is_required):
        return newest
    for current in texts.filter(is_current=True):
        current.is_current = False
        sign(current, actor).save(update_fields=["is_current"])
    version = newest.version + 1 if newest else 1
    made = ConsentText(program_id=program.pk, purpose=purpose, version=version, text=text, is_required=is_required)
    sign(made, actor).save()
    return made


@transaction.atomic
def record_consents(
    member: Member, decisions: Mapping[str, bool], *, actor: str, source: str = "", at: datetime | None = None
) -> list[Consent]:
    """Write down what a member decided, purpose by purpose, about the words in use now; returns what is new.

    Deciding the same again about the same words writes nothing. Raises UnknownPurpose, and ConsentNeeded for taking
    back what membership itself rests on.
    """
    choices = {choice.purpose: choice for choice in queries.consent_choices(locked(member).program, member)}
    if unknown := sorted(decisions.keys() - choices.keys()):
        raise errors.UnknownPurpose(purposes=unknown)
    if refused := sorted(key for key, granted in decisions.items() if choices[key].is_required and not granted):
        raise errors.ConsentNeeded(purposes=refused)
    new = [
        Consent(member=member, text=choice.text, purpose=purpose, is_granted=granted,
                at=at or clock.now(), source=(source or actor)[:40])
        for purpose, granted in decisions.items()
        for choice in [choices[purpose]]
        if not (choice.is_newest and choice.is_granted == granted)
    ]  # fmt: skip
    if new:
        Consent.objects.bulk_create(new)
        publish(_decided(member, new))
    return new


def _decided(member: Member, consents: list[Consent]) -> ConsentsChanged:
    granted = tuple(consent.purpose for consent in consents if consent.is_granted)
    withdrawn = tuple(consent.purpose for consent in consents if not consent.is_granted)
    return ConsentsChanged(member.program_id, member.pk, granted, withdrawn, consents[0].at)
