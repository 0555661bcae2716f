"""Publishing a draft, going back to a version, throwing a draft away. Versions themselves are never changed."""

from django.db import transaction

from loyalty.lib import clock
from loyalty.outbox.services import publish as tell
from loyalty.programs.errors.documents import DraftOpen, NothingToPublish, SecondPersonGoesBack, SecondPersonNeeded
from loyalty.programs.errors.programs import WrongRule
from loyalty.programs.events import ExpiryPolicyChanged
from loyalty.programs.models.program import Program, Publishing
from loyalty.programs.models.versions import ProgramVersion
from loyalty.programs.queries.configuration import Configuration, compiled, configuration_of, expiry_of, published_of
from loyalty.programs.queries.documents import rows_from, stored_rows
from loyalty.programs.queries.editors import editors_since
from loyalty.programs.queries.versions import digest_now, has_draft
from loyalty.programs.rules.documents import digest_of
from loyalty.programs.rules.wording.invalid import message_for
from loyalty.programs.services.documents import load_document
from loyalty.programs.services.recording import newest_version, record_version, version_of


@transaction.atomic
def publish_draft(program: Program, *, actor: str, note: str = "") -> ProgramVersion:
    """The rows as they are now are in force from now on; points there are get their new ends, never earlier ones.

    Raises NothingToPublish, SecondPersonNeeded (four eyes: the publisher worked on the draft), WrongRule.
    """
    locked = _locked(program)
    published = published_of(locked)
    if published is None:
        raise NothingToPublish
    draft = compiled(stored_rows(locked))
    if digest_of(draft.described.document) == digest_now(locked, published):
        raise NothingToPublish
    editors = editors_since(locked, published.published_at)
    if locked.publishing == Publishing.FOUR_EYES and actor in editors:
        raise SecondPersonNeeded
    return _put_in_force(locked, draft, published, actor=actor, note=note, proposed_by=next(iter(editors), actor))


@transaction.atomic
def discard_draft(program: Program, *, actor: str) -> Program:
    """The rows as they were published. Raises NothingToPublish where there is no draft, StillInUse."""
    locked = _locked(program)
    published = published_of(locked)
    if published is None or not has_draft(locked):
        raise NothingToPublish
    return load_document(locked, published.document, places=published.places, actor=f"discard:{actor}")


@transaction.atomic
def roll_back(version: ProgramVersion, *, actor: str, note: str = "") -> ProgramVersion:
    """An older version in force again, as a new version; a draft that is not published is thrown away with it.

    Four eyes saw it when it was published, or see it now. Raises NothingToPublish when it is in force already,
    SecondPersonGoesBack, StillInUse.
    """
    locked = _locked(version.program)
    if locked.publishing == Publishing.FOUR_EYES and {version.proposed_by, version.published_by} == {actor}:
        raise SecondPersonGoesBack
    before = published_of(locked)
    if digest_of(configuration_of(locked).described.document) == digest_now(locked, version):
        raise NothingToPublish
    fresh = load_document(locked, version.document, places=version.places, actor=f"discard:{actor}")
    facts = {"note": note, "back_to": version}
    if before is not None:
        return _put_in_force(fresh, compiled(stored_rows(fresh)), before, actor=actor, proposed_by=actor, **facts)
    configuration = configuration_of(fresh)
    newest = newest_version(fresh)
    return record_version(configuration, newest, published_by=actor, proposed_by=actor, **facts)


@transaction.atomic
def change_publishing(program: Program, manner: str, *, actor: str) -> Program:
    """How changes go live from now on. Raises DraftOpen when a draft would go live by that.

    From four eyes to less, one person asks (`manner_asked` remembers it) and a second one does it.
    """
    locked = _locked(program)
    if manner == locked.publishing:
        return locked
    if manner == Publishing.AT_ONCE and has_draft(locked):
        raise DraftOpen
    if locked.publishing == Publishing.FOUR_EYES and (locked.manner_asked != manner or locked.manner_asked_by == actor):
        return _with_manner(locked, manner, actor, actor)
    if locked.publishing == Publishing.AT_ONCE:
        locked.published_id = version_of(configuration_of(locked))
    elif manner == Publishing.AT_ONCE:
        locked.published_id = None
    locked.publishing = manner
    return _with_manner(locked, "", "", actor)


def _with_manner(program: Program, asked: str, asked_by: str, actor: str) -> Program:
    program.manner_asked, program.manner_asked_by = asked, asked_by[:80]
    program._change_reason = f"manner:{actor}"[:100]  # type: ignore[attr-defined]
    program.save(update_fields=["publishing", "published", "manner_asked", "manner_asked_by"])
    return program


def _locked(program: Program) -> Program:
    Program.objects.select_for_update(of=("self",), no_key=True).get(pk=program.pk)
    return Program.objects.select_related("published").get(pk=program.pk)


def _put_in_force(
    program: Program, draft: Configuration, before: ProgramVersion, *, actor: str, **facts: object
) -> ProgramVersion:
    if draft.broken:
        raise WrongRule(f"{draft.broken[0].rule}: {message_for(draft.broken[0].why)}")
    at = clock.now()
    version = record_version(
        draft, newest_version(program), published_by=actor, published_at=at, config_version=None, **facts
    )
    Program.objects.filter(pk=program.pk).update(published=version)
    was = {wallet.pk: expiry_of(wallet) for wallet in rows_from(program, before.document, before.places).wallets}
    for terms in draft.wallets.values():
        if terms.wallet.pk in was and was[terms.wallet.pk] != terms.expiry:
            tell(ExpiryPolicyChanged(program.pk, terms.wallet.pk, actor, at))
    return version
