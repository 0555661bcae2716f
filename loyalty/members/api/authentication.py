"""Whose key it is: `Authorization: Bearer <key>`."""

import re
from typing import Any

from django.db import InterfaceError, OperationalError, connection
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.request import Request

from loyalty.members import queries
from loyalty.members.services.keys import note_key_use

_SECRET = re.compile(r"[A-Za-z0-9_]{1,200}")


class KeyAuthentication(BaseAuthentication):
    """Finds the live key of a till or a shop; `request.auth` is its Credential, `request.user` nobody."""

    def authenticate(self, request: Request) -> tuple[None, queries.Credential]:
        header = request.META.get("HTTP_AUTHORIZATION", "")
        if not header:
            raise NotAuthenticated
        scheme, _space, secret = header.partition(" ")
        key = None
        if scheme.lower() == "bearer" and _SECRET.fullmatch(secret := secret.strip()):
            key = _find(secret, request.parser_context["kwargs"].get("number", ""))
        if key is None:
            raise AuthenticationFailed
        note_key_use(key)
        return None, key

    def authenticate_header(self, request: Request) -> str:
        """RFC 6750: what is wrong is said only to those who sent something."""
        refused = ', error="invalid_token"' if "HTTP_AUTHORIZATION" in request.META else ""
        return f'Bearer realm="laurel"{refused}'


def _find(secret: str, number: str) -> queries.Credential | None:
    """The first question of every request, so it serves as the connection's health check too: one round trip less."""
    connection.health_check_done = True  # type: ignore[attr-defined]
    try:
        return queries.api_key_for(secret, number)
    except (OperationalError, InterfaceError):
        if connection.in_atomic_block:
            raise
        connection.close()  # the server restarted, or a firewall forgot us
        return queries.api_key_for(secret, number)


class KeyScheme(OpenApiAuthenticationExtension):
    """How the OpenAPI document names it."""

    target_class = KeyAuthentication
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        words = "A key of one program, made in the back office or by `manage.py create_api_key`."
        return {"type": "http", "scheme": "bearer", "description": words}
