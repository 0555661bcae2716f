"""What each line brought stands beside the award: at the till and in a batch; a file's one line is the whole."""

import pytest

from loyalty.programs.models.activity import Activity
from loyalty.programs.services.batches import record_purchases
from tests.till import ACTOR, buy, purchase

pytestmark = pytest.mark.django_db


def lines_of(receipt):
    (award,) = Activity.objects.get(external_id=receipt).awards
    return award.get("lines")


def test_the_till_and_a_batch_store_the_same(world):
    first = buy(world.ada, "33.33", "66.67", receipt="1")
    (second,) = record_purchases(world.aurora, [purchase(world.ada, "33.33", "66.67", receipt="2")], actor=ACTOR)
    assert lines_of("1") == lines_of("2") == {"1": "3333/100", "2": "6667/100"}
    assert first.awards == second.awards == buy(world.ada, "33.33", "66.67", receipt="1").awards


def test_one_line_needs_no_shares(world):
    buy(world.ada, "33.33")
    assert lines_of("1001") is None
