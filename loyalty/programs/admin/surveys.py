from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy
from unfold.admin import StackedInline
from unfold.decorators import action, display

from loyalty.lib import clock
from loyalty.lib.admin.desk import actor_of, desk_of
from loyalty.lib.admin.export import WRITERS, safe_cell
from loyalty.lib.admin.history import WithHistory
from loyalty.lib.admin.live import WithLiveNote
from loyalty.lib.admin.screens import InlineOfScreen, ProgramScreen
from loyalty.lib.errors import DomainError
from loyalty.members.models import Member
from loyalty.programs.admin.rules import StateFilter
from loyalty.programs.admin.wallets import named_for
from loyalty.programs.forms.surveys import AnswersForm, QuestionForm, QuestionFormSet, SurveyForm
from loyalty.programs.models.surveys import Survey, SurveyQuestion
from loyalty.programs.queries.surveys import answer_rows, questions_of, state_of, summary_of
from loyalty.programs.services.surveys import archive_survey, copy_survey, publish_survey, save_survey
from loyalty.programs.services.ways import Desk

LOOK = {"draft": "info", "planned": "primary", "open": "success", "closed": "default", "archived": "default"}
STATES = {
    "draft": pgettext_lazy("survey", "draft"),
    "planned": pgettext_lazy("survey", "planned"),
    "open": pgettext_lazy("survey", "open"),
    "closed": pgettext_lazy("survey", "closed"),
    "archived": pgettext_lazy("survey", "archived"),
}  # fmt: skip


class QuestionInline(InlineOfScreen, StackedInline):
    """What is asked, in order."""

    model = SurveyQuestion
    form = QuestionForm
    formset = QuestionFormSet
    extra = 0
    fields = (("position", "kind", "is_required"), "text", "choices", "hint")
    verbose_name = _("question")
    verbose_name_plural = _("Questions")


