from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from loyalty.lib.admin.desk import actor_of, desk_of
from loyalty.lib.admin.forms import posted
from loyalty.lib.admin.screens import ProgramScreen
from loyalty.members.forms import SCOPE_CHOICES, ApiKeyForm
from loyalty.members.models import ApiKey
from loyalty.members.services.keys import issue_api_key, revoke_api_key


@admin.register(ApiKey)
class ApiKeyScreen(ProgramScreen):
    """Keys of tills and shops. A new one is shown once; a lost one is revoked and replaced."""

    list_display = ("name", "begins", "state", "what", "last_used_on", "created_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter),)
    list_filter_submit = True
    search_fields = ("name", "prefix")
    ordering = ("-created_at",)
    fields = ("name", "begins", "state", "what", "created_at", "last_used_on", "revoked_at")
    readonly_fields = fields
    actions_detail = ("revoke",)
    add_words = _("New key")
    empty_title = _("No key yet")
    empty_hint = _("A till or a shop needs a key to record purchases. Make one for each of them.")

    @display(description=_("begins with"))
    def begins(self, key: ApiKey) -> str:
        return f"{key.prefix}…"

    @display(description=_("state"), label={"live": "success", "revoked": "danger"})
    def state(self, key: ApiKey) -> tuple[str, Any]:
        return ("revoked", _("revoked")) if key.revoked_at else ("live", _("works"))

    @display(description=_("may"))
    def what(self, key: ApiKey) -> str:
        names = dict(SCOPE_CHOICES)
        return "; ".join(str(names.get(scope, scope)) for scope in key.scopes)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, "view_apikey", obj)

    def has_revoke_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, "change_apikey", obj)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = ApiKeyForm(*posted(request))

        def issue(filled: dict[str, Any]) -> HttpResponse:
            issued = issue_api_key(desk_of(request).program, **filled, actor=actor_of(request))
            return self.page(request, "members/admin/key_issued.html", _("Your new key"), issued=issued)

        return self.form_page(
            request,
            form,
            issue,
            _("New API key"),
            submit=_("Make the key"),
            intro=_("The key is shown once, on the next page. Have the place ready where it is to be kept."),
        )

    @action(description=_("Revoke"), url_path="revoke", icon="key_off", permissions=["revoke"])
    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        key = self.get_object_or_404(request, object_id, "change_apikey")
        if request.method == "POST":
            revoke_api_key(key, actor=actor_of(request))
            return self.done(request, _("The key opens nothing any more."), self.address("changelist"))
        return self.page(
            request,
            "admin/page_confirm.html",
            _("Revoke this key?"),
            obj=key,
            action=self.address("revoke", key),
            consequences=[
                _("Whatever uses it is refused from the next request on. What it recorded stays."),
                _("This cannot be undone: make a new key instead."),
            ],
            submit=_("Revoke the key"),
            is_danger=True,
        )
