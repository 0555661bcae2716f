"""One answer for one Idempotency-Key, for 7 days, however often and however parallel the request comes.

The answers kept are the transport's memory and no part of the domain, which has its own natural keys for ever; so this
is the one place outside services that writes: a row in the very transaction of the effect. The row is inserted last,
with its answer. An advisory lock on (credential, key) keeps a second request out meanwhile; the unique key has the last
word.
"""

import hashlib
import json
import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import OperationalError, connection, transaction
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from loyalty.lib import clock
from loyalty.lib.errors import Busy, Conflict, DomainError, Unprocessable
from loyalty.lib.rest.faults import Fault, InvalidInput
from loyalty.lib.rest.problems import answer_with, problem_of, status_of
from loyalty.lib.rest.schema import KEY_PATTERN

ATTEMPTS = 5
PAUSE = 0.02  # seconds, doubled each time
KEPT = frozenset({404, 409, 410, 422})  # refusals of the domain; 401, 403, 412, 429 and 5xx are asked anew
PASSING = frozenset({"40001", "40P01"})  # serialization failure, deadlock
_KEY = re.compile(KEY_PATTERN.removesuffix("$") + r"\Z")

# The lock is taken by a snapshot that may be older than the answer of whoever held it before; `_keep` notices.
CLAIM = """
SELECT pg_try_advisory_xact_lock(%s), kept.digest, kept.status, kept.content_type, kept.body
  FROM (SELECT) AS one LEFT JOIN loyalty_idempotencyrecord AS kept ON kept.api_key_id = %s AND kept.key = %s
"""
KEEP = """
INSERT INTO loyalty_idempotencyrecord (api_key_id, key, digest, status, content_type, body, created_at)
VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (api_key_id, key) DO NOTHING
"""


class InProgress(Conflict):
    """The first request with this key has not been answered yet (409 with Retry-After)."""

    code = "in-progress"
    message = _("The first request with this Idempotency-Key is still running. Send it again in a moment.")


class RequestReused(Unprocessable):
    """The key stands for another request (422)."""

    code = "key-reused"
    message = _("This Idempotency-Key was used for another request. Use a new key for a new intention.")


class Overtaken(Exception):
    """Another request with the same key was answered meanwhile."""


class Refused(Exception):
    """Carries a refusal of the domain out of the transaction, which is rolled back."""

    def __init__(self, refusal: DomainError) -> None:
        self.refusal = refusal
        super().__init__(str(refusal))


@dataclass(frozen=True, slots=True)
class Claim:
    """One intention of one credential."""

    credential: int
    key: str
    digest: str

    @property
    def lock(self) -> int:
        name = hashlib.blake2b(f"{self.credential}:{self.key}".encode(), digest_size=8)
        return int.from_bytes(name.digest(), signed=True)


def once(request: Request, work: Callable[[], HttpResponse], *, is_required: bool = True) -> HttpResponse:
    """Do `work` in one transaction with the record of its answer, or give the answer that was recorded.

    Raises InvalidInput without a valid key (where it is required), InProgress, RequestReused, Busy.
    """
    key = _key_of(request, is_required)
    if not key:
        return work()
    claim = Claim(request.auth.pk, key, _digest_of(request))
    for attempt in range(ATTEMPTS):
        try:
            return _answer(claim, work, request.path)
        except Overtaken:
            continue
        except (OperationalError, Busy) as error:
            if not _is_passing(error):
                raise
            time.sleep(PAUSE * 2**attempt * random.uniform(0.5, 1.5))  # noqa: S311
    raise Busy


def _is_passing(error: BaseException | None) -> bool:
    """Whether a deadlock or a serialization failure is at the bottom of it: nothing is wrong, it may be done again."""
    while error is not None:
        if getattr(error, "sqlstate", None) in PASSING:
            return True
        error = error.__cause__
    return False


def _key_of(request: Request, is_required: bool) -> str:
    key = request.META.get("HTTP_IDEMPOTENCY_KEY", "")
    if key and _KEY.match(key):
        return key
    if key:
        words = _("An Idempotency-Key has at most 255 printable ASCII characters, without blanks.")
        raise InvalidInput([Fault("idempotency-key", words, "Idempotency-Key", "header")])
    if is_required:
        raise KeyMissing
    return ""


class KeyMissing(InvalidInput):
    """An operation that moves points came without a key (400)."""

    code = "idempotency-key-missing"
    message = _("Send an Idempotency-Key, so that a repeated request cannot move points twice.")

    def __init__(self) -> None:
        super().__init__([Fault(self.code, self.message, "Idempotency-Key", "header")])


def _digest_of(request: Request) -> str:
    """What the request asks for: method, address, parameters, and the body whatever its blanks and order of names."""
    query = sorted(request._request.GET.lists())
    asked = [request.method, request.path, query, request.data]
    return hashlib.blake2b(json.dumps(asked, sort_keys=True, default=str).encode(), digest_size=32).hexdigest()


def _answer(claim: Claim, work: Callable[[], HttpResponse], path: str) -> HttpResponse:
    try:
        with transaction.atomic():
            if (answer := _recorded(claim)) is None:
                answer = _done(work)
                _keep(claim, answer)
            return answer
    except Refused as refused:
        refusal = refused.refusal
    if status_of(refusal) not in KEPT:
        raise refusal from refusal.__cause__
    answer = answer_with(problem_of(refusal, path))
    _keep(claim, answer)
    return answer


def _done(work: Callable[[], HttpResponse]) -> HttpResponse:
    try:
        return work()
    except DomainError as refusal:
        raise Refused(refusal) from refusal


def _recorded(claim: Claim) -> HttpResponse | None:
    """The answer given before, if any; None leaves the claim to the caller until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, [claim.lock, claim.credential, claim.key])
        is_free, digest, status, content_type, body = cursor.fetchone()
    if digest is None:
        if not is_free:
            raise InProgress
        return None
    if digest != claim.digest:
        raise RequestReused
    headers = {"Idempotency-Replayed": "true", "Cache-Control": "no-store"}
    return HttpResponse(bytes(body), content_type=content_type, status=status, headers=headers)


def _keep(claim: Claim, answer: HttpResponse) -> None:
    """Record the answer; raises Overtaken when there is one already."""
    row: list[Any] = [claim.credential, claim.key, claim.digest]
    row += [answer.status_code, answer.headers["Content-Type"], answer.content, clock.now()]
    with connection.cursor() as cursor:
        cursor.execute(KEEP, row)
        if cursor.rowcount == 0:
            raise Overtaken
