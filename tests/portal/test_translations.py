"""Members read the portal in their language: every word of its pages is in the catalogue, compiled."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation
from django.utils.translation import trans_real

from tests.portal.conftest import buy

TEMPLATES = Path(settings.BASE_DIR, "templates")
WORDS = re.compile(r"""\{%\s*translate\s+(?:"([^"]+)"|'([^']+)')""")
LANGUAGES = ["nb", "pl", "ru"]


def words() -> set[str]:
    pages = [
        TEMPLATES / "base.html",
        *(page for room in ("portal", "account", "errors") for page in (TEMPLATES / room).rglob("*.*")),
    ]
    return {"".join(found) for page in pages for found in WORDS.findall(page.read_text())}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_of_the_pages_is_translated(language):
    with translation.override(language):
        catalogue = trans_real.catalog()._catalog
        assert sorted(word for word in words() if word not in catalogue) == []


@pytest.mark.parametrize(
    ("language", "words_there"),
    [
        ("nb", ["Siste aktivitet", "Neste for deg", "Kjøp for 29,90", "Vis kortet", "Hjem", "Tjen", "Meg"]),
        ("pl", ["Ostatnia aktywność", "Co dalej", "Zakupy za 29,90", "Pokaż kartę"]),
        ("ru", ["Последние события", "Что дальше", "Покупка на 29,90", "Показать карту"]),
    ],
)
@pytest.mark.django_db
def test_home_is_in_the_members_language(as_ada, ada, language, words_there):
    buy(ada, "r1", "29.90")
    ada.language = language
    ada.save()
    page = " ".join(as_ada.get("/p/aurora/").content.decode().split())
    assert [word for word in words_there if word not in page] == []
    assert "Recent activity" not in page
