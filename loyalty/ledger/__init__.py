"""The single door to points.

Nouns: account (a member's or partner's place in a wallet), posting (one movement on it, never changed), lot (points of
one award with their own expiry), hold (points set aside). Doors: `services.py` holds the verbs, `queries/` the reads;
the models are private, and `invariants/` is what `check_ledger` proves. Every verb is one SQL function: Python decides,
SQL posts, the ORM reads.
Events out: none; whoever calls a verb publishes what it means.

Buckets: each account has three (active, pending, held). A bucket's balance is the sum of its postings; moves between
buckets or accounts are two postings with one transfer id. Keys are natural facts, unique per account for ever.
"""
