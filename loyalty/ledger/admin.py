"""Windows on the ledger for the staff: what moved, what members hold, what expires. Nothing here writes.

The ledger knows a member by a random subject; the screens put the member's name beside it. Lists stay quick at any
size: they never count a whole table, and the newest movements are found by their id.
"""

import re
from datetime import date, timedelta
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import CharField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Coalesce, NullIf
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from loyalty.ledger.models import Account, Lot, Posting
from loyalty.ledger.queries import figures
from loyalty.lib import clock
from loyalty.lib.admin.desk import desk_of
from loyalty.lib.admin.screens import ProgramScreen, ReadOnly

NEWEST = 100_000
KINDS = {
    "award": _("earned"),
    "spend": _("spent"),
    "expire": _("expired"),
    "adjustment": _("by hand"),
    "activate": _("became active"),
    "cancel": _("not confirmed"),
    "hold": _("set aside"),
    "release": _("given back"),
    "capture": _("spent"),
    "reversal": _("corrected"),
    "reinstate": _("brought back"),
    "transfer": _("transferred"),
}
FLOWS: dict[str, tuple[Any, dict[str, Any]]] = {
    "earned": (_("earned"), {"contra": "issued"}),
    "expired": (_("expired"), {"contra": "expired"}),
    "spent": (_("spent"), {"bucket": 0}),
}


def named(queryset: QuerySet, subject: str) -> QuerySet:
    """With `member_name` and `member_id` of the member whom `subject` stands for."""
    members = apps.get_model("loyalty", "Member")._default_manager.filter(subject=OuterRef(subject))
    name = Coalesce(NullIf("name", Value("")), NullIf("email", Value("")), "number")
    return queryset.annotate(
        member_id=Subquery(members.values("pk")[:1]),
        member_name=Subquery(members.annotate(shown=Cast(name, CharField())).values("shown")[:1]),
    )


class WalletFilter(admin.SimpleListFilter):
    """One wallet of the open program."""

    title = _("wallet")
    parameter_name = "wallet"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        wallets = apps.get_model("loyalty", "Wallet")._default_manager.filter(program=desk_of(request).program)
        return [(str(wallet.pk), wallet.name) for wallet in wallets]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        wallet = self.value() or ""
        path = "wallet" if queryset.model is Account else "account__wallet"
        return queryset.filter(**{path: int(wallet)}) if wallet.isdigit() else queryset


class FlowFilter(admin.SimpleListFilter):
    """Earned, spent or expired, as the start page counts them."""

    title = _("what happened")
    parameter_name = "flow"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(flow, name) for flow, (name, _lookup) in FLOWS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        flow = self.value()
        if flow is None or flow not in FLOWS:
            return queryset
        found = queryset.filter(**FLOWS[flow][1])
        if flow == "spent":
            found = found.exclude(contra__in=["issued", "expired", "adjusted", "active", "pending", "held", "transfer"])
        return found


class MonthFilter(admin.SimpleListFilter):
    """One month of the program, by when it happened."""

    title = _("month")
    parameter_name = "month"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        first = clock.now().date().replace(day=1)
        months = {self.value() or ""} if self._asked() else set()
        for _each in range(12):
            months.add(f"{first:%Y-%m}")
            first = (first - timedelta(days=1)).replace(day=1)
        return [(month, month) for month in sorted(months, reverse=True)]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        first, program = self._asked(), desk_of(request).program
        if first is None or program is None:
            return queryset
        after = (first + timedelta(days=31)).replace(day=1)
        return queryset.filter(
            event_at__gte=clock.start_of_day(first, program.time_zone),
            event_at__lt=clock.start_of_day(after, program.time_zone),
        )

    def _asked(self) -> date | None:
        asked = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", self.value() or "")
        return date(int(asked[1]), int(asked[2]), 1) if asked and 1900 < int(asked[1]) < 9990 else None


class WithinFilter(admin.SimpleListFilter):
    """Lots that expire soon."""

    title = _("expires within")
    parameter_name = "within"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(str(days), ngettext("%(days)d day", "%(days)d days", days) % {"days": days}) for days in (30, 60, 90)]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        days = {"30": 30, "60": 60}.get(self.value() or "", 90)
        now = clock.now()
        return queryset.filter(expires_at__gt=now, expires_at__lte=now + timedelta(days=days))


