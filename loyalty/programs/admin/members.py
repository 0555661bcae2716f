from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _
from import_export.fields import Field
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from loyalty.ledger.errors import NotEnoughPoints
from loyalty.ledger.queries.statement import entries_of
from loyalty.lib import clock
from loyalty.lib.admin.desk import actor_of, desk_of
from loyalty.lib.admin.export import WRITERS, SafeResource, WithExport, safe_cell
from loyalty.lib.admin.filters import ExactFilter
from loyalty.lib.admin.forms import posted
from loyalty.lib.admin.history import WithHistory
from loyalty.lib.errors import Malformed
from loyalty.lib.money import round_money
from loyalty.members.models import Member, User
from loyalty.members.queries import card_of, consent_choices, members_matching
from loyalty.members.rules import card_svg
from loyalty.members.services.members import enrol_member, update_member
from loyalty.programs.admin.member_expired import WithExpired
from loyalty.programs.admin.member_tiers import WithTiers
from loyalty.programs.forms.members import EnrolForm, MemberForm
from loyalty.programs.forms.points import AdjustForm
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.activities import why_of
from loyalty.programs.queries.balances import WalletBalance, balances_of
from loyalty.programs.queries.lots import holds_of, lots_of
from loyalty.programs.queries.programs import wallets_of
from loyalty.programs.queries.statement import movement_of, statement_of
from loyalty.programs.rules.wording.amounts import money_of
from loyalty.programs.services.holdings import ensure_fits
from loyalty.programs.services.points import adjust_points, needs_second_look

PAGE = 12
STATEMENT_HEADERS = (
    _("recorded at"), _("happened at"), _("wallet"), _("what"), _("state"), _("points"), _("balance after"),
    _("source"), _("why"),
)  # fmt: skip
BUCKETS = (_("active"), _("pending"), _("held"))
STATUS_LOOK = {"active": "success", "blocked": "danger", "left": "default"}
COLUMNS = (
    "number", "external_id", "name", "email", "phone", "language", "status", "channel", "birth_date", "joined_at",
)  # fmt: skip


class MemberResource(SafeResource):
    """The columns of a list of members."""

    number = Field(attribute="number", column_name=_("member number"))
    attributes = Field(column_name=_("attributes"))

    class Meta:
        model = Member
        fields = (*COLUMNS, "attributes")
        export_order = fields

    def dehydrate_attributes(self, member: Member) -> str:
        return safe_cell("; ".join(f"{key}: {value}" for key, value in member.attributes.items()))


class ChannelFilter(ExactFilter):
    title, parameter_name = _("joined through"), "channel"


