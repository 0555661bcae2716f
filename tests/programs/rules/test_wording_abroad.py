"""Grammar of the languages that members read: units in their right form, whatever the brand calls them."""

from decimal import Decimal

import pytest
from django.utils import translation

from loyalty.programs.rules.activation import ActivationPolicy
from loyalty.programs.rules.conditions import Condition
from loyalty.programs.rules.expiry import ExpiryPolicy
from loyalty.programs.rules.wording.activities import NAMES, activity_name
from loyalty.programs.rules.wording.amounts import Units, counted_of, money_of, points_of, unit_of
from loyalty.programs.rules.wording.earning import sentence_for_rule
from loyalty.programs.rules.wording.policies import sentence_for_activation, sentence_for_expiry
from tests.programs.rules.till import category, fixed, rate, times

UNITS = {"nb": ("stjerne", "stjerner"), "pl": ("punkt", "punktów"), "ru": ("балл", "баллов")}
NBSP = "\u00a0"


def plainly(text: str) -> str:
    return text.replace(NBSP, " ")


@pytest.mark.parametrize(
    ("language", "points", "text"),
    [
        ("nb", 1, "1 stjerne"),
        ("nb", 2, "2 stjerner"),
        ("nb", "0.5", "0,5 stjerner"),
        ("pl", 0, "0 punktów"),
        ("pl", 1, "1 punkt"),
        ("pl", 2, "2 × punkt"),
        ("pl", 5, "5 punktów"),
        ("pl", 12, "12 punktów"),
        ("pl", 21, "21 punktów"),
        ("pl", -1, "-1 punkt"),
        ("pl", "1.5", "1,5 × punkt"),
        ("ru", 1, "1 балл"),
        ("ru", 3, "3 × балл"),
        ("ru", 11, "11 баллов"),
        ("ru", 21, "21 балл"),
        ("ru", 1234, "1 234 × балл"),
        ("ru", 1235, "1 235 баллов"),
    ],
)
def test_amounts_of_points(language, points, text):
    with translation.override(language):
        assert plainly(points_of(Decimal(points), UNITS[language])) == text


def test_a_unit_alone_is_left_out_where_no_form_fits():
    with translation.override("pl"):
        assert [unit_of(count, UNITS["pl"]) for count in (1, 2, 5)] == ["punkt", "", "punktów"]
        assert counted_of(2, UNITS["pl"]) == {"number": "2", "unit": "punktów"}
    with translation.override("nb"):
        assert [unit_of(count, UNITS["nb"]) for count in (1, 2, 5)] == ["stjerne", "stjerner", "stjerner"]


@pytest.mark.parametrize(
    ("language", "units", "texts"),
    [
        ("pl", Units("punkt", "punktów", "punkty"), ["1 punkt", "2 punkty", "5 punktów", "22 punkty", "1,5 punkty"]),
        ("ru", Units("балл", "баллов", "балла"), ["1 балл", "2 балла", "5 баллов", "22 балла", "1,5 балла"]),
        ("en", Units("star", "stars", "staroj"), ["1 star", "2 stars", "5 stars", "22 stars", "1.5 stars"]),
    ],
)
def test_a_third_word_stands_where_the_language_asks_for_it(language, units, texts):
    with translation.override(language):
        numbers = ("1", "2", "5", "22", "1.5")
        assert [plainly(points_of(Decimal(number), units)) for number in numbers] == texts


@pytest.mark.parametrize("language", UNITS)
def test_signs_of_money_come_last_and_stay_there(language):
    with translation.override(language):
        assert [money_of(Decimal(1500), each) for each in ("USD", "EUR")] == [
            f"1{NBSP}500,00{NBSP}$",
            f"1{NBSP}500,00{NBSP}€",
        ]


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        (
            "nb",
            [
                "Du får 1 stjerne per 10 € i kategorien kaffe.",
                "Du får dobbelt så mange stjerner på tirsdager eller fredager.",
                "Du får 20 stjerner for hver aktivitet av typen «anmeldelse».",
                "Du får ingen stjerner i kategorien kaffe.",
            ],
        ),
        (
            "pl",
            [
                "1 punkt za 10 € zakupów w kategorii kaffe.",
                "Dwa razy więcej punktów we wtorki lub w piątki.",
                "20 punktów za każdą aktywność „opinia”.",
                "Bez punktów w kategorii kaffe.",
            ],
        ),
        (
            "ru",
            [
                "1 балл за 10 € покупок в категории kaffe.",
                "Вдвое больше баллов по вторникам или пятницам.",
                "20 баллов за каждое действие «отзыв».",
                "Без баллов в категории kaffe.",
            ],
        ),
    ],
)
def test_rules(language, sentences):
    coffee = category("kaffe")
    rules = [
        rate("1", "10", coffee, basis="lines"),
        times("2", Condition("weekday", "in", (2, 5))),
        fixed("20", trigger="review"),
        rate("0", "1", coffee, basis="lines"),
    ]
    with translation.override(language):
        assert [plainly(sentence_for_rule(each, UNITS[language], "EUR", "member")) for each in rules] == sentences


@pytest.mark.parametrize(
    ("language", "expiry", "activation"),
    [
        ("nb", "Stjerner er gyldige i 12 måneder etter at du fikk dem, og ut den måneden.", "Du kan bruke stjerner"),
        ("pl", "Ważność punktów: 12 miesięcy od zebrania, do końca ostatniego miesiąca.", "Z punktów możesz korzystać"),
        ("ru", "Срок действия баллов — 12 месяцев после начисления и до конца последнего месяца.", "Списание баллов"),
    ],
)
def test_policies(language, expiry, activation):
    with translation.override(language):
        assert sentence_for_expiry(ExpiryPolicy("rolling", 12, "month"), UNITS[language], "member") == expiry
        told = sentence_for_activation(ActivationPolicy("after_days", 14), UNITS[language], "member")
        assert told.startswith(activation)


def test_activities_have_names():
    with translation.override("en"):
        assert activity_name("review") == "review"
        assert activity_name("app-open") == "visit to the app"
        assert all(activity_name(code) for code in NAMES)
        assert activity_name("check_in") == "check-in"
        assert activity_name("product_review") == "product review"
    with translation.override("nb"):
        assert activity_name("birthday") == "bursdag"
