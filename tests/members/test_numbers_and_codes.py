import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.members import rules

OFFERED = ["en", "nb", "pl", "ru", "pt-br"]


def test_the_check_digit_is_luhns():
    assert rules.check_digit("7992739871") == "3"
    assert rules.check_digit("453201511283036") == "6"


@given(st.integers(10**10, 10**11 - 1), st.integers(0, 11), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(payload, place, shift):
    number = f"{payload}{rules.check_digit(str(payload))}"
    wrong = str((int(number[place]) + shift) % 10)

    assert rules.is_number(number)
    assert not rules.is_number(number[:place] + wrong + number[place + 1 :])


@given(st.integers(10**10, 10**11 - 1), st.integers(0, 10))
def test_swapped_neighbours_are_noticed_but_for_nine_and_nought(payload, place):
    number = f"{payload}{rules.check_digit(str(payload))}"
    one, two = number[place], number[place + 1]
    swapped = number[:place] + two + one + number[place + 2 :]

    assert rules.is_number(swapped) == (one == two or {one, two} == {"0", "9"})


def test_numbers_are_twelve_digits_and_not_in_a_row():
    numbers = {rules.new_number() for _each in range(1000)}

    assert len(numbers) == 1000
    assert all(rules.is_number(number) and number[0] != "0" for number in numbers)


@pytest.mark.parametrize("text", ["", "12345678901a", "1234567890123", "²" * 12])
def test_other_texts_are_no_numbers(text):
    assert not rules.is_number(text)


def test_codes_to_share_are_easy_to_read():
    code = rules.new_referral_code()

    assert len(code) == 8
    assert set(code) <= set(rules.CODE_ALPHABET)
    assert not set(rules.CODE_ALPHABET) & set("01AEIOUY")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("en", "en"),
        ("EN_us", "en"),
        ("nb-NO", "nb"),
        ("no", "nb"),
        ("nn-NO", "nb"),
        ("pt-BR", "pt-br"),
        ("pt", ""),
        (" ru ", "ru"),
        ("", ""),
        ("tlh", ""),
    ],
)
def test_a_language_is_the_nearest_that_is_offered(wanted, found):
    assert rules.nearest_language(wanted, OFFERED) == found


def test_the_card_is_a_picture_without_styles_that_says_what_it_is():
    svg = rules.card_svg("123456789012", title="Member <number>")

    root = ET.fromstring(svg)  # noqa: S314 our own
    assert root.attrib["class"] == "qr"
    assert "width" not in root.attrib
    assert root.attrib["viewBox"].startswith("0 0 ")
    assert root[0].text == "Member <number>"
    assert "style=" not in svg


def test_secrets_are_never_alike():
    secrets = {rules.new_secret() for _each in range(100)}

    assert len({prefix for prefix, _secret in secrets}) == 100
    assert all(rules.prefix_of(secret) == prefix for prefix, secret in secrets)
