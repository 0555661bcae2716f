"""Where the OpenAPI document and the readable page stand."""

from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render as render_page
from django.utils import translation
from django.utils.csp import CSP
from django.utils.decorators import method_decorator
from django.views.decorators.csp import csp_override
from drf_spectacular.generators import SchemaGenerator
from rest_framework.request import Request

from loyalty.lib.rest.views import CONTENT_TYPE, RestView, render

# Swagger UI sets styles from its script; nothing else is loosened, and for this page only.
DOCS_CSP: dict[str, Any] = settings.SECURE_CSP | {"style-src": [CSP.SELF, CSP.UNSAFE_INLINE]}


DESCRIPTION = """
Tills and shops talk to one loyalty program.

**Keys.** `Authorization: Bearer <key>`. A key belongs to one program and carries scopes; what belongs to another
program answers 404.

**JSON, strictly.** UTF-8, no unknown fields, no key twice, no `NaN`, no U+0000, integers within 64 bits. Money is a
decimal string such as `"19.99"`, or a whole number, with a `currency`; a JSON number with a fraction is refused, since
so many clients write 19.99 as 19.990000000000002. Points are integers. Instants are ISO 8601 with an offset.

**Once.** Every POST that moves points needs an `Idempotency-Key`: any text of your own, new for every new intention.
Sent again, the same request gives the same status and the same bytes with `Idempotency-Replayed: true`; another request
under the same key is 422 `key-reused`, one whose first copy is still running 409 `in-progress`. Answers are kept for
7 days, refusals of the program (404, 409, 410, 422) included. Beyond that a receipt's own identity counts once for
ever.

**Refusals** are `application/problem+json` (RFC 9457). Match on `code`; `errors` point into the body, at a parameter or
at a header. 429 and 503 say in `Retry-After` when to come again.

**Lists** are `{"results": […], "next": cursor|null}`; send `next` as `?cursor=` to read on.
""".strip()


@cache
def document() -> bytes:
    """The OpenAPI document as JSON, in English; made once per process."""
    with translation.override("en"):
        schema = SchemaGenerator().get_schema(request=None, public=True)
    schema["info"]["description"] = DESCRIPTION
    return render(schema)


class ShowDocument(RestView):
    """The OpenAPI document. It tells nothing about any program, so it needs no key."""

    def get(self, request: Request, **kwargs: Any) -> HttpResponse:
        return HttpResponse(document(), content_type=CONTENT_TYPE)


@method_decorator(csp_override(DOCS_CSP), name="dispatch")
class ShowDocs(RestView):
    """The same document as a page to read and to try."""

    def get(self, request: Request, **kwargs: Any) -> HttpResponse:
        return render_page(request._request, "rest/docs.html", {"title": settings.SPECTACULAR_SETTINGS["TITLE"]})
