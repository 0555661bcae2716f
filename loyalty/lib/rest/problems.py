"""Every refusal as RFC 9457 problem+json, whoever refuses: a service, the framework, the router."""

import json
import logging
from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions

from loyalty.lib import errors
from loyalty.lib.rest.faults import Fault, Place

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
TYPE_BASE = "/api/v1/docs#"
RETRY_AFTER = 1  # seconds
CATEGORIES: tuple[tuple[type[errors.DomainError], int], ...] = (
    (errors.Malformed, 400),
    (errors.Forbidden, 403),
    (errors.NotFound, 404),
    (errors.Conflict, 409),
    (errors.Gone, 410),
    (errors.Stale, 412),
    (errors.Unprocessable, 422),
    (errors.Busy, 503),
)
DJANGO: dict[type[Exception], int] = {Http404: 404, PermissionDenied: 403, RequestDataTooBig: 413}
NOTHING: Mapping[str, Any] = MappingProxyType({})
RESERVED = {"type", "title", "status", "detail", "instance", "code", "errors"}
# What the framework and the router refuse, in our words.
REFUSALS: dict[int, tuple[str, str | Promise]] = {
    400: ("malformed", _("The request is malformed.")),
    401: ("unauthenticated", _("Send a valid key as “Authorization: Bearer …”.")),
    403: ("forbidden", _("You are not allowed to do this.")),
    404: ("not-found", _("Not found.")),
    405: ("method-not-allowed", _("This address does not take that method.")),
    406: ("not-acceptable", _("Only JSON is offered.")),
    411: ("length-required", _("Send the body with its Content-Length.")),
    413: ("too-large", _("The body is too large.")),
    415: ("unsupported-media-type", _("Send the body as application/json.")),
    429: ("too-many-requests", _("Too many requests. Slow down, please.")),
    500: ("internal-error", _("Something went wrong on our side. Nothing was done twice; you may try again.")),
    503: ("busy", errors.Busy.message),
}


def status_of(refusal: errors.DomainError) -> int:
    """The HTTP status of a refusal's category."""
    return next((status for category, status in CATEGORIES if isinstance(refusal, category)), 409)


def problem(
    status: int,
    code: str,
    detail: str | Promise,
    instance: str,
    faults: tuple[Fault, ...] = (),
    more: Mapping[str, Any] = NOTHING,
) -> dict[str, Any]:
    """The members of one problem; `more` are its extensions, which never replace its own members."""
    body: dict[str, Any] = {
        "type": TYPE_BASE + code,
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": str(detail),
        "instance": instance,
        "code": code,
    }
    if faults:
        body["errors"] = [_fault(fault) for fault in faults]
    return body | {name: value for name, value in more.items() if name not in RESERVED}


def _fault(fault: Fault) -> dict[str, str]:
    at = f"#{fault.at}" if fault.place == "pointer" else fault.at
    return {fault.place: at, "code": fault.code, "detail": str(fault.detail)}


def problem_of(
    refusal: errors.DomainError, instance: str, place: Place = "pointer", *, below: str = ""
) -> dict[str, Any]:
    """What a refusal of the domain looks like outside.

    `place` is where its `field` stands in the request, `below` the pointer to the part of the body that it speaks of.
    """
    faults = getattr(refusal, "faults", ())
    if refusal.field and not faults:
        at = f"{below}/{refusal.field.replace('.', '/')}" if place == "pointer" else refusal.field
        faults = (Fault(refusal.code, refusal.message, at, place),)
    return problem(status_of(refusal), refusal.code, str(refusal), instance, faults, refusal.details)


def answer_with(body: dict[str, Any]) -> HttpResponse:
    """The HTTP answer that carries one problem."""
    content = json.dumps(body, default=str, ensure_ascii=False, separators=(",", ":"))
    response = HttpResponse(content, content_type=CONTENT_TYPE, status=body["status"])
    response["Cache-Control"] = "no-store"
    if body["status"] == 503 or body["code"] == "in-progress":
        response["Retry-After"] = str(RETRY_AFTER)
    return response


def refuse(request: HttpRequest, status: int, detail: str | Promise = "") -> HttpResponse:
    """What the framework or the router refuses with `status`."""
    code, words = REFUSALS.get(status, (HTTPStatus(status).phrase.lower().replace(" ", "-"), ""))
    return answer_with(problem(status, code, detail or words, request.path))


def answer_problem(exc: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """REST framework's exception handler. None leaves the exception to Django, which logs it and answers 500."""
    request: HttpRequest = context["request"]
    if isinstance(exc, errors.DomainError):
        place: Place = "parameter" if request.method in ("GET", "HEAD") else "pointer"
        return answer_with(problem_of(exc, request.path, place))
    if isinstance(exc, exceptions.APIException):
        return _answer_framework(request, exc, context["view"].allowed_methods)
    if isinstance(exc, OperationalError | InterfaceError):
        logger.error("The database did not answer %s %s", request.method, request.path, exc_info=exc)
        return refuse(request, 503)
    status = next((status for kind, status in DJANGO.items() if isinstance(exc, kind)), None)
    return refuse(request, status) if status else None


def _answer_framework(request: HttpRequest, exc: exceptions.APIException, allowed: list[str]) -> HttpResponse:
    response = refuse(request, exc.status_code)
    if exc.status_code == 405:
        response["Allow"] = ", ".join(allowed)
    if header := getattr(exc, "auth_header", None):
        response["WWW-Authenticate"] = header
    if wait := getattr(exc, "wait", None):
        response["Retry-After"] = str(int(wait))
    return response
