"""Every blueprint is a whole program that goes to a file and comes back; their stories are in the file beside."""

from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command

from loyalty.lib import clock
from loyalty.members.services.members import enrol_member
from loyalty.programs.models.activity import Activity
from loyalty.programs.models.program import Program
from loyalty.programs.queries.balances import balances_of
from loyalty.programs.queries.blueprints import blueprint_called, blueprints
from loyalty.programs.queries.configuration import configuration_of
from loyalty.programs.queries.documents import document_of
from loyalty.programs.queries.terms import terms_of
from loyalty.programs.rules.occurrence import Line
from loyalty.programs.services import jobs
from loyalty.programs.services.activities import record_purchase
from loyalty.programs.services.blueprints import apply_blueprint
from loyalty.programs.services.facts import PurchaseFacts

pytestmark = pytest.mark.django_db
NAMES = [
    "bank-points", "beauty-club", "cafe-stars", "card-cashback", "cosmetics-vouchers", "fashion-exchange",
    "jewellery-ladder", "make-up-club", "telecom",
]  # fmt: skip
# What 100.00 in the shop “Urban 1”, of the category top-up, earns as the first purchase, on a Tuesday.
EARNED = {
    "bank-points": {"points": 5100}, "beauty-club": {"points": 100}, "cafe-stars": {"stars": 200},
    "card-cashback": {"cashback": 100}, "cosmetics-vouchers": {"points": 120},
    "fashion-exchange": {"urban": 200, "status": 100}, "jewellery-ladder": {"points": 100},
    "make-up-club": {"points": 300}, "telecom": {"coins": 100},
}  # fmt: skip


def buy(program, member, receipt, amount="100.00"):
    facts = PurchaseFacts(
        source="till", receipt=receipt, member=member, at=clock.now(), currency=program.currency, store="Urban 1",
        lines=(Line(Decimal(amount), Decimal(1), category="top-up"),),
    )  # fmt: skip
    return {award.wallet_code: award.points for award in record_purchase(program, facts, actor="test").awards}


def test_all_nine_are_there():
    assert [blueprint.name for blueprint in blueprints()] == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_join_earn_and_expire(name):
    with time_machine.travel("2026-03-03T12:00:00Z", tick=False) as time:
        program = apply_blueprint(blueprint_called(name), code="brand", actor="test")
        assert (configuration_of(program).broken, bool(terms_of(program))) == ((), True)
        member = enrol_member(program, external_id="ida", name="Ida", actor="test")

        assert buy(program, member, "1") == EARNED[name]
        time.shift(timedelta(days=31))
        jobs.activate_points()
        assert {row.wallet.code: row.active for row in balances_of(member) if row.active} == EARNED[name]

        time.shift(timedelta(days=4 * 366))
        jobs.expire_points()
        lasting = {"jewellery-ladder": {"points"}, "fashion-exchange": {"status"}}
        assert {row.wallet.code for row in balances_of(member) if row.active} == lasting.get(name, set())


@pytest.mark.parametrize("name", NAMES)
def test_export_and_import_give_the_same_program(name, tmp_path):
    program = apply_blueprint(blueprint_called(name), code="first", actor="test")
    exported = StringIO()
    call_command("blueprint", "export", "--program", "first", stdout=exported)
    path = tmp_path / "mine.yaml"
    path.write_text(exported.getvalue(), "utf-8")

    call_command("blueprint", "apply", str(path), "--program", "second", stdout=StringIO())

    assert document_of(Program.objects.get(code="second")) == document_of(program)


def test_the_list_tells_what_each_is():
    told = StringIO()
    call_command("blueprint", "list", stdout=told)

    assert told.getvalue().splitlines()[0].split(maxsplit=1) == [
        "bank-points", "Bank points that can be sent in steps of 1,000",
    ]  # fmt: skip


def test_a_mistake_is_told_with_its_line_and_nothing_is_kept(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("wallets:\n- code: points\n  name: Points\n  expiry: soon\n")

    with pytest.raises(CommandError, match=r"Line 4, wallets\.1\.expiry: .*soon"):
        call_command("blueprint", "apply", str(path), "--program", "mine")

    assert not Program.objects.filter(code="mine").exists()


def test_a_program_with_activity_takes_it_as_a_draft_only(world):
    buy(world.aurora, world.ada, "1")
    with pytest.raises(CommandError, match="has activity"):
        call_command("blueprint", "apply", "beauty-club", "--program", "aurora")
    call_command("blueprint", "apply", "beauty-club", "--program", "fjord", stdout=StringIO())

    assert Activity.objects.get().program == world.aurora
    assert Program.objects.get(code="fjord").name == "Beauty Club"
