"""What operators mistype is answered in one sentence, never by a traceback."""

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from loyalty.programs.rules.shapes import validate_month_day

PLACE = ("create_program", "shop", "--name", "Shop", "--currency", "EUR", "--timezone", "UTC")


def test_an_amount_that_is_none():
    with pytest.raises(CommandError, match="“abc” is not an amount"):
        call_command(*PLACE, "--points-per", "abc")


def test_the_program_of_the_terminal_ends_with_a_sentence(capsys):
    from loyalty.management.commands.create_program import Command

    with pytest.raises(SystemExit) as ended:
        Command().run_from_argv(["manage.py", *PLACE, "--points-per", "abc"])
    assert ended.value.code
    said = capsys.readouterr().err
    assert "“abc” is not an amount" in said
    assert "Traceback" not in said


@pytest.mark.django_db
def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(CommandError, match="cannot be read: No such file") as refused:
        call_command("import_purchases", str(tmp_path / "none.csv"), "--program", "shop")
    assert "Errno" not in str(refused.value)


@pytest.mark.parametrize("text", ["²-1", "١٢-٣١", "13-01", "02-30", "12", ""])
def test_a_day_of_the_year_that_is_none(text):
    with pytest.raises(ValidationError):
        validate_month_day(text)
