"""Text as people may write it: everything that can be read is kept, what only deceives the eye is not.

Names, receipts, stores and the like come from portals, tills and files; all of them ask here. Not legible are

- control characters, line separators, halves of surrogate pairs, noncharacters;
- what turns the direction of the text around it (U+202A–U+202E, U+2066–U+2069), by which “gpj.exe” reads “exe.jpg”;
- what takes no room at all (zero-width space, word joiner, soft hyphen, byte order mark …) or is a letter that shows
  nothing (Hangul fillers), by which two names look like one, and a name like none.

Three kinds of invisible characters are part of writing, and stay where they are: the joiner and non-joiner (U+200D,
U+200C) after a letter of a script that joins, or within an emoji; the marks of direction (U+200E, U+200F, U+061C) in a
text with right-to-left letters; the tags of regional flags after a flag. Variation selectors always stay.
"""

import re

CONTROLS = r"\x00-\x1f\x7f-\x9f\u2028\u2029"
# The inside of a regular expression's brackets, as every language reads it: the API's document shows it. Hence without
# surrogates, which JSON in UTF-8 cannot hold, and without what lies beyond U+FFFF.
UNSEEN = (
    rf"{CONTROLS}\u00ad\u115f\u1160\u17b4\u17b5\u180e\u200b\u202a-\u202e\u2060-\u206f\u3164"
    r"\ufdd0-\ufdef\ufeff\uffa0\ufff9-\ufffb\ufffe\uffff"
)
_JOINS = (
    "\u0600-\u109f\u1700-\u18af\u1900-\u1cff\u2190-\u2bff\ua800-\uabff\ufb50-\ufdff\ufe0f\ufe70-\ufefc"
    "\U00010a00-\U00011fff\U0001e900-\U0001e95f\U0001f000-\U0001faff"
)
_RIGHT_TO_LEFT = re.compile("[\u05be-\u05ff\u0608-\u061b\u061d-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff]")
_DIRECTIONS = re.compile("[\u200e\u200f\u061c]")
_WRONG = re.compile(
    rf"[{UNSEEN}\ud800-\udfff\U0001d173-\U0001d17a\U000e0000-\U000e001f\U000e0080-\U000e00ff\U000e01f0-\U000e0fff]"
    rf"|(?<![{_JOINS}])[\u200c\u200d]"
    "|(?<![\U0001f3f4\U000e0020-\U000e007e])[\U000e0020-\U000e007f]"
)


def is_legible(text: str) -> bool:
    """Whether every character of `text` can be seen, or belongs to the writing of one that can."""
    if text.isascii():
        return text.isprintable()
    if _WRONG.search(text):
        return False
    return not _DIRECTIONS.search(text) or bool(_RIGHT_TO_LEFT.search(text))
