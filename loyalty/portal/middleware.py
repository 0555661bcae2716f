"""Whose page this is while someone signs in or up: the program travels along, and joining is finished at the end."""

import re
from email.utils import formataddr

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from loyalty.lib.errors import NotFound
from loyalty.members.queries import memberships_of
from loyalty.portal import services
from loyalty.portal.forms import ensure_readable
from loyalty.programs.queries.in_force import as_published
from loyalty.programs.queries.programs import program_by_code

ACCOUNT_PAGES = "/accounts/"
PROGRAM_PAGE = re.compile(r"^/p/([-\w]+)/")


def carry_brand(get_response):
    """Give every request a `brand`: on the pages of signing in the program one came from, else nothing yet."""

    def middleware(request):
        request.brand = SimpleLazyObject(lambda: _brand_of(request))
        return get_response(request)

    return middleware


def _brand_of(request):
    if not request.path.startswith(ACCOUNT_PAGES):
        return None
    target = request.POST.get(REDIRECT_FIELD_NAME) or request.GET.get(REDIRECT_FIELD_NAME, "")
    match = PROGRAM_PAGE.match(target)
    code = match[1] if match else request.session.get(services.BRAND, "")
    try:
        program = program_by_code(code)
    except NotFound:
        return None
    services.remember_brand(request.session, program.code)
    return program


class AccountAdapter(DefaultAccountAdapter):
    """Signing up is joining a program; after sign-in the joining that was begun is completed."""

    def is_open_for_signup(self, request) -> bool:
        """There are no accounts without a membership, so that page leads to the program's own."""
        target = redirect("loyalty:join", request.brand.code) if request.brand else redirect("loyalty:programs")
        raise ImmediateHttpResponse(target)

    def get_login_redirect_url(self, request) -> str:
        """Staff who are no members go to work; everyone else goes where they wanted to be."""
        is_at_work = request.user.is_staff and not memberships_of(request.user).exists()
        return reverse("admin:index") if is_at_work else super().get_login_redirect_url(request)

    def clean_email(self, email: str) -> str:
        ensure_readable(email)
        return super().clean_email(email)

    def save_user(self, request, user, form, commit=True):
        user.name = form.cleaned_data.get("name", "")
        user.language = get_language() or ""
        return super().save_user(request, user, form, commit=commit)

    def post_login(self, request, user, **kwargs):
        response = super().post_login(request, user, **kwargs)
        joining = services.pop_joining(request.session)
        member = services.finish_joining(user, joining) if joining else None
        if member:
            messages.success(
                request, _("Welcome to %(name)s. Your card is ready.") % {"name": as_published(member.program).name}
            )
        return response

    def confirm_email(self, request, email_address) -> bool:
        is_confirmed = super().confirm_email(request, email_address)
        if is_confirmed:
            services.carry_address(email_address.user, email_address.email)
        return is_confirmed

    def get_from_email(self) -> str:
        """The program's own sender, where it has one."""
        brand = self.request.brand
        return (
            formataddr((brand.name, brand.sender_email))
            if brand and brand.sender_email
            else settings.DEFAULT_FROM_EMAIL
        )
