"""What tills ask all day, as functions: PostgreSQL plans them once per session, which takes longer than answering."""

from pathlib import Path

from django.db import migrations

HERE = Path(__file__).parent
FUNCTIONS = ("members/credential.sql", "members/claim.sql", "ledger/balances.sql")
BACKWARD = """
DROP FUNCTION members_credential(text, text);
DROP FUNCTION members_claim(bigint, bigint, text);
DROP FUNCTION ledger_balances(uuid);
"""


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0004_reading")]

    operations = [
        migrations.RunSQL("\n".join((HERE / name).read_text() for name in FUNCTIONS), BACKWARD),
    ]
