"""A part of a transaction that is undone as a whole needs no savepoint; one whose error somebody catches does."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from loyalty.lib.transactions import all_or_nothing, part_of_transaction
from loyalty.members.models import User


def make(name: str) -> None:
    User.objects.create(email=f"{name}@example.com")


def fail(name: str) -> None:
    with part_of_transaction():
        make(name)
        raise RuntimeError


def made() -> list[str]:
    return sorted(user.email.partition("@")[0] for user in User.objects.all())


def savepoints(asked) -> int:
    return sum(query["sql"].startswith("SAVEPOINT") for query in asked)


@pytest.mark.django_db(transaction=True)
def test_the_first_part_of_the_whole_has_no_savepoint():
    with CaptureQueriesContext(connection) as asked, all_or_nothing():
        with part_of_transaction():
            make("a")
        make("b")
    assert (made(), savepoints(asked)) == (["a", "b"], 0)


@pytest.mark.django_db(transaction=True)
def test_an_error_undoes_the_whole():
    def whole():
        with all_or_nothing():
            make("a")
            fail("b")

    with pytest.raises(RuntimeError):
        whole()
    assert made() == []


@pytest.mark.django_db(transaction=True)
def test_what_is_nested_deeper_may_be_caught():
    with all_or_nothing(), part_of_transaction():
        make("a")
        with pytest.raises(RuntimeError):
            fail("b")
        make("c")
    assert made() == ["a", "c"]


@pytest.mark.django_db(transaction=True)
def test_a_part_of_any_other_transaction_has_a_savepoint():
    with CaptureQueriesContext(connection) as asked, transaction.atomic():
        with pytest.raises(RuntimeError):
            fail("a")
        make("b")
    assert (made(), savepoints(asked)) == (["b"], 1)


@pytest.mark.django_db(transaction=True)
def test_the_mark_ends_with_the_whole():
    with all_or_nothing():
        make("a")
    with CaptureQueriesContext(connection) as asked, transaction.atomic(), part_of_transaction():
        make("b")
    assert savepoints(asked) == 1
