from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from loyalty.lib.admin.screens import ProgramForm
from loyalty.lib.portal import new_form_key
from loyalty.lib.text import is_legible
from loyalty.programs.forms.sound import TimedForm
from loyalty.programs.models.surveys import Survey, SurveyQuestion
from loyalty.programs.queries.surveys import hold_questions, rule_of_question
from loyalty.programs.rules.surveys import (
    CHOOSING,
    LONGEST,
    MANY,
    MOST_CHOICES,
    ONE,
    RATING,
    RATINGS,
    choices_in,
    spoils,
)
from loyalty.programs.rules.wording.surveys import message_for_change


class SurveyForm(TimedForm, ProgramForm):
    """A survey without its questions."""

    class Meta:
        model = Survey
        fields = ("title", "code", "intro", "thanks", "audience", "opens_at", "closes_at")


class QuestionForm(forms.ModelForm):
    """One question; choices for those that are chosen from alone."""

    class Meta:
        model = SurveyQuestion
        fields = ("position", "text", "kind", "choices", "hint", "is_required")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A script hides the box where nothing is chosen from; without it `clean` says that none belong there.
        self.fields["kind"].widget.attrs["data-choosing"] = " ".join(CHOOSING)
        self.fields["choices"].widget.attrs |= {"rows": 3, "data-choices": ""}

    def clean(self) -> dict[str, Any] | None:
        filled = super().clean() or self.cleaned_data
        if filled.get("kind") not in CHOOSING:
            if choices_in(filled.get("choices", "")):
                self.add_error("choices", _("This kind of question has no choices. Take them out, or change the kind."))
            return filled
        choices = choices_in(filled.get("choices", ""))
        if not 2 <= len(choices) <= MOST_CHOICES:
            self.add_error("choices", _("Give between 2 and 30 choices, one in a line."))
        filled["choices"] = "\n".join(choices)
        return filled


class QuestionFormSet(forms.BaseInlineFormSet):
    """The questions together: those that members have answered stay what they were."""

    def clean(self) -> None:
        super().clean()
        if not self.instance.pk or not hold_questions(self.instance):
            return
        known = {each.pk: rule_of_question(each) for each in self.instance.questions.all()}
        for form in self.initial_forms:
            before, goes = known.get(form.instance.pk), self._should_delete_form(form)
            if before is None or (form.errors and not goes):
                continue
            harm = spoils(before, None if goes else rule_of_question(form.instance))
            if harm:
                form.add_error(harm if harm in form.fields else "text", message_for_change(harm))
                raise forms.ValidationError(message_for_change(harm))


class AnswersForm(forms.Form):
    """The questions as members see them; `asked` goes through them with their fields."""

    key = forms.CharField(widget=forms.HiddenInput, initial=new_form_key)

    def __init__(self, *args: Any, questions: list[SurveyQuestion], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.questions = questions
        for question in questions:
            self.fields[f"q{question.pk}"] = field_for(question)

    @property
    def asked(self) -> list[tuple[SurveyQuestion, forms.BoundField]]:
        return [(question, self[f"q{question.pk}"]) for question in self.questions]

    def replies(self) -> dict[int, list[str]]:
        """By question what was said."""
        said = {question.pk: self.cleaned_data[f"q{question.pk}"] for question in self.questions}
        return {pk: value if isinstance(value, list) else [value] for pk, value in said.items() if value}


def field_for(question: SurveyQuestion) -> forms.Field:
    """The field of a question."""
    usual: dict[str, Any] = {"label": question.text, "help_text": question.hint, "required": question.is_required}
    usual["error_messages"] = {"required": _("Please answer this question.")}
    choices = [(each, each) for each in choices_in(question.choices)]
    if question.kind == ONE:
        return forms.ChoiceField(choices=choices, widget=forms.RadioSelect, **usual)
    if question.kind == MANY:
        return forms.MultipleChoiceField(choices=choices, widget=forms.CheckboxSelectMultiple, **usual)
    if question.kind == RATING:
        return forms.ChoiceField(choices=[(each, each) for each in RATINGS], widget=forms.RadioSelect, **usual)
    widget = forms.TextInput() if question.kind == "short" else forms.Textarea({"rows": 4})
    return forms.CharField(max_length=LONGEST[question.kind], widget=widget, validators=[ensure_legible], **usual)


def ensure_legible(text: str) -> None:
    """Raises ValidationError for characters that nobody can see."""
    if not all(is_legible(line) for line in text.splitlines()):
        raise forms.ValidationError(_("This holds characters that cannot be seen."))
