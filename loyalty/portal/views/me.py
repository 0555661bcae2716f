"""Me: profile, card, consents, one's own data."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass

import segno
from django.conf import settings
from django.contrib import messages
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from loyalty.lib import clock
from loyalty.lib.errors import DomainError
from loyalty.lib.portal import MemberRequest, page, refuse
from loyalty.members.queries import card_of, consent_choices, language_of
from loyalty.members.rules import card_svg
from loyalty.members.services.consents import record_consents
from loyalty.portal import queries
from loyalty.portal.forms import ConsentsForm, ProfileForm
from loyalty.portal.services import save_profile
from loyalty.portal.views.converting import may_convert
from loyalty.portal.views.door import member_required
from loyalty.portal.views.expired import may_bring_back
from loyalty.portal.views.households import may_share
from loyalty.portal.views.sending import may_send


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the page Me that leads on."""

    icon: str
    title: str
    note: str
    url: str


@dataclass(frozen=True, slots=True)
class Group:
    label: str
    entries: list[Entry]


def _context(request: MemberRequest, **more) -> dict:
    return {"program": request.program, "member": request.member, "section": "me", **more}


@require_safe
@member_required
def me(request: MemberRequest) -> HttpResponse:
    groups = [Group(_("Membership"), _membership(request)), Group(_("Account"), _account(request))]
    return page(request, "portal/me.html", _context(request, groups=groups))


def _membership(request: MemberRequest) -> list[Entry]:
    def at(name: str) -> str:
        return reverse(f"loyalty:{name}", args=[request.program.code])

    return [
        Entry("me", _("Profile"), _("Name, phone, birthday, language"), at("profile")),
        Entry("shield", _("Privacy and consents"), _("What we may send you, and what you decided"), at("consents")),
        Entry("clock", _("Your points by date"), _("How long they last"), at("lots")),
        *_ways_with_points(request, at),
        Entry("inbox", _("Messages"), "", at("inbox")),
        Entry("download", _("My data"), _("Everything we keep about you, in one file"), at("data")),
    ]


def _ways_with_points(request: MemberRequest, at: Callable[[str], str]) -> list[Entry]:
    """What can be done with points beside spending them; only where there is something behind it."""
    ways = [
        (may_bring_back, Entry("undo", _("Expired points"), _("Bring them back"), at("expired"))),
        (may_send, Entry("transfer", _("Send points"), _("To another member"), at("send"))),
        (may_convert, Entry("switch", _("Change points"), _("Into another kind"), at("convert"))),
        (may_share, Entry("me", _("Household"), _("Share points"), at("household"))),
    ]
    return [entry for may, entry in ways if may(request)]


def _account(request: MemberRequest) -> list[Entry]:
    return [
        Entry("mail", _("E-mail address"), request.user.email, reverse("account_email")),
        Entry("key", _("Password"), "", reverse("account_change_password")),
        Entry("shield", _("Two-factor sign-in"), "", reverse("mfa_index")),
        Entry("switch", _("Other programs"), "", reverse("loyalty:programs") + "?choose=1"),
    ]


def _code_of(request: MemberRequest) -> str:
    card = card_of(request.member)
    return card.code if card else request.member.number


@require_safe
@member_required
def card(request: MemberRequest) -> HttpResponse:
    """The code, large on white, drawn into the page: once shown it needs no connection."""
    svg = card_svg(_code_of(request), title=_("QR code of your card"))
    qr = mark_safe(svg)  # noqa: S308 - drawn by us from the card's own code
    return page(request, "portal/card.html", _context(request, qr=qr))


@require_safe
@member_required
def card_image(request: MemberRequest) -> HttpResponse:
    """The code as a picture to keep among one's photos."""
    picture = io.BytesIO()
    segno.make_qr(_code_of(request), error="m").save(picture, kind="png", scale=16, border=4)
    name = f"{request.program.code}-card.png"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(picture.getvalue(), content_type="image/png", headers=headers)


@member_required
def profile(request: MemberRequest) -> HttpResponse:
    member = request.member
    facts = {name: getattr(member, name) for name in ("name", "phone", "birth_date")} | {
        "language": language_of(member)
    }
    form = ProfileForm(request.POST or None, initial=facts, languages=request.program.languages)
    if request.method != "POST":
        return _profile_page(request, form)
    if form.is_valid():
        try:
            save_profile(member, actor=f"member:{member.pk}", **form.cleaned_data)
        except DomainError as error:
            refuse(form, error)
        else:
            return _profile_saved(request, form.cleaned_data["language"])
    return _profile_page(request, form, 422)


def _profile_page(request: MemberRequest, form: ProfileForm, status: int = 200) -> HttpResponse:
    return page(request, "portal/profile.html", _context(request, form=form), fragment="form", status=status)


def _profile_saved(request: MemberRequest, language: str) -> HttpResponse:
    """Say so in the language that was just chosen, and keep it for the pages of signing in."""
    with translation.override(language):
        messages.success(request, _("Saved."))
    answer = redirect("loyalty:profile", request.program.code)
    answer.set_cookie(
        settings.LANGUAGE_COOKIE_NAME, language, max_age=31_536_000, samesite="Lax", secure=request.is_secure()
    )
    return answer


@member_required
def consents(request: MemberRequest) -> HttpResponse:
    """What the member decided, and deciding anew."""
    form = ConsentsForm(request.POST or None, choices=consent_choices(request.program, request.member))
    if request.method != "POST":
        return _consents_page(request, form)
    if form.is_valid():
        try:
            record_consents(request.member, form.decisions(), actor=f"member:{request.member.pk}", source="portal")
        except DomainError as error:
            refuse(form, error)
        else:
            messages.success(request, _("Your decisions are saved."))
            return redirect("loyalty:consents", request.program.code)
    return _consents_page(request, form, 422)


def _consents_page(request: MemberRequest, form: ConsentsForm, status: int = 200) -> HttpResponse:
    context = _context(request, form=form, history=queries.decisions_of(request.member))
    return page(request, "portal/consents.html", context, fragment="form", status=status)


@member_required
def data(request: MemberRequest) -> HttpResponse:
    """What is kept about the member: explained on GET, the file on POST."""
    if request.method != "POST":
        return page(request, "portal/data.html", _context(request))
    body = json.dumps(queries.data_of(request.member), cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)
    name = f"{request.program.code}-my-data-{timezone.localdate(clock.now()):%Y-%m-%d}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(body, content_type="application/json; charset=utf-8", headers=headers)
