"""Answering a survey, once."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from loyalty.lib import clock
from loyalty.lib.errors import DomainError
from loyalty.lib.portal import MemberRequest, form_key, page, refuse
from loyalty.portal.views.door import member_required
from loyalty.programs.errors.surveys import AlreadyAnswered
from loyalty.programs.forms.surveys import AnswersForm
from loyalty.programs.queries import surveys as queries
from loyalty.programs.services.surveys import answer_survey
from loyalty.programs.services.ways import Desk


@member_required
def survey(request: MemberRequest, survey: str) -> HttpResponse:
    """The questions; what was answered is kept when something is wrong. Sending it twice is one answer."""
    found = queries.survey_for(request.member, survey)
    form = AnswersForm(request.POST if request.method == "POST" else None, questions=queries.questions_of(found))
    refusal = ""
    if request.method == "POST" and form.is_valid():
        try:
            answer_survey(
                found, request.member, form.replies(), key=form_key(request), actor=f"member:{request.member.pk}"
            )
        except AlreadyAnswered as error:
            refusal = str(error)
        except DomainError as error:
            refuse(form, error)
        else:
            messages.success(request, found.thanks or _("Thank you for your answers."))
            return redirect("loyalty:survey", request.program.code, found.code)
    return _page(request, found, form, refusal)


def _page(request: MemberRequest, found: Any, form: AnswersForm, refusal: str) -> HttpResponse:
    context = {
        "program": request.program, "member": request.member, "section": "earn", "survey": found, "form": form,
        "refusal": refusal, "state": queries.state_of(found, clock.now()),
        "answer": queries.answer_of(found, request.member),
        "pays": Desk(request.member).pays("survey", {"survey": found.code}),
    }  # fmt: skip
    return page(request, "portal/survey.html", context, status=422 if form.is_bound else 200)
