"""Members read their own language: nothing is missing, nothing is stale, and every language counts and dates right.

After a change of words: edit config/locale/<language>/LC_MESSAGES/django.po, brought up to date by

    uv run manage.py makemessages -l nb -l pl -l ru -e html,txt,py -i .venv -i tests \
        --add-location file --no-wrap --no-obsolete
    uv run manage.py compilemessages -l nb -l pl -l ru -i .venv
"""

import re
from datetime import UTC, datetime
from functools import cache
from html import unescape

import polib
import pytest
import time_machine
from django.test import Client
from django.utils import translation

from loyalty.messaging.subscribers import warn_of_expiry
from loyalty.programs.events import PointsExpiring
from tests.house.words_in_sources import ROOT, Words, member_files, words_of
from tests.portal.conftest import client_of
from tests.till import buy
from tests.world import World

LANGUAGES = ["nb", "pl", "ru"]
FORMS = {"nb": 2, "pl": 3, "ru": 3}
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")
CATALOGUES = ROOT / "config" / "locale"
NOVEMBER = datetime(2026, 11, 21, 12, tzinfo=UTC)


@cache
def entries(language: str, ending: str = "po") -> dict[Words, polib.POEntry]:
    read = polib.pofile if ending == "po" else polib.mofile
    found = read(str(CATALOGUES / language / "LC_MESSAGES" / f"django.{ending}"))
    return {(each.msgctxt or "", each.msgid, each.msgid_plural or ""): each for each in found}


def texts_of(entry: polib.POEntry) -> list[str]:
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


@cache
def member_words() -> frozenset[Words]:
    return frozenset().union(*(words_of(path) for path in member_files()))


def test_the_sources_are_read():
    assert {
        ("", "See all", ""),
        ("", "%(points)s expires on %(date)s", "%(points)s expire on %(date)s"),
        ("", "Wallet", ""),
        ("condition", "%(name)s is %(value)s", ""),
        ("form of a unit", "one", "many"),
        ("", "There are not enough points.", ""),
    } <= member_words()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_that_members_read_is_translated(language):
    known = entries(language)
    assert sorted(words for words in member_words() if words not in known or not known[words].translated()) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_translation_is_a_guess(language):
    assert [entry.msgid for entry in entries(language).values() if entry.fuzzy or entry.obsolete] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_say_the_same_things(language):
    """A sentence with one form puts in exactly what the English one does; plural forms at most what theirs do."""
    wrong = []
    for entry in entries(language).values():
        allowed = set(PLACEHOLDER.findall(entry.msgid + entry.msgid_plural))
        for text in filter(None, texts_of(entry)):
            used = set(PLACEHOLDER.findall(text))
            if not (used <= allowed if entry.msgid_plural else used == allowed):
                wrong.append((entry.msgid, text))
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_plurals_have_every_form(language):
    counted = [entry for entry in entries(language).values() if entry.msgid_plural and entry.translated()]
    assert {len(entry.msgstr_plural) for entry in counted} == {FORMS[language]}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalogue_is_that_of_the_text(language):
    written = {words: texts_of(entry) for words, entry in entries(language).items() if entry.translated()}
    compiled = {words: texts_of(entry) for words, entry in entries(language, "mo").items()}
    assert compiled == written


def left_in_english(language: str, page: str) -> list[str]:
    """The English texts in a page that have a translation; those of a single word may be the brand's."""
    text = " ".join(unescape(re.sub(r"<[^>]+>", " | ", page)).split())
    known = entries(language)
    whole = [words for words in member_words() if " " in words[1] and not PLACEHOLDER.search(words[1])]
    return sorted(each[1] for each in whole if each[1] in text and each[1] not in texts_of(known[each]))


def page_of(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def speaking(world: World, language: str) -> Client:
    """Ada's browser, after a purchase, with every page in her language."""
    buy(world.ada, "29.90")
    world.aurora.languages = ["en", *LANGUAGES]
    world.aurora.save()
    world.ada.language = language
    world.ada.save()
    return client_of(world.ada)


@pytest.mark.django_db
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", ["", "statement/", "terms/", "me/", "me/consents/", "lots/", "inbox/", "card/"])
def test_no_english_is_left_on_a_members_pages(world, language, path):
    page = page_of(speaking(world, language), f"/p/aurora/{path}")
    assert f'<html lang="{language}"' in page
    assert left_in_english(language, page) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "words_there"),
    [
        ("nb", ["Siste aktivitet", "Neste for deg", "Kjøp for 29,90", "Vis kortet", "Hjem", "Tjen", "Meg"]),
        ("pl", ["Ostatnia aktywność", "Co dalej", "Zakupy za 29,90", "Pokaż kartę"]),
        ("ru", ["Последние события", "Что дальше", "Покупка на 29,90", "Показать карту"]),
    ],
)
def test_home_is_in_the_members_language(world, language, words_there):
    page = " ".join(page_of(speaking(world, language), "/p/aurora/").split())
    assert [words for words in words_there if words not in page] == []


@pytest.mark.django_db
def test_english_that_is_left_is_noticed(world):
    page = page_of(client_of(world.ada), "/p/aurora/")
    assert {"Recent activity", "Show my card", "Nothing here yet"} <= set(left_in_english("nb", page))


@pytest.mark.django_db
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", ["/p/aurora/", "/p/aurora/join/", "/p/aurora/terms/", "/accounts/login/", "/"])
def test_no_english_is_left_where_strangers_arrive(world, language, path):
    assert left_in_english(language, page_of(Client(headers={"Accept-Language": language}), path)) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "points", "subject"),
    [
        ("nb", 1, "1 poeng utløper 31. desember 2026"),
        ("nb", 1234, "1\u00a0234 poeng utløper 31. desember 2026"),
        ("pl", 1, "1 punkt wygasa 31 grudnia 2026"),
        ("pl", 22, "22 z Twoich punktów wygasają 31 grudnia 2026"),
        ("pl", 25, "25 punktów wygasa 31 grudnia 2026"),
        ("ru", 21, "21 балл сгорит 31 декабря 2026 года"),
        ("ru", 22, "22 из ваших баллов сгорят 31 декабря 2026 года"),
        ("ru", 25, "25 баллов сгорят 31 декабря 2026 года"),
    ],
)
def test_the_subject_of_a_warning_begins_with_the_number(world, mailoutbox, settings, language, points, subject):
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
    world.aurora.languages = ["en", *LANGUAGES]
    world.aurora.save()
    one, many = {"nb": ("poeng", "poeng"), "pl": ("punkt", "punktów"), "ru": ("балл", "баллов")}[language]
    world.aurora.wallets.update(unit_one=one, unit_many=many)
    world.ada.language = language
    world.ada.save()
    end, wallet = datetime(2026, 12, 31, 23, tzinfo=UTC), world.aurora.wallets.get()
    with time_machine.travel(NOVEMBER, tick=False):
        warn_of_expiry(PointsExpiring(world.ada.pk, wallet.pk, points, expires_at=end, until=end, days=30))
    (letter,) = mailoutbox
    assert letter.subject == subject
    assert left_in_english(language, letter.body + letter.alternatives[0].content) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_catalogue_is_the_one_in_use(language):
    with translation.override(language):
        assert translation.gettext("See all") != "See all"
