"""The back office's frame: its sidebar by job, the switch between programs, colours, and what Ctrl-K finds.

Read by `settings.py`, so nothing here may touch models when it is imported.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from unfold.dataclasses import SearchResult

from loyalty.lib.admin.desk import desk_of

OPERATOR = "operator"
REVIEWS = "config.sidebar.reviews_waiting"


class Entry(NamedTuple):
    """One line of the sidebar. `permission` is a codename in the open program, OPERATOR, or empty for all staff."""

    title: str | Promise
    icon: str
    address: str
    permission: str = ""
    badge: str = ""  # a function of the request that says how many wait, by its dotted path


JOBS: list[tuple[str | Promise, list[Entry]]] = [
    ("", [Entry(_("Today"), "home", "index")]),
    (
        _("Members"),
        [Entry(_("Members"), "group", "loyalty_member_changelist", "view_member")],
    ),
    (
        _("Program"),
        [
            Entry(_("Brand and settings"), "storefront", "loyalty_program_open", "view_program"),
            Entry(_("Wallets and expiry"), "wallet", "loyalty_wallet_changelist", "view_wallet"),
            Entry(_("Sharing points"), "family_restroom", "loyalty_householdpolicy_changelist", "view_householdpolicy"),
            Entry(_("Sending points"), "move_up", "loyalty_transferpolicy_changelist", "view_transferpolicy"),
            Entry(
                _("Changing points"), "currency_exchange", "loyalty_conversionrate_changelist", "view_conversionrate"
            ),
            Entry(
                _("Expired points back"),
                "history",
                "loyalty_reinstatementpolicy_changelist",
                "view_reinstatementpolicy",
            ),
            Entry(_("Longer life of points"), "more_time", "loyalty_extension_changelist", "view_extension"),
            Entry(_("Tiers"), "social_leaderboard", "loyalty_tierset_changelist", "view_tierset"),
            Entry(_("Earning rules"), "rule", "loyalty_earningrule_changelist", "view_earningrule"),
            Entry(_("Types of activity"), "category", "loyalty_activitykind_changelist", "view_activitykind"),
            Entry(_("Invitations"), "group_add", "loyalty_referral_changelist", "view_referral"),
            Entry(_("Invitation policy"), "handshake", "loyalty_referralpolicy_changelist", "view_referralpolicy"),
            Entry(_("Review policy"), "rate_review", "loyalty_reviewpolicy_changelist", "view_reviewpolicy"),
            Entry(_("Places to check in"), "qr_code_2", "loyalty_place_changelist", "view_place"),
            Entry(_("Things to share"), "share", "loyalty_shareitem_changelist", "view_shareitem"),
            Entry(_("Surveys"), "quiz", "loyalty_survey_changelist", "view_survey"),
            Entry(_("Campaigns"), "campaign", "loyalty_campaign_changelist", "view_campaign"),
            Entry(_("Caps and budgets"), "data_usage", "loyalty_cap_changelist", "view_cap"),
            Entry(_("What is watched"), "policy", "loyalty_velocityrule_changelist", "view_velocityrule"),
            Entry(_("Member lists"), "playlist_add_check", "loyalty_segment_changelist", "view_segment"),
            Entry(_("Try a basket"), "shopping_basket", "loyalty_earningrule_try", "view_earningrule"),
            Entry(_("Consent texts"), "approval", "loyalty_consenttext_changelist", "view_consenttext"),
            Entry(
                _("Draft and versions"), "published_with_changes", "loyalty_programversion_draft", "view_programversion"
            ),
            Entry(_("Backtests"), "science", "loyalty_backtest_changelist", "view_backtest"),
            Entry(_("What members read"), "menu_book", "loyalty_program_terms", "view_program"),
        ],
    ),
    (
        _("Activity"),
        [
            Entry(_("Purchases and activities"), "receipt_long", "loyalty_activity_changelist", "view_activity"),
            Entry(_("Reviews"), "reviews", "loyalty_review_changelist", "view_review", REVIEWS),
            Entry(_("Cases to review"), "gpp_maybe", "loyalty_reviewcase_changelist", "view_reviewcase"),
            Entry(_("Households and clubs"), "diversity_3", "loyalty_household_changelist", "view_household"),
            Entry(_("Transfers"), "send_money", "loyalty_transfer_changelist", "view_transfer"),
            Entry(_("Changes of points"), "sync_alt", "loyalty_conversion_changelist", "view_conversion"),
            Entry(_("Points brought back"), "restore", "loyalty_reinstatement_changelist", "view_reinstatement"),
            Entry(_("Points movements"), "swap_vert", "loyalty_posting_changelist", "view_posting"),
            Entry(_("Imports"), "upload_file", "loyalty_purchaseimport_changelist", "view_purchaseimport"),
        ],
    ),
    (
        _("Messages"),
        [Entry(_("Sent messages"), "outgoing_mail", "loyalty_delivery_changelist", "view_delivery")],
    ),
    (
        _("Team and settings"),
        [
            Entry(_("Who may do what"), "badge", "loyalty_staffaccess_changelist", "view_staffaccess"),
            Entry(_("API keys"), "key", "loyalty_apikey_changelist", "view_apikey"),
        ],
    ),
    (
        _("This installation"),
        [
            Entry(_("Programs"), "storefront", "loyalty_program_changelist", OPERATOR),
            Entry(_("Users"), "manage_accounts", "loyalty_user_changelist", OPERATOR),
            Entry(_("Schedules"), "schedule", "django_celery_beat_periodictask_changelist", OPERATOR),
            Entry(_("Outbox"), "outbox", "loyalty_message_changelist", OPERATOR),
        ],
    ),
]


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The groups and entries that this person's role in the open program has a use for."""
    groups = []
    current = _current(request.path)
    for title, entries in JOBS:
        items = [
            {
                "title": entry.title,
                "icon": entry.icon,
                "link": reverse(f"admin:{entry.address}"),
                "active": entry is current,
                **({"badge": entry.badge} if entry.badge else {}),
            }
            for entry in entries
            if is_allowed(request, entry.permission)
        ]
        if items:
            groups.append({"title": title, "items": items, "separator": False})
    return groups


