"""What every page of the member portal shares: the typed request, one answer for page and fragment, form keys, tiles.

Apps that add something to the portal name a function in `config/wiring.py` (the page that shows every wire):

    PORTAL_NAV    functions `(request) -> Iterable[NavEntry]`; an entry appears only where there is something behind it
    PORTAL_TILES  functions `(request) -> Iterable[Tile]`; tiles stand on the home page, the most urgent first

Each function takes a MemberRequest, is named by its dotted path, and is loaded on first use.
"""

import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import Any

from django.conf import settings
from django.core.exceptions import NON_FIELD_ERRORS
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.functional import Promise
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from loyalty.lib.errors import DomainError, Malformed

SOON = 30  # days before its end that something is worth a reminder
KEY_FIELD = "key"
KEY_PATTERN = re.compile(r"^[A-Za-z0-9_-]{22}$")


class MemberRequest(HttpRequest):
    """A request of a signed-in member to a page of their program, as `member_required` hands it to a view."""

    user: Any
    program: Any
    member: Any
    brand: Any
    htmx: Any


@dataclass(frozen=True, slots=True)
class NavEntry:
    """One entry of the navigation. `name` marks the current page; `position` orders: Home 10, Earn 20 … Me 90."""

    name: str
    label: str | Promise
    url: str
    icon: str
    position: int


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile of the home page: a template and what it shows. The higher `urgency` (0–100), the nearer to the top."""

    template: str
    context: dict[str, Any] = field(default_factory=dict)
    urgency: int = 50


def page(
    request: HttpRequest,
    template: str,
    context: dict[str, Any] | None = None,
    *,
    fragment: str = "",
    status: int = 200,
) -> HttpResponse:
    """The whole page, or for htmx only its `{% partialdef fragment %}`; never mixed up by a cache."""
    htmx = getattr(request, "htmx", None)
    is_fragment = bool(fragment and htmx and not htmx.boosted and not htmx.history_restore_request)
    response = render(request, f"{template}#{fragment}" if is_fragment else template, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def refuse(form: BaseForm, error: DomainError) -> None:
    """Put a refusal's words where the person can see them: at its field, else above the form."""
    form.add_error(error.field if error.field in form.fields else NON_FIELD_ERRORS, str(error))


def new_form_key() -> str:
    """The key of a form that is being rendered: 128 random bits, so that sending it twice is one act."""
    return secrets.token_urlsafe(16)


def form_key(request: HttpRequest) -> str:
    """The key that the posted form carries; raises Malformed when it has none of ours."""
    key = request.POST.get(KEY_FIELD, "")
    if not KEY_PATTERN.match(key):
        raise Malformed(_("This form is out of date. Reload the page and try again."))
    return key


@cache
def _wired(name: str) -> tuple[Callable[[HttpRequest], Iterable[Any]], ...]:
    wiring = import_module(settings.PORTAL_WIRING)
    return tuple(import_string(path) for path in getattr(wiring, name, []))


def navigation_of(request: HttpRequest) -> list[NavEntry]:
    """The entries of every app that has something for this member, in order."""
    entries = [entry for entries_of in _wired("PORTAL_NAV") for entry in entries_of(request)]
    return sorted(entries, key=lambda entry: entry.position)


def tiles_of(request: HttpRequest) -> list[Tile]:
    """The tiles of every app that has something for this member, most urgent first."""
    tiles = [tile for tiles_for in _wired("PORTAL_TILES") for tile in tiles_for(request)]
    return sorted(tiles, key=lambda tile: -tile.urgency)
