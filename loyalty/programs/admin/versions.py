from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from loyalty.lib.admin.desk import actor_of, desk_of
from loyalty.lib.admin.forms import posted
from loyalty.lib.admin.screens import ProgramScreen, ReadOnly
from loyalty.lib.errors import DomainError
from loyalty.programs.forms.versions import BlueprintForm, MannerForm, PublishForm
from loyalty.programs.models.program import Program, Publishing
from loyalty.programs.models.versions import ProgramVersion
from loyalty.programs.queries.blueprints import blueprint_called
from loyalty.programs.queries.differences import difference_of_draft, difference_to
from loyalty.programs.queries.editors import names_of
from loyalty.programs.queries.versions import versions_of
from loyalty.programs.services.blueprints import apply_blueprint
from loyalty.programs.services.versions import change_publishing, discard_draft, publish_draft, roll_back

PUBLISH = "add_programversion"
LOOK = {"added": "good", "removed": "bad", "changed": "plain"}


@admin.register(ProgramVersion)
class VersionScreen(ReadOnly, ProgramScreen):
    """The draft as a difference in plain words, and every configuration that was in force."""

    list_display = ("title", "note", "published_at")
    ordering = ("-number",)
    list_pages = {
        "draft": "draft_view", "publish": "publish_view", "discard": "discard_view", "manner": "manner_view",
        "start": "start_view",
    }  # fmt: skip
    detail_pages = {"back": "back_view"}
    empty_title = gettext_lazy("No version yet")
    empty_hint = gettext_lazy("The first purchase or activity writes down the configuration that judges it.")

    @display(description=gettext_lazy("version"))
    def title(self, version: ProgramVersion) -> str:
        return _("Version %(number)s") % {"number": version.number}

    def draft_view(self, request: HttpRequest) -> HttpResponse:
        """What is not published yet, and the versions."""
        program = self._program(request, "view_programversion")
        versions = versions_of(program)
        names = names_of(version.published_by for version in versions)
        in_force = program.published_id or (versions[0].pk if versions else None)
        return self.page(
            request,
            "programs/admin/draft.html",
            _("Draft and versions"),
            program=program,
            is_live=program.publishing == Publishing.AT_ONCE,
            asked_by=names_of([program.manner_asked_by]).get(program.manner_asked_by, ""),
            lines=[(LOOK[line.kind], line) for line in difference_of_draft(program)],
            versions=[(version, names.get(version.published_by, ""), version.pk == in_force) for version in versions],
            may_publish=desk_of(request).may(PUBLISH, program),
            addresses={part: self.address(part) for part in self.list_pages},
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        version = self.get_object_or_404(request, object_id, "view_programversion")
        return self.page(
            request,
            "programs/admin/version.html",
            self.title(version),
            version=version,
            author=names_of([version.published_by]).get(version.published_by, ""),
            lines=[(LOOK[line.kind], line) for line in difference_to(version)],
            may_publish=desk_of(request).may(PUBLISH, version.program),
            back_address=self.address("back", version),
            back_url=self.address("draft"),
        )

    def publish_view(self, request: HttpRequest) -> HttpResponse:
        program = self._program(request, PUBLISH)

        def publish(filled: dict[str, Any]) -> HttpResponse:
            made = publish_draft(program, actor=actor_of(request), note=filled["note"])
            return self._done(request, _("Version %(number)s is in force.") % {"number": made.number})

        intro = _("From now on the draft judges purchases and activities. What was earned before stays as it is.")
        return self.form_page(
            request, PublishForm(*posted(request)), publish, _("Publish the draft"), submit=_("Publish"), intro=intro,
            back_url=self.address("draft"),
        )  # fmt: skip

    def discard_view(self, request: HttpRequest) -> HttpResponse:
        program = self._program(request, PUBLISH)
        return self._asked(
            request,
            _("Throw the draft away?"),
            [line.text for line in difference_of_draft(program)] or [_("There is no draft.")],
            _("Throw it away"),
            lambda: (discard_draft(program, actor=actor_of(request)), _("The draft is gone."))[1],
        )

    def back_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        version = self.get_object_or_404(request, str(object_id), PUBLISH)
        lines = [line.text for line in difference_to(version)]
        return self._asked(
            request,
            _("Back to version %(number)s?") % {"number": version.number},
            [*lines, _("A draft that is not published is thrown away. What was earned stays as it is.")],
            _("Put it in force"),
            lambda: self._in_force(roll_back(version, actor=actor_of(request))),
        )

    def manner_view(self, request: HttpRequest) -> HttpResponse:
        """When changes go live is itself a matter for whoever may change the program's settings."""
        program = self._program(request, "change_program")

        def change(filled: dict[str, Any]) -> HttpResponse:
            changed = change_publishing(program, filled["publishing"], actor=actor_of(request))
            is_done = changed.publishing == filled["publishing"]
            waits = _("Asked for. A second person must choose the same, because this program asks for four eyes.")
            return self._done(request, _("Saved.") if is_done else waits)

        form = MannerForm(*posted(request), program=program)
        back = self.address("draft")
        return self.form_page(request, form, change, _("When changes go live"), submit=_("Save"), back_url=back)

    def start_view(self, request: HttpRequest) -> HttpResponse:
        """A whole program from a blueprint; where there is activity, as a draft only."""
        program = self._program(request, PUBLISH)

        def start(filled: dict[str, Any]) -> HttpResponse:
            apply_blueprint(blueprint_called(filled["blueprint"]), code=program.code, actor=actor_of(request))
            return self._done(request, _("This is the program now. Every part of it can be edited."))

        intro = _("Wallets, rules, tiers, campaigns and limits become those of the blueprint; what it does not have is "
                  "archived.")  # fmt: skip
        return self.form_page(
            request, BlueprintForm(*posted(request)), start, _("Start from a blueprint"), submit=_("Start from it"),
            intro=intro, back_url=self.address("draft"),
        )  # fmt: skip

    def _program(self, request: HttpRequest, permission: str) -> Program:
        program = desk_of(request).program
        if program is None or not desk_of(request).may(permission, program):
            raise PermissionDenied
        return program

    def _in_force(self, version: ProgramVersion) -> str:
        return _("Version %(number)s is in force.") % {"number": version.number}

    def _asked(
        self, request: HttpRequest, title: str, consequences: list[str], submit: str, do: Callable[[], str]
    ) -> HttpResponse:
        if request.method != "POST":
            return self.page(
                request, "admin/page_confirm.html", title, consequences=consequences, submit=submit, is_danger=True,
                action=request.path, back_url=self.address("draft"),
            )  # fmt: skip
        try:
            return self._done(request, do())
        except DomainError as error:
            messages.error(request, str(error))
            return HttpResponseRedirect(self.address("draft"))

    def _done(self, request: HttpRequest, message: str) -> HttpResponse:
        return self.done(request, message, self.address("draft"))