def _current(path: str) -> Entry | None:
    """The entry that a page belongs to: the one whose address says most of the page's."""
    entries = [entry for _title, group in JOBS for entry in group]
    fits = [entry for entry in entries if path.startswith(_stem(entry)) and (entry.address != "index")]
    if not fits:
        return entries[0] if path == _stem(entries[0]) else None
    return max(fits, key=lambda entry: len(_stem(entry)))


def _stem(entry: Entry) -> str:
    """Where an entry's pages begin; the open program's settings are any page of a program."""
    return reverse(f"admin:{entry.address}").removesuffix("open/")


def is_allowed(request: HttpRequest, permission: str) -> bool:
    if permission == OPERATOR:
        return bool(request.user.is_superuser)
    return not permission or desk_of(request).may(permission)


def reviews_waiting(request: HttpRequest) -> int | str:
    """How many reviews wait in the open program; nothing where none do."""
    from loyalty.programs.queries.reviews import waiting_count  # models are not ready when settings are read

    program = desk_of(request).program
    return (waiting_count(program) or "") if program else ""


def programs(request: HttpRequest) -> list[dict[str, Any]]:
    """The switch between programs; nothing for staff of a single one."""
    desk = desk_of(request)
    if len(desk.programs) < 2:
        return []
    return [
        {
            "title": program.name,
            "icon": "check" if program.pk == desk.program.pk else "storefront",
            "link": reverse("admin:open_program", args=[program.pk]),
        }
        for program in desk.programs
    ]


def heading(request: HttpRequest) -> str:
    program = desk_of(request).program if request.user.is_authenticated else None
    return program.name if program else "Laurel"


def search(request: HttpRequest, term: str) -> list[SearchResult]:
    """Pages whose name contains `term`, then members of the open program."""
    return [*_pages(request, term.lower()), *_members(request, term)]


def _pages(request: HttpRequest, term: str) -> Iterator[SearchResult]:
    for title, entries in JOBS:
        for entry in entries:
            if term in str(entry.title).lower() and is_allowed(request, entry.permission):
                yield SearchResult(
                    title=str(entry.title),
                    description=str(title),
                    link=reverse(f"admin:{entry.address}"),
                    icon=entry.icon,
                )


def _members(request: HttpRequest, term: str) -> Iterator[SearchResult]:
    from loyalty.members.queries import members_matching  # models are not ready when settings are read

    desk = desk_of(request)
    if not desk.may("view_member"):
        return
    for member in members_matching(desk.program, term)[:10]:
        yield SearchResult(
            title=str(member),
            description=format_lazy("{} · {}", _("Member"), member.number),
            link=reverse("admin:loyalty_member_change", args=[member.pk]),
            icon="person",
        )


# Laurel's green, in the eleven steps that the admin's colours are made of.
GREEN = {
    "50": "oklch(97.5% .016 160)",
    "100": "oklch(94.5% .036 160)",
    "200": "oklch(89% .066 160)",
    "300": "oklch(81% .098 160)",
    "400": "oklch(74% .115 160)",
    "500": "oklch(66% .118 160)",
    "600": "oklch(46% .092 160)",
    "700": "oklch(40% .078 160)",
    "800": "oklch(34% .064 160)",
    "900": "oklch(29% .051 160)",
    "950": "oklch(21% .036 160)",
}

UNFOLD = {
    "SITE_TITLE": "Laurel",
    "SITE_HEADER": heading,
    "SITE_SUBHEADER": "Laurel",
    "SITE_SYMBOL": "local_florist",
    "SITE_URL": None,
    "SITE_DROPDOWN": programs,
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": False,
    "BORDER_RADIUS": "8px",
    "COLORS": {"primary": GREEN},
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("favicon.svg")}],
    "STYLES": [lambda request: static("admin-laurel.css")],
    "SCRIPTS": [lambda request: static("admin-frame.js")],
    "DASHBOARD_CALLBACK": "loyalty.insights.admin.start_page",
    "ACCOUNT": {
        "navigation": [
            {"title": _("Change password"), "link": lambda request: reverse("account_change_password")},
            {"title": _("Second factor"), "link": lambda request: reverse("mfa_index")},
        ]
    },
    "SIDEBAR": {"show_search": True, "show_all_applications": False, "navigation": navigation},
}
