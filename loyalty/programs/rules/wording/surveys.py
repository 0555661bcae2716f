"""Surveys in words: what is wrong with an answer, and why a question cannot be changed any more."""

from django.utils.translation import gettext as _

from loyalty.programs.rules.surveys import LONGEST


def message_for_answer(fault: str, kind: str) -> str:
    """The refusal for whoever answers."""
    match fault:
        case "missing":
            return _("Please answer this question.")
        case "one":
            return _("Please choose one.")
        case "long":
            return _("Please write at most %(count)d characters.") % {"count": LONGEST[kind]}
        case "illegible":
            return _("This holds characters that cannot be seen.")
    return _("Please choose from what is offered.")


def message_for_change(harm: str) -> str:
    """The refusal for whoever edits."""
    words = {
        "gone": _("Members have answered this question, so it stays. Copy the survey to ask other things."),
        "text": _("Members have answered this question as it was. Copy the survey to ask it in other words."),
        "kind": _("Members have answered this question as it was. Copy the survey to ask it in another way."),
        "choices": _("Members may have chosen what you took out. Choices can be added; for others, copy the survey."),
    }
    return words[harm]
