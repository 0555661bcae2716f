"""`manage.py bench` from one end to the other, as an operator calls it: it measures, it tells, it leaves nothing."""

import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from config.bench.place import PREFIX, own_place
from config.management.commands.bench import BENCHES

pytestmark = pytest.mark.alone

ROOT = Path(__file__).resolve().parents[2]
# With a third of what a goal asks for, something is broken and not merely busy.
LOOSE = 3


@pytest.fixture(scope="session")
def told() -> dict:
    command = [sys.executable, "manage.py", "bench", "--quick", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def databases() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX])
        return [name for (name,) in cursor.fetchall()]


def test_every_figure_is_measured(told):
    assert told["scale"] == "quick"
    assert {figure["number"] for figure in told["figures"]} == {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14}
    assert told["met"] + told["missed"] == len(told["figures"])
    for figure in told["figures"]:
        assert set(figure) == {"number", "name", "says", "measured", "goal", "met", "rounds", "notes"}
        assert figure["measured"] > 0


def test_what_is_compared_is_compared_five_times(told):
    assert {len(figure["rounds"]) for figure in told["figures"]} <= {0, 5, 6}


def test_what_is_counted_meets_its_goal(told):
    counted = {"statements", "statements of a purchase", "queries of home"}
    counted |= {f"log {what} of {verb}" for what in ("records", "bytes") for verb in ("award", "spend")}
    missed = {figure["name"] for figure in told["figures"] if not figure["met"]}
    assert counted & missed == set()


def test_what_is_timed_is_not_far_from_its_goal(told):
    timed = {
        figure["name"]: figure for figure in told["figures"] if figure["name"] in {"award", "spend", "import again"}
    }
    assert timed["award"]["measured"] * LOOSE >= 0.6
    assert timed["spend"]["measured"] * LOOSE >= 0.6
    assert timed["import again"]["measured"] <= 0.33 * LOOSE


@pytest.mark.django_db
def test_it_leaves_no_database(told):
    assert databases() == []


@pytest.mark.django_db(transaction=True)
def test_a_role_that_may_not_create_databases_is_told_so():
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE bench_guest; SET ROLE bench_guest")
    try:
        with pytest.raises(CommandError, match="ALTER ROLE bench_guest CREATEDB"):
            call_command("bench", "--quick", "--only", "statements")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE; DROP ROLE bench_guest")


@pytest.mark.django_db(transaction=True)
def test_its_database_goes_when_something_breaks_and_connection_leads_home():
    before = connection.settings_dict["NAME"]
    with suppress(ZeroDivisionError), own_place() as place:
        assert {place.name, place.fresh} <= set(databases())
        assert connection.settings_dict["NAME"] == place.name
        raise ZeroDivisionError
    assert connection.settings_dict["NAME"] == before
    assert databases() == []


@pytest.mark.django_db(transaction=True)
def test_what_a_killed_run_left_goes_with_the_next_unless_somebody_is_there():
    left, busy = f"{PREFIX}left", f"{PREFIX}busy"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {left} TEMPLATE template0")
        cursor.execute(f"CREATE DATABASE {busy} TEMPLATE template0")
    parameters = {**connection.get_connection_params(), "dbname": busy}
    for name in ("cursor_factory", "context", "prepare_threshold"):
        parameters.pop(name, None)
    try:
        with psycopg.connect(**parameters), own_place():
            assert left not in databases()
            assert busy in databases()
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {busy} WITH (FORCE)")


def test_the_empty_views_are_not_in_the_product(client):
    assert client.get("/bench/empty").status_code == 404
    assert client.get("/bench/signed-in").status_code == 404


def test_a_bench_that_is_not_there_is_refused_with_the_names_of_all():
    with pytest.raises(CommandError, match="nonsense.*" + ".*".join(BENCHES)):
        call_command("bench", "--only", "nonsense")
