from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import action, display
from unfold.paginator import InfinitePaginator

from loyalty.lib.admin.desk import actor_of
from loyalty.lib.admin.screens import OperatorScreen, ReadOnly
from loyalty.lib.errors import DomainError
from loyalty.outbox import services
from loyalty.outbox.models import Message

LOOK = {Message.State.WAITING: "info", Message.State.DONE: "success", Message.State.FAILED: "danger"}


class StateFilter(admin.SimpleListFilter):
    """The red list first: what was tried and failed is what someone must look at."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("all", _("all")), *Message.State.choices]

    def choices(self, changelist: Any) -> Any:
        for value, title in self.lookup_choices:
            chosen = (self.value() or Message.State.FAILED) == value
            yield {
                "selected": chosen,
                "query_string": changelist.get_query_string({self.parameter_name: value}),
                "display": title,
            }

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        state = self.value() or Message.State.FAILED
        return queryset if state == "all" else queryset.filter(state=state)


@admin.register(Message)
class MessageScreen(ReadOnly, OperatorScreen):
    """Events on their way to whoever listens. What failed for good waits here for “try again”."""

    paginator = InfinitePaginator
    list_display = ("name", "listener", "pill", "attempts", "created_at", "next_at")
    list_filter = (StateFilter,)
    ordering = ("-id",)
    actions = ("try_again",)
    actions_detail = ("try_this_again",)
    empty_title = _("Nothing has failed")
    empty_hint = _("An event that could not be delivered in all its attempts would stand here, to be tried again.")
    readonly_fields = fields = (
        "event", "subscriber", "state", "attempts", "next_at", "created_at", "done_at", "payload", "last_error",
    )  # fmt: skip

    @display(description=_("event"))
    def name(self, message: Message) -> str:
        return message.event.rpartition(".")[2]

    @display(description=_("for"))
    def listener(self, message: Message) -> str:
        return message.subscriber.removeprefix("loyalty.")

    @display(description=_("state"), label=LOOK)
    def pill(self, message: Message) -> tuple[str, str]:
        return (message.state, message.get_state_display())

    @admin.action(description=_("Try again"))
    def try_again(self, request: HttpRequest, queryset: QuerySet) -> None:
        failed = queryset.filter(state=Message.State.FAILED)
        tried = [services.try_again(message, actor=actor_of(request)) for message in failed[:500]]
        count = len(tried)
        words = ngettext("%(count)s message will be tried again.", "%(count)s messages will be tried again.", count)
        self.message_user(request, words % {"count": count})

    @action(description=_("Try again"), url_path="try-again", icon="replay", permissions=["view"])
    def try_this_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        message = self.get_object(request, object_id)
        address = self.address("changelist")
        if message is None or request.method != "POST":
            return self._ask(request, message)
        try:
            services.try_again(message, actor=actor_of(request))
        except DomainError as error:
            messages.error(request, str(error))
            return HttpResponseRedirect(address)
        return self.done(request, _("The message will be tried again."), address)

    def _ask(self, request: HttpRequest, message: Any) -> HttpResponse:
        if message is None:
            return HttpResponseRedirect(self.address("changelist"))
        return self.page(
            request,
            "admin/page_confirm.html",
            _("Try again?"),
            obj=message,
            action=self.address("try_this_again", message),
            consequences=[_("The event is delivered once more to the one that failed; nobody else hears it again.")],
            submit=_("Try again"),
        )