class LedgerScreen(ReadOnly, ProgramScreen):
    """A list of the ledger with members' names, found by a member's number, own id, address or card."""

    paginator = InfinitePaginator
    subject = "account__subject"
    list_select_related = ("account__wallet",)
    list_filter_submit = False
    search_fields = ("pk",)
    search_help_text = _("A member’s number, own id, e-mail address or name")
    list_display_links = None

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return named(super().get_queryset(request), self.subject)

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        screen = self.admin_site._registry[apps.get_model("loyalty", "Member")]
        members = screen.in_open_program(request, screen.get_queryset(request))
        found, _many = screen.get_search_results(request, members, search_term)
        subjects = list(found.values_list("subject", flat=True)[:200]) if search_term.strip() else None
        return (queryset if subjects is None else queryset.filter(**{f"{self.subject}__in": subjects})), False

    @display(description=_("member"))
    def member(self, row: Any) -> str:
        if row.member_id is None:
            return "–"
        address = reverse(f"{self.admin_site.name}:loyalty_member_change", args=[row.member_id])
        return format_html('<a class="l-link" href="{}">{}</a>', address, row.member_name)

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        return super().change_view(request, object_id, form_url, {"show_save": False, **(extra_context or {})})


@admin.register(Posting)
class PostingScreen(LedgerScreen):
    """Every movement of points, as it was posted. A mistake is corrected by another movement, never by changing one."""

    scope = "account__wallet__program"
    list_display = ("when", "member", "wallet", "what", "signed", "state", "why", "actor_name")
    list_filter = (FlowFilter, WalletFilter, MonthFilter)
    ordering = ("-id",)
    list_before_template = "ledger/admin/newest.html"
    empty_title = _("No points have moved yet")
    empty_hint = _("Every purchase that earns, every redemption and every correction will stand here.")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        cut = {"month", "q"}.isdisjoint(request.GET) and figures.newest_id() > NEWEST
        return super().changelist_view(request, {"newest": NEWEST if cut else 0, **(extra_context or {})})

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        """Without a month or a member, the newest movements: older ones are found by their month."""
        newest = {"month", "q"}.isdisjoint(request.GET)

        class Movements(super().get_changelist(request, **kwargs)):  # type: ignore[misc]
            def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet:
                found = super().get_queryset(request, exclude_parameters)
                return found.filter(pk__gt=figures.newest_id() - NEWEST) if newest else found

        return Movements

    @display(description=_("wallet"))
    def wallet(self, posting: Posting) -> str:
        return posting.account.wallet.name

    @display(description=_("when"))
    def when(self, posting: Posting) -> str:
        return date_format(timezone.localtime(posting.event_at), "DATETIME_FORMAT")

    @display(description=_("what"))
    def what(self, posting: Posting) -> str:
        return str(KINDS.get(posting.kind, posting.kind.replace("_", " ")))

    @display(description=_("who"))
    def actor_name(self, posting: Posting) -> str:
        return posting.actor.removeprefix("job:").replace("_", " ")

    @display(description=_("points"))
    def signed(self, posting: Posting) -> str:
        return f"{posting.points:+,}"

    @display(description=_("state"), label={"active": "success", "pending": "warning", "held": "info"})
    def state(self, posting: Posting) -> tuple[str, Any]:
        return (("active", "pending", "held")[posting.bucket], posting.get_bucket_display())

    @display(description=_("why"))
    def why(self, posting: Posting) -> str:
        return posting.reason or posting.note or posting.source.partition(":")[2].replace(":", " · ")


@admin.register(Account)
class AccountScreen(LedgerScreen):
    """What each member holds in each wallet."""

    scope = "wallet__program"
    subject = "subject"
    list_select_related = ("wallet",)
    list_display = ("member", "wallet", "balance", "pending", "held", "earned_total", "created_at")
    list_filter = (WalletFilter,)
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).filter(holder="member")


@admin.register(Lot)
class LotScreen(LedgerScreen):
    """Points that expire soon, lot by lot, the soonest first."""

    scope = "account__wallet__program"
    list_display = ("last_day", "member", "wallet", "remaining", "granted", "earned_at")
    list_filter = (WithinFilter, WalletFilter)
    ordering = ("expires_at", "id")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).filter(is_open=True, is_pending=False, expires_at__isnull=False)

    @display(description=_("last day"), ordering="expires_at")
    def last_day(self, lot: Lot) -> str:
        """The day before the instant, mostly a midnight, from which on the points cannot be used."""
        if lot.expires_at is None:  # the list has none of these
            return "–"
        return date_format(timezone.localtime(lot.expires_at - timedelta(microseconds=1)), "DATE_FORMAT")

    @display(description=_("wallet"))
    def wallet(self, lot: Lot) -> str:
        return lot.account.wallet.name