@admin.register(Survey)
class SurveyScreen(WithLiveNote, WithHistory, ProgramScreen):
    """Surveys: built, looked at as members see them, published, and summed up. Archived, never deleted."""

    form = SurveyForm
    inlines = (QuestionInline,)
    history_rows = ("questions",)
    list_display = ("header", "pill", "opens_at", "closes_at", "heads")
    list_select_related = ("program", "audience")
    list_filter = (StateFilter,)
    ordering = ("-id",)
    search_fields = ("title", "code")
    prepopulated_fields = {"code": ("title",)}
    actions_detail = ("preview", "summary", "publish", "duplicate", "archive")
    detail_pages = {"answers-csv": "csv_view", "answers-xlsx": "xlsx_view"}
    warn_unsaved_form = True
    change_form_before_template = "programs/admin/choices_head.html"
    add_words = _("New survey")
    empty_title = _("No survey yet")
    empty_hint = _("Write a few questions, preview them, then publish. An earning rule says what it pays.")
    fieldsets = (
        (
            _("What members read"),
            {
                "fields": ("title", "code", "intro", "thanks"),
                "description": _(
                    "A survey pays by the earning rules for “survey”; they can ask for its code (attribute “survey”). "
                    "Every member answers once and is paid once."
                ),
            },
        ),
        (_("For whom and when"), {"fields": ("audience", "opens_at", "closes_at")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).annotate(count_heads=Count("answers"))

    @display(description=_("survey"), header=True)
    def header(self, survey: Survey) -> list[str]:
        return [survey.title, str(survey.audience or _("all members"))]

    @display(description=_("state"), label=LOOK)
    def pill(self, survey: Survey) -> tuple[str, Any]:
        state = state_of(survey, clock.now())
        return (state, STATES[state])

    @display(description=_("answers"))
    def heads(self, survey: Survey) -> int:
        return survey.count_heads  # type: ignore[attr-defined]

    def save_model(self, request: HttpRequest, obj: Survey, form: Any, change: bool) -> None:
        save_survey(obj, actor=actor_of(request))

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        actions = super().get_actions_detail(request, object_id)
        survey = self._seen(request, str(object_id))
        is_out = survey is not None and survey.is_published
        return [named_for(each, survey) for each in actions if not (each.path == "publish" and is_out)]

    # --- As members see it ------------------------------------------------------------------------------------------

    @action(description=_("Preview"), url_path="preview", icon="visibility", permissions=["view"])
    def preview(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The portal's own page, with nowhere to send it."""
        survey = self.get_object_or_404(request, object_id, "view_survey")
        return self.page(
            request, "programs/admin/survey_preview.html", _("Preview"), obj=survey, survey=survey,
            form=AnswersForm(questions=questions_of(survey)),
        )  # fmt: skip

    @action(description=_("Publish"), url_path="publish", icon="publish", permissions=["change"])
    def publish(self, request: HttpRequest, object_id: str) -> HttpResponse:
        survey = self.get_object_or_404(request, object_id, "change_survey")
        if request.method == "POST":
            return self._publish(request, survey)
        return self.page(
            request, "admin/page_confirm.html", _("Publish this survey?"), obj=survey, submit=_("Publish"),
            action=self.address("publish", survey), consequences=list(consequences_of(survey)),
        )  # fmt: skip

    def _publish(self, request: HttpRequest, survey: Survey) -> HttpResponse:
        try:
            publish_survey(survey, actor=actor_of(request))
        except DomainError as error:
            self.message_user(request, str(error), "error")
            return HttpResponseRedirect(self.address("change", survey))
        return self.done(
            request, _("Members find it in Ways to earn, within its time."), self.address("change", survey)
        )

    # --- What was answered ------------------------------------------------------------------------------------------

    @action(description=_("Answers"), url_path="summary", icon="bar_chart", permissions=["view"])
    def summary(self, request: HttpRequest, object_id: str) -> HttpResponse:
        survey = self.get_object_or_404(request, object_id, "view_survey")
        answers, summaries = summary_of(survey)
        may_export = answers and desk_of(request).may("export_survey_answers")
        files = [(kind.upper(), self.address(f"answers-{kind}", survey)) for kind in WRITERS] if may_export else []
        return self.page(
            request, "programs/admin/survey_summary.html", _("Answers"), obj=survey, answers=answers,
            summaries=summaries, files=files,
        )  # fmt: skip

    def csv_view(self, request: HttpRequest, object_id: int) -> HttpResponseBase:
        return self._file(request, object_id, "csv")

    def xlsx_view(self, request: HttpRequest, object_id: int) -> HttpResponseBase:
        return self._file(request, object_id, "xlsx")

    def _file(self, request: HttpRequest, object_id: int, kind: str) -> HttpResponseBase:
        survey = self.get_object_or_404(request, str(object_id), "export_survey_answers")
        heads, rows = answer_rows(survey)
        safe = ([safe_cell(cell) for cell in row] for row in rows)
        try:
            return WRITERS[kind]([safe_cell(head) for head in heads], safe, survey.code)
        except DomainError as error:
            self.message_user(request, str(error), "error")
            return HttpResponseRedirect(self.address("summary", survey))

    # --- Again, and out of use --------------------------------------------------------------------------------------

    @action(description=_("Copy"), url_path="duplicate", icon="content_copy", permissions=["change"])
    def duplicate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        survey = self.get_object_or_404(request, object_id, "change_survey")
        if request.method == "POST":
            made = copy_survey(survey, actor=actor_of(request))
            return self.done(request, _("This is the copy, a draft."), self.address("change", made))
        return self.page(
            request, "admin/page_confirm.html", _("Copy this survey?"), obj=survey, submit=_("Copy"),
            action=self.address("duplicate", survey),
            consequences=[_("The copy is a draft with the same questions and no answers. It pays for itself.")],
        )  # fmt: skip

    @action(description=_("Archive"), url_path="archive", icon="archive", permissions=["change"])
    def archive(self, request: HttpRequest, object_id: str) -> HttpResponse:
        survey = self.get_object_or_404(request, object_id, "change_survey")
        if request.method == "POST":
            archive_survey(survey, is_archived=not survey.is_archived, actor=actor_of(request))
            return self.done(request, _("Saved."), self.address("changelist"))
        words = _("Members cannot answer it any more. Answers, and what they earned, stay.")
        if survey.is_archived:
            words = _("Members can answer it again, within its time.")
        return self.page(
            request, "admin/page_confirm.html", _("Take it back?") if survey.is_archived else _("Archive this survey?"),
            obj=survey, action=self.address("archive", survey), consequences=[words],
            submit=_("Take it back") if survey.is_archived else _("Archive"),
        )  # fmt: skip


def consequences_of(survey: Survey) -> Iterator[str]:
    """How much is asked, of how many, and what each of them earns."""
    count = len(questions_of(survey))
    yield ngettext("It asks %(count)d question.", "It asks %(count)d questions.", count) % {"count": count}
    members = Member.objects.of(survey.program).active()
    if survey.audience:
        members = members.filter(segment_places__segment=survey.audience)
    heads = members.count()
    yield ngettext("%(count)d member can answer it.", "%(count)d members can answer it.", heads) % {"count": heads}
    sentences = Desk(Member(program=survey.program)).sentences("survey")
    yield " ".join(sentences) or str(_("No earning rule pays for “survey” so far: members answer it for nothing."))
    yield str(_("Questions can be changed until the first answer comes."))