@admin.register(Member)
class MemberScreen(WithHistory, WithExport, WithTiers, WithExpired):
    """Who is in the program; each with a page that says what they hold, why, and since when."""

    list_display = ("person", "number", "external_id", "pill", "channel", "joined")
    list_filter = ("status", ChannelFilter, ("joined_at", RangeDateTimeFilter))
    list_filter_submit = True
    ordering = ("-joined_at", "-id")
    paginator = InfinitePaginator
    search_fields = ("number",)
    search_help_text = _("Name, e-mail address, member number, your own id or a card")
    resource_class = MemberResource
    export_permission = "export_members"
    detail_pages = {
        "edit": "edit_view",
        "adjust": "adjust_view",
        "tier": "tier_view",
        "expired": "expired_view",
        "timeline": "timeline_view",
        "movement": "movement_view",
        "statement": "statement_view",
    }
    add_words = _("Enrol")
    empty_title = _("No members yet")
    empty_hint = _("They join in the portal, at a till or with an import. You can enrol someone by hand, too.")

    @display(description=_("member"), header=True, ordering="name")
    def person(self, member: Member) -> list[str]:
        return [str(member), member.email]

    @display(description=_("joined"), ordering="joined_at")
    def joined(self, member: Member) -> str:
        return date_format(timezone.localtime(member.joined_at), "DATE_FORMAT")

    @display(description=_("status"), label=STATUS_LOOK)
    def pill(self, member: Member) -> tuple[str, str]:
        return (member.status, member.get_status_display())

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        program = desk_of(request).program
        if not search_term.strip() or program is None:
            return queryset, False
        return members_matching(program, search_term).filter(pk__in=queryset.values("pk")), False

    # --- The member's page -------------------------------------------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        member = self.get_object_or_404(request, object_id, "view_member")
        now = clock.now()
        card = card_of(member)
        return self.page(
            request,
            "programs/admin/member.html",
            str(member),
            obj=member,
            member=member,
            balances=balances_of(member, now),
            lots=lots_of(member, at=now),
            holds=holds_of(member),
            consents=consent_choices(member.program, member),
            card=card,
            qr=mark_safe(card_svg(card.code, title=card.code)) if card else "",  # noqa: S308 our own SVG
            **timeline_of(member),
            **self.tiers_of(request, member),
            **self.expired_ways(request, member),
            **self._ways(request, member),
        )

    def _ways(self, request: HttpRequest, member: Member) -> dict[str, Any]:
        desk = desk_of(request)
        parts = ("edit", "adjust", "timeline", "movement", "history")
        return {
            "may_change": desk.may("change_member"),
            "may_adjust": desk.may("adjust_points"),
            "may_export": desk.may("export_members"),
            "addresses": {part: self.address(part, member) for part in (*parts, "statement")},
        }

    def timeline_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """More of the timeline, from where the page ended."""
        member = self.get_object_or_404(request, str(object_id), "view_member")
        try:
            timeline = timeline_of(member, request.GET.get("cursor"))
        except Malformed:
            raise Http404 from None
        context = {"member": member, **timeline, **self._ways(request, member)}
        return TemplateResponse(request, "programs/admin/timeline.html", context)

    def movement_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """One movement with everything behind it: each rule's part, and the lots that it touched."""
        member = self.get_object_or_404(request, str(object_id), "view_member")
        asked = request.GET.get("id", "")
        movement = movement_of(member, int(asked)) if asked.isdecimal() and len(asked) < 19 else None
        if movement is None:
            raise Http404
        told = why_of(movement.activity, voice="staff") if movement.activity else []
        context = {"movement": movement, "lines": [line for line in told if line.wallet == movement.row.wallet.code]}
        return TemplateResponse(request, "programs/admin/movement.html", context)

    def statement_view(self, request: HttpRequest, object_id: int) -> HttpResponseBase:
        """Everything that moved, as CSV or XLSX."""
        member = self.get_object_or_404(request, str(object_id), "export_members")
        kind = request.GET.get("format", "csv")
        if kind not in WRITERS:
            raise Http404
        headers = [str(header) for header in STATEMENT_HEADERS]
        return WRITERS[kind](headers, _statement_rows(member), f"statement-{member.number}")

    # --- Enrolling and changing --------------------------------------------------------------------------------------

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        program = desk_of(request).program
        if program is None or not self.has_add_permission(request):
            raise PermissionDenied
        form = EnrolForm(*posted(request))

        def enrol(filled: dict[str, Any]) -> HttpResponse:
            member = enrol_member(program, **filled, channel="staff", actor=actor_of(request))
            return self.done(request, _("%(name)s is a member now.") % {"name": member}, self.address("change", member))

        return self.form_page(request, form, enrol, _("Enrol a member"), submit=_("Enrol"))

    def edit_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        member = self.get_object_or_404(request, str(object_id), "change_member")
        form = MemberForm(*posted(request), member=member)

        def change(filled: dict[str, Any]) -> HttpResponse:
            update_member(member, **filled, actor=actor_of(request))
            return self.done(request, _("Saved."), self.address("change", member))

        return self.form_page(request, form, change, _("Change what is known"), obj=member, submit=_("Save"))

    # --- Points by hand ----------------------------------------------------------------------------------------------

    def adjust_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Fill in, see the balance before and after, confirm; beyond the wallet's limit see its value, confirm again.

        The form brings its key: a double click is one act.
        """
        member = self.get_object_or_404(request, str(object_id), "adjust_points")
        wallets = [wallet for wallet in wallets_of(member.program) if wallet.is_spendable or wallet.is_qualifying]
        form = AdjustForm(*posted(request), wallets=wallets)
        balances = balances_of(member)

        def go_on(filled: dict[str, Any]) -> HttpResponse:
            wallet = next(each for each in wallets if str(each.pk) == filled["wallet"])
            balance = next(each for each in balances if each.wallet.pk == wallet.pk)
            is_much = needs_second_look(wallet, form.change, actor=actor_of(request))
            if "confirmed" not in request.POST:
                return self._confirm(request, member, form, balance)
            if is_much and "sure" not in request.POST:
                return self._confirm(request, member, form, balance, is_second=True)
            adjust_points(
                member, wallet, points=form.change, reason=filled["reason"], note=filled["note"], key=filled["key"],
                actor=actor_of(request), is_sure="sure" in request.POST,
            )  # fmt: skip
            return self.done(request, _("The points are adjusted."), self.address("change", member))

        return self.form_page(
            request,
            form,
            go_on,
            _("Adjust points"),
            obj=member,
            template="programs/admin/adjust.html",
            balances=balances,
            submit=_("Go on"),
        )

    def _confirm(
        self, request: HttpRequest, member: Member, form: AdjustForm, balance: WalletBalance, *, is_second: bool = False
    ) -> HttpResponse:
        ensure_fits(balance, form.change, by_hand=True)
        after = balance.active - balance.debt + form.change
        if form.change < 0 and after < 0:
            raise NotEnoughPoints
        return self.page(
            request,
            "programs/admin/adjust_confirm.html",
            _("Are you sure? These are many points.") if is_second else _("Is this right?"),
            obj=member,
            form=form,
            is_second=is_second,
            worth=worth_of(balance.wallet, abs(form.change)),
            change=form.change,
            before=balance.active - balance.debt,
            after=after,
            wallet=balance.wallet,
            action=self.address("adjust", member),
            hidden=[(name, value) for name, value in request.POST.items() if name != "csrfmiddlewaretoken"],
        )


def timeline_of(member: Member, cursor: str | None = None) -> dict[str, Any]:
    """A page of what happened, each row with who did it and the reason that only the staff see."""
    page = statement_of(member, cursor=cursor or None, limit=PAGE)
    entries = {entry.id: entry for entry in entries_of(member.subject, [row.id for row in page.rows])}
    people = _people(entry.actor for entry in entries.values())
    rows = [(row, entries[row.id].reason, people.get(entries[row.id].actor, "")) for row in page.rows]
    return {"rows": rows, "next": page.next}


def worth_of(wallet: Wallet, points: int) -> str:
    """What `points` cost when they are redeemed, in words; empty where the wallet's units have no money value."""
    if not wallet.point_value:
        return ""
    currency = wallet.program.currency
    return money_of(round_money(points * wallet.point_value, currency), currency)


def _people(actors: Iterable[str]) -> dict[str, str]:
    """Names of the staff among the actors (staff:12), by actor."""
    numbers = {int(actor[6:]): actor for actor in actors if actor.startswith("staff:") and actor[6:].isdigit()}
    return {numbers[user.pk]: user.get_full_name() for user in User.objects.filter(pk__in=numbers)}


def _statement_rows(member: Member) -> Any:
    """All of a member's movements, page by page, so that memory stays flat."""
    cursor = None
    while True:
        page = statement_of(member, cursor=cursor, limit=200)
        for row in page.rows:
            cells = (
                row.at.isoformat(), row.event_at.isoformat(), row.wallet.name, row.title, str(BUCKETS[row.bucket]),
                row.points, row.balance_after, row.source, row.why,
            )  # fmt: skip
            yield [safe_cell(cell) for cell in cells]
        if not page.next:
            return
        cursor = page.next
