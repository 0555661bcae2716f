"""What a program's document is made of, and that two that say the same are the same."""

from loyalty.programs.rules.documents import BY_NAME, NOUNS, digest_of, keys_of


def test_the_order_of_settings_makes_no_difference():
    assert digest_of({"a": 1, "b": [2]}) == digest_of({"b": [2], "a": 1})
    assert digest_of({"a": 1}) != digest_of({"a": 2})


def test_things_of_one_name_are_counted():
    rules = [{"name": "Beans"}, {"name": "Beans"}, {"name": "Beans (2)"}]

    assert keys_of(BY_NAME["rules"], rules) == ["Beans", "Beans (2)", "Beans (2) (2)"]


def test_a_cap_without_a_name_is_told_by_what_it_limits():
    limits = {"scope": "member", "period": "day", "measure": "points"}

    keys = keys_of(BY_NAME["caps"], [{"rule": "Beans", **limits}, {"campaign": "spring", **limits}, limits])

    assert keys == ["Beans member day points", "spring member day points", "program member day points"]


def test_nothing_refers_to_what_comes_later():
    known: set[str] = set()
    for noun in NOUNS:
        assert set(noun.refers.values()) <= known
        known.add(noun.name)
