"""The Idempotency-Key at the edge: which request it stands for, and how the recorded answer goes out."""

import hashlib
import json
import re
from collections.abc import Callable

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from loyalty.lib.errors import DomainError
from loyalty.lib.rest.faults import Fault, InvalidInput
from loyalty.lib.rest.problems import answer_with, problem_of, status_of
from loyalty.lib.rest.schema import KEY_PATTERN
from loyalty.members.services.idempotency import Answer, Intention, answer_once

KEPT = frozenset({404, 409, 410, 422})  # refusals of the domain; 401, 403, 412, 429 and 5xx are asked anew
_KEY = re.compile(KEY_PATTERN.removesuffix("$") + r"\Z")


class KeyMissing(InvalidInput):
    """An operation that moves points came without a key (400)."""

    code = "idempotency-key-missing"
    message = _("Send an Idempotency-Key, so that a repeated request cannot move points twice.")

    def __init__(self) -> None:
        super().__init__([Fault(self.code, self.message, "Idempotency-Key", "header")])


def once(request: Request, work: Callable[[], HttpResponse], *, is_required: bool = True) -> HttpResponse:
    """Do `work` once for the request's Idempotency-Key; a replay has the same status and the same bytes.

    Raises InvalidInput without a valid key (where it is required), InProgress, RequestReused, Busy.
    """
    key = _key_of(request, is_required)
    if not key:
        return work()
    intention = Intention(request.auth.pk, key, _digest_of(request))
    answer = answer_once(intention, lambda: _plain(work()), lambda refusal: _refuse(refusal, request.path))
    return _response_of(answer)


def rehearse(request: Request, work: Callable[[], HttpResponse]) -> HttpResponse:
    """Do `work`, which stores nothing: it needs no key and uses none up. Raises InvalidInput for a bad one."""
    _key_of(request, is_required=False)
    return work()


def _key_of(request: Request, is_required: bool) -> str:
    key = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if key is not None and not _KEY.match(key):
        words = _("An Idempotency-Key has at most 255 printable ASCII characters, without blanks.")
        raise InvalidInput([Fault("idempotency-key", words, "Idempotency-Key", "header")])
    if is_required and not key:
        raise KeyMissing
    return key or ""


def _digest_of(request: Request) -> str:
    """What the request asks for: method, address, parameters, and the body whatever its blanks and order of names."""
    asked = [request.method, request.path, sorted(request._request.GET.lists()), request.data]
    return hashlib.blake2b(json.dumps(asked, sort_keys=True, default=str).encode(), digest_size=32).hexdigest()


def _plain(response: HttpResponse) -> Answer:
    return Answer(response.status_code, response.headers["Content-Type"], response.content)


def _refuse(refusal: DomainError, path: str) -> Answer | None:
    return _plain(answer_with(problem_of(refusal, path))) if status_of(refusal) in KEPT else None


def _response_of(answer: Answer) -> HttpResponse:
    headers = {"Cache-Control": "no-store"} | ({"Idempotency-Replayed": "true"} if answer.is_replayed else {})
    return HttpResponse(answer.body, content_type=answer.content_type, status=answer.status, headers=headers)
