"""Answers and changes, as the pure rules judge them."""

import pytest

from loyalty.programs.rules.surveys import Question, average, choices_in, fault_in, percent, spoils

TEA = Question("one", "Coffee or tea?", ("Coffee", "Tea"), is_required=True)


@pytest.mark.parametrize(
    ("question", "values", "fault"),
    [
        (TEA, ["Tea"], ""),
        (TEA, [], "missing"),
        (TEA, ["Tea", "Coffee"], "one"),
        (TEA, ["Water"], "choice"),
        (Question("one", "?", ("a", "b")), [], ""),
        (Question("many", "?", ("a", "b")), ["b", "a"], ""),
        (Question("many", "?", ("a", "b")), ["a", "a"], "choice"),
        (Question("rating", "?"), ["5"], ""),
        (Question("rating", "?"), ["0"], "choice"),
        (Question("short", "?"), ["x" * 200], ""),
        (Question("short", "?"), ["x" * 201], "long"),
        (Question("long", "?"), ["x" * 2001], "long"),
    ],
)
def test_what_fits(question, values, fault):
    assert fault_in(question, values) == fault


@pytest.mark.parametrize(
    ("after", "harm"),
    [
        (TEA, ""),
        (Question("one", "Coffee or tea?", ("Tea", "Coffee", "Water")), ""),
        (None, "gone"),
        (Question("one", "Tea or coffee?", ("Coffee", "Tea")), "text"),
        (Question("many", "Coffee or tea?", ("Coffee", "Tea")), "kind"),
        (Question("one", "Coffee or tea?", ("Coffee", "Green tea")), "choices"),
    ],
)
def test_what_spoils_answers(after, harm):
    assert spoils(TEA, after) == harm


def test_figures():
    assert choices_in(" Tea \n\nCoffee\nTea\n") == ("Tea", "Coffee")
    assert [percent(*each) for each in ((0, 0), (1, 3), (2, 3), (1, 2), (1, 200))] == [0, 33, 67, 50, 1]
    assert [average(each) for each in ([0, 0, 0, 0, 0], [1, 0, 0, 0, 1], [0, 0, 0, 1, 2])] == ["", "3.0", "4.7"]
