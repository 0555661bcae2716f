"""The base view: strict about method, address and query, and always JSON."""

import json
import uuid
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.http import Http404, HttpResponse
from django.utils.functional import Promise
from rest_framework import exceptions
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

CONTENT_TYPE = "application/json"


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Promise | uuid.UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in an answer")


_encode = json.JSONEncoder(default=_plain, ensure_ascii=False, separators=(",", ":")).encode


def render(data: Any) -> bytes:
    """JSON in UTF-8: instants with offset, decimals as strings."""
    return _encode(data).encode()


def answer(data: Any, status: int = 200, headers: dict[str, str] | None = None) -> HttpResponse:
    """The HTTP answer that carries `data`; never cached, since it belongs to one key."""
    response = HttpResponse(render(data), content_type=CONTENT_TYPE, status=status, headers=headers)
    response["Cache-Control"] = "no-store"
    return response


class AlwaysJSON(DefaultContentNegotiation):
    """JSON whatever `Accept` says, as RFC 9110 allows: a refusal must reach a client that asked for anything else."""

    def select_renderer(
        self, request: Request, renderers: list[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], CONTENT_TYPE


class LengthRequired(exceptions.APIException):
    """A body without Content-Length: WSGI hands it over as empty, and an empty body is another request."""

    status_code = 411


class RestView(APIView):
    """One address. A method that it does not take is refused before anyone is asked who they are."""

    http_method_names = ["get", "head", "post", "patch"]
    content_negotiation_class = AlwaysJSON

    @property
    def default_response_headers(self) -> dict[str, str]:
        """None: `Allow` belongs to 405, which sets it."""
        return {}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if self.operation(request) is None:
            raise exceptions.MethodNotAllowed(request.method or "")
        if "\x00" in request.path:
            raise Http404
        if "HTTP_TRANSFER_ENCODING" in request.META and not request.META.get("CONTENT_LENGTH"):
            raise LengthRequired
        super().initial(request, *args, **kwargs)

    def operation(self, request: Request) -> Any:
        """The method that answers this request, if any."""
        method = (request.method or "").lower()
        return getattr(self, method, None) if method in self.http_method_names else None


class Unknown(RestView):
    """Any address of the API that is none."""

    http_method_names = ["get", "head", "post", "put", "patch", "delete", "options", "trace"]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise Http404
