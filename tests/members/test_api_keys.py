from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.core.management import CommandError, call_command

from loyalty.members import queries, rules
from loyalty.members.errors import BadMemberData, UnknownScope
from loyalty.members.models import ApiKey
from loyalty.members.services.keys import issue_api_key, note_key_use, revoke_api_key

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def issue(program, scopes=("all",), name="Till"):
    return issue_api_key(program, name=name, scopes=scopes, actor="staff:1")


def test_a_key_opens_its_program_and_is_not_kept(world):
    issued = issue(world.aurora, ["purchases:write", "members:read", "members:read"])

    key = issued.api_key
    assert key.scopes == ["members:read", "purchases:write"]
    assert issued.secret.startswith(key.prefix)
    assert len(issued.secret.rpartition("_")[2]) * 4 == 160
    assert issued.secret not in str(ApiKey.objects.values().get())
    found = queries.api_key_for(issued.secret)
    assert (found.pk, found.program_id, found.scopes) == (key.pk, world.aurora.pk, key.scopes)
    assert queries.program_of(found) == world.aurora
    assert key.history.get().history_change_reason == "staff:1"


def test_a_wrong_key_opens_nothing(world):
    secret = issue(world.aurora).secret

    for wrong in ("", "x", secret[:-1], secret + "0", secret.upper(), f"lrl_{'0' * 10}_{'0' * 40}", "lrl__", "é_ü_ö"):
        assert queries.api_key_for(wrong) is None


def test_a_revoked_key_opens_nothing(world):
    issued = issue(world.aurora)
    with time_machine.travel(NOON, tick=False) as time:
        revoke_api_key(issued.api_key, actor="staff:1")
        time.shift(timedelta(hours=1))
        revoke_api_key(issued.api_key, actor="staff:2")

    assert queries.api_key_for(issued.secret) is None
    issued.api_key.refresh_from_db()
    assert issued.api_key.revoked_at == NOON


@pytest.mark.parametrize("scopes", [[], ["everything"], ["members:read", "member:read"]])
def test_a_scope_that_is_none_is_refused_with_those_there_are(world, scopes):
    with pytest.raises(UnknownScope) as refusal:
        issue(world.aurora, scopes)

    assert "members:read, members:write" in str(refusal.value)
    assert ApiKey.objects.count() == 0


@pytest.mark.parametrize("name", ["", "x" * 81, "\x00"])
def test_a_key_has_a_name(world, name):
    with pytest.raises(BadMemberData) as refusal:
        issue(world.aurora, name=name)

    assert refusal.value.field == "name"


def test_all_includes_what_comes_later():
    assert rules.allows(["all"], "redemptions:write")
    assert rules.allows(["members:read"], "members:read")
    assert not rules.allows(["members:read"], "members:write")


def test_the_day_of_use_is_written_once(world, django_assert_num_queries):
    issued = issue(world.aurora)
    with time_machine.travel(NOON, tick=False):
        note_key_use(queries.api_key_for(issued.secret))
        used = queries.api_key_for(issued.secret)
        assert used.last_used_on == date(2026, 3, 1)
        with django_assert_num_queries(0):
            note_key_use(used)
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        note_key_use(used)

    assert queries.api_key_for(issued.secret).last_used_on == date(2026, 3, 2)


def test_the_command_prints_the_key_alone(world, capsys):
    call_command("create_api_key", program="aurora", name="Tills", scopes="members:read, purchases:write")

    out, err = capsys.readouterr()
    assert out.count("\n") == 1
    assert err == ""
    key = queries.api_key_for(out.strip())
    assert (key.program_id, key.scopes) == (world.aurora.pk, ["members:read", "purchases:write"])


@pytest.mark.parametrize(
    ("program", "scopes", "words"),
    [
        ("aurora", "member:read", "Unknown scope: member:read"),
        ("aurora", " ,", "Unknown scope"),
        ("nowhere", "all", ""),
    ],
)
def test_the_command_says_what_is_wrong(world, program, scopes, words):
    with pytest.raises(CommandError) as refusal:
        call_command("create_api_key", program=program, name="Tills", scopes=scopes)

    assert words in str(refusal.value)
