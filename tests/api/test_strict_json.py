"""JSON that two readers could understand differently never gets in."""

from decimal import Decimal

import pytest

from loyalty.lib.errors import Malformed
from loyalty.lib.rest.faults import InvalidInput
from loyalty.lib.rest.parsers import DEEPEST, OUT_OF_RANGE, NotJSON, load_json


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": 1}', {"a": 1}),
        (b'{"a": -9223372036854775807}', {"a": -(2**63 - 1)}),
        (b'{"a": 9223372036854775807}', {"a": 2**63 - 1}),
        (b'{"a": 19.99}', {"a": Decimal("19.99")}),
        (b'{"a": "\\u00e6\\ud83c\\udf3f"}', {"a": "æ🌿"}),
        (b'{"a": "\\\\u0000"}', {"a": "\\u0000"}),
        (b"[" * DEEPEST + b"]" * DEEPEST, pytest.approx),
        (b'{"a": "' + b'[\\"{' * 99 + b'"}', {"a": '["{' * 99}),
        (b"[" + b"[[]]," * 99 + b"1]", [[[]]] * 99 + [1]),
        (b" null ", None),
    ],
)
def test_what_is_read(body, value):
    read = load_json(body)
    assert read == value or value is pytest.approx


def test_no_float_ever():
    assert [type(number) for number in load_json(b"[1.5, 15e-1, 1, 1.0, 1e2, -0.0]")] == [Decimal, Decimal, *[int] * 4]


@pytest.mark.parametrize(
    "number",
    [
        "9223372036854775808",
        "-9223372036854775808",
        "1" * 5000,
        "1e999999999",
        "1e-999999999",
        "1e99999999999999999999",
        "-1e-99999999999999999999",
        "0." + "1" * 60,
        "1E400",
    ],
)
def test_numbers_beyond_the_range_are_no_value_that_a_field_takes(number):
    assert load_json(f'{{"a": {number}}}'.encode()) == {"a": OUT_OF_RANGE}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{'a': 1}",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": 01}',
        b'{"a": +1}',
        b'{"a": .5}',
        b'{"a": 1,}',
        b'{"a": "\x00"}',
        b'{"a": "\n"}',
        b'{"a": "\xff"}',
        b'\xef\xbb\xbf{"a": 1}',
        '{"a": 1}'.encode("utf-16"),
        b'{"a": 1} {"b": 2}',
        b'{"a": 1} // no',
        b"[" * 500_000,
        b'{"a":' * 100_000,
    ],
    ids=range(19),
)
def test_what_is_no_json(body):
    with pytest.raises(NotJSON) as refused:
        load_json(body)
    assert isinstance(refused.value, Malformed)


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        (b'{"a": 1, "a": 1}', "duplicate-key", ""),
        (b'{"x": [{"a": 1, "\\u0061": 2}]}', "duplicate-key", ""),
        (b'{"a": "\\u0000"}', "character", "/a"),
        (b'{"lines": [{}, {"sku": "x\\u0000"}]}', "character", "/lines/1/sku"),
        (b'{"a": "[[[[[[[[[[[[[[[[[[[[", "b": ' + b"[" * 16 + b"]" * 16 + b"}", "too-deep", "/b" + "/0" * 15),
        (b'{"a": "\\ud83c"}', "character", "/a"),
        (b'{"a/b~c": "\\udfff"}', "character", "/a~1b~0c"),
        (b'{"\\u0000": 1}', "character", "/\N{REPLACEMENT CHARACTER}"),
        (b'{"\\ud800": 1}', "character", "/?"),
        (b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1), "too-deep", "/0" * DEEPEST),
    ],
)
def test_what_is_json_and_refused(body, code, pointer):
    with pytest.raises(InvalidInput) as refused:
        load_json(body)
    assert [(fault.code, fault.at) for fault in refused.value.faults] == [(code, pointer)]
