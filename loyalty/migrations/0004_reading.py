"""Indexes for the staff's questions, none of them on the posting path's hot columns.

Members are found by any part of their name, e-mail address or own id (trigrams; pg_trgm is a trusted extension). Postings are
read in the order in which they happened: ids and days grow together, so a block-range index of some kilobytes does, and
costs an insert next to nothing. Accounts in debt are few and are looked up apart.
"""

from django.db import migrations

FORWARD = """
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE INDEX member_search ON loyalty_member USING gin (
    upper(name) gin_trgm_ops, upper(email) gin_trgm_ops, upper(external_id) gin_trgm_ops
);
CREATE INDEX ledger_posting_in_time ON ledger_posting USING brin (id, event_at)
    WITH (pages_per_range = 32, autosummarize = on);
CREATE INDEX ledger_account_owing ON ledger_account (wallet_id) WHERE may_owe;
"""
BACKWARD = """
DROP INDEX ledger_account_owing;
DROP INDEX ledger_posting_in_time;
DROP INDEX member_search;
"""


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0003_programs")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
