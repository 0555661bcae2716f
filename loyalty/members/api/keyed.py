"""The base of every operation that needs a key: who, which scope, how often."""

from typing import Any

from rest_framework.request import Request

from loyalty.lib.errors import Forbidden
from loyalty.lib.rest.operations import Operation
from loyalty.lib.rest.shapes import Input
from loyalty.lib.rest.views import RestView
from loyalty.members import queries, rules
from loyalty.members.api.authentication import KeyAuthentication
from loyalty.members.api.rates import count_request


class MissingScope(Forbidden):
    code = "missing-scope"


class KeyedView(RestView):
    """A view whose methods are declared operations.

    `self.program` and `self.actor` come from the key, `self.parameters` from the query string: what the operation does
    not declare is refused, so that a misspelt `dry-run` never records anything.
    """

    authentication_classes = [KeyAuthentication]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.program = request.auth.program
        self.actor = f"api:{request.auth.pk}"
        scope = self.declared(request).scope
        if not rules.allows(request.auth.scopes, scope):
            raise MissingScope(f"This key lacks the scope {scope}.", scope=scope)
        count_request(request.auth.pk)
        self.parameters = (self.declared(request).query or Input).parse_query(request._request.GET)

    parameters: dict[str, Any]

    def declared(self, request: Request) -> Operation:
        return self.operation(request).operation

    def body(self, request: Request) -> dict[str, Any]:
        """The body as the operation declares it; raises InvalidInput."""
        return (self.declared(request).body or Input).parse(request.data)

    def member(self, number: str) -> Any:
        """The member of the key's program; raises UnknownMember for anybody else's."""
        return queries.member_by_number(self.program, number)
