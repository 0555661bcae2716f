"""One answer for one Idempotency-Key, for 7 days, however often and however parallel the request comes.

The row with the answer is inserted last, in the very transaction of the effect. An advisory lock on (credential, key)
keeps a second request out meanwhile; the unique key has the last word.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from loyalty.lib import clock
from loyalty.lib.attempts import insist
from loyalty.lib.errors import DomainError
from loyalty.lib.prepared import rows_of
from loyalty.lib.transactions import all_or_nothing
from loyalty.members.errors import InProgress, RequestReused
from loyalty.members.models import IdempotencyRecord

KEPT_FOR = timedelta(days=7)

CLAIM = "SELECT * FROM members_claim(%s, %s, %s)"
KEEP = """
INSERT INTO loyalty_idempotencyrecord (api_key_id, key, digest, status, content_type, body, created_at)
VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (api_key_id, key) DO NOTHING RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Intention:
    """What a credential asks for under a key of its own; `digest` tells one request from another."""

    credential_id: int
    key: str
    digest: str

    @property
    def lock(self) -> int:
        name = hashlib.blake2b(f"idempotency:{self.credential_id}:{self.key}".encode(), digest_size=8)
        return int.from_bytes(name.digest(), signed=True)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as its bytes; `is_replayed` when it was given before."""

    status: int
    content_type: str
    body: bytes
    is_replayed: bool = False


class Overtaken(Exception):
    """Another request with the same key was answered meanwhile."""


class Refused(Exception):
    """Carries a refusal out of the transaction, which is rolled back."""

    def __init__(self, refusal: DomainError) -> None:
        self.refusal = refusal
        super().__init__(str(refusal))


def answer_once(
    intention: Intention, work: Callable[[], Answer], refuse: Callable[[DomainError], Answer | None]
) -> Answer:
    """What `work` answers, done at most once and recorded in its own transaction, or the answer that was recorded.

    A refusal undoes the work; it is recorded too where `refuse` makes an answer of it, else it is raised on. Deadlocks
    are tried again, at most five times. Raises InProgress, RequestReused, Busy, and what `work` raises.
    """
    return insist(lambda: _answer(intention, work, refuse), passing=(Overtaken,))


def _answer(intention: Intention, work: Callable[[], Answer], refuse: Callable[[DomainError], Answer | None]) -> Answer:
    try:
        with all_or_nothing():
            if (answer := _recorded(intention)) is None:
                answer = _done(work)
                _keep(intention, answer)
            return answer
    except Refused as refused:
        refusal = refused.refusal
    if (answer := refuse(refusal)) is None:
        raise refusal from refusal.__cause__
    _keep(intention, answer)
    return answer


def _done(work: Callable[[], Answer]) -> Answer:
    try:
        return work()
    except DomainError as refusal:
        raise Refused(refusal) from refusal


def _recorded(intention: Intention) -> Answer | None:
    """The answer given before, if any; None leaves the key to the caller until the transaction ends."""
    [(is_free, digest, status, content_type, body)] = rows_of(
        CLAIM, intention.lock, intention.credential_id, intention.key
    )
    if digest is None:
        if not is_free:
            raise InProgress
        return None
    if digest != intention.digest:
        raise RequestReused
    return Answer(status, content_type, bytes(body), is_replayed=True)


def _keep(intention: Intention, answer: Answer) -> None:
    """Record the answer; raises Overtaken when there is one already."""
    row = (intention.credential_id, intention.key, intention.digest, answer.status, answer.content_type, answer.body)
    if not rows_of(KEEP, *row, clock.now()):
        raise Overtaken


def delete_old_idempotency(*, at: datetime | None = None) -> int:
    """Forget the answers older than 7 days; returns how many. Receipts stay unique for ever all the same."""
    old = IdempotencyRecord.objects.filter(created_at__lt=(at or clock.now()) - KEPT_FOR)
    return old._raw_delete(old.db)
