"""Doors: `program_page` finds the program, `member_required` its member as well. Apps above use them too.

Someone else's program, and one that does not exist, look the same: 404.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.functional import SimpleLazyObject
from django_htmx.http import HttpResponseClientRedirect

from loyalty.lib.errors import Forbidden, Malformed, NotFound
from loyalty.members.queries import language_of, membership_of
from loyalty.messaging.queries import unread_count
from loyalty.portal.services import remember_brand
from loyalty.programs.queries.in_force import as_published
from loyalty.programs.queries.programs import program_by_code

type View = Callable[..., HttpResponse]


def program_page(view: View) -> View:
    """A page of one program that anyone may see; `request.member` is its member if they are signed in, else None."""

    @wraps(view)
    def wrapper(request: Any, code: str, *args: Any, **kwargs: Any) -> HttpResponse:
        member = membership_of(request.user, code) if request.user.is_authenticated else None
        with _refusals_as_pages():
            request.program = as_published(member.program) if member else program_by_code(code)
        request.member, request.brand = member, request.program
        if member:
            member.program, member.user = request.program, request.user
            remember_brand(request.session, code)
            request.unread = SimpleLazyObject(lambda: unread_count(member))
        return _in_its_place(view, request, *args, **kwargs)

    return wrapper


def member_required(view: View) -> View:
    """A page for members of the program alone: strangers sign in, members of other programs find nothing."""

    @wraps(view)
    def inner(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.member:
            return view(request, *args, **kwargs)
        if request.user.is_authenticated:
            raise Http404
        return _sign_in_first(request)

    return program_page(inner)


def _sign_in_first(request: HttpRequest) -> HttpResponse:
    answer = redirect_to_login(request.get_full_path())
    return HttpResponseClientRedirect(answer.url) if request.htmx else answer  # type: ignore[attr-defined]


class _refusals_as_pages:
    """DomainErrors that no form can show become the pages for 404 (also for an address that means nothing) and 403."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, NotFound | Malformed):
            raise Http404 from error
        if isinstance(error, Forbidden):
            raise PermissionDenied from error


def _in_its_place(view: View, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
    """Dates in the program's zone, words in the member's language."""
    language = language_of(request.member) if request.member else translation.get_language()
    with timezone.override(request.program.time_zone), translation.override(language), _refusals_as_pages():
        response = view(request, *args, **kwargs)
    response.headers["Content-Language"] = language
    return response
