"""The base of every operation that needs a key: who, which scope, how often."""

from functools import cached_property
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from loyalty.lib.errors import Forbidden
from loyalty.lib.rest.operations import Operation
from loyalty.lib.rest.shapes import Input
from loyalty.lib.rest.views import RestView
from loyalty.members import queries, rules
from loyalty.members.api.authentication import KeyAuthentication
from loyalty.members.api.rates import count_request
from loyalty.members.errors import UnknownMember


class MissingScope(Forbidden):
    code = "missing-scope"


class KeyedView(RestView):
    """A view whose methods are declared operations.

    `self.key` is the credential, `self.parameters` the query string: what the operation does not declare is refused, so
    that a misspelt `dry-run` never records anything.
    """

    authentication_classes = [KeyAuthentication]
    key: queries.Credential
    parameters: dict[str, Any]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.key = request.auth
        operation = self.declared(request)
        if not rules.allows(self.key.scopes, operation.scope):
            raise MissingScope(_("This key lacks the scope %(scope)s.") % {"scope": operation.scope})
        count_request(self.key.pk)
        self.parameters = (operation.query or Input).parse_query(request._request.GET)

    @property
    def actor(self) -> str:
        """Who acts, as services write it down."""
        return f"api:{self.key.pk}"

    @cached_property
    def program(self) -> Any:
        """The program that the key belongs to."""
        return queries.program_of(self.key)

    @property
    def member_ref(self) -> queries.MemberRef:
        """The ids of the member whom the address names. Raises UnknownMember, also for another program's."""
        if self.key.member is None:
            raise UnknownMember
        return self.key.member

    def declared(self, request: Request) -> Operation:
        return self.operation(request).operation

    def body(self, request: Request) -> dict[str, Any]:
        """The body as the operation declares it; raises InvalidInput."""
        return (self.declared(request).body or Input).parse(request.data)
