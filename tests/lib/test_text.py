"""What people write is kept as they write it; what only deceives the eye is told apart."""

import unicodedata

import pytest

from loyalty.lib.text import is_legible

WRITTEN = {
    "nothing": "",
    "plain": "Ada Lovelace",
    "accents": "Zoë Åse Łukasz Ğ. Nguyễn",
    "decomposed accents": unicodedata.normalize("NFD", "Zoë Nguyễn"),
    "apostrophe and hyphen": "Siân O’Neill-Ødegård",
    "a blank that does not break": "Ada\u00a0L.",
    "Cyrillic": "Ада Лавлейс",
    "Chinese": "愛達",
    "Japanese with a variant form": "葛\U000e0100城",
    "Korean": "에이다",
    "Arabic": "عَبْد الله",
    "Persian with a non-joiner": "علی\u200cرضا",
    "Hebrew with a mark of direction": "עדה (Ada)\u200f",
    "Hindi with a joiner": "क्\u200dष",
    "Malayalam that ends with a joiner": "മോഹന്\u200d",
    "Sinhala": "ශ්\u200dරී",
    "a family": "👨\u200d👩\u200d👧",
    "a heart on fire": "❤️\u200d🔥",
    "the flag of Wales": "🏴\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f",
}
UNREADABLE = {
    "NUL": "a\0",
    "a line break": "Ada\nLovelace",
    "a tab": "Ada\tLovelace",
    "an escape": "\x1b[31mAda",
    "a C1 control": "Ada\x85",
    "a line separator": "Ada\u2028Lovelace",
    "half a surrogate pair": "\ud800",
    "a noncharacter": "\uffff",
    "a byte order mark": "\ufeffAda",
    "a zero-width space": "A\u200bda",
    "a word joiner": "A\u2060da",
    "a soft hyphen": "A\u00adda",
    "a Mongolian vowel separator": "Ada\u180e",
    "a letter that shows nothing": "\u3164",
    "a joiner among Latin letters": "A\u200dda",
    "a non-joiner at the beginning": "\u200cعلی",
    "two non-joiners": "علی\u200c\u200cرضا",
    "a mark of direction among Latin letters": "Ada\u200e",
    "tags without a flag": "Ada\U000e0041",
} | {f"U+{code:04X}": f"Ada{chr(code)}adA" for code in [*range(0x202A, 0x202F), *range(0x2066, 0x206A)]}


@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN.keys())
def test_what_people_write_is_legible(text):
    assert is_legible(text)


@pytest.mark.parametrize("text", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_deceives_the_eye_is_not(text):
    assert not is_legible(text)
