"""Every write of the programs floor, one file per noun.

facts.py         what comes in: PurchaseFacts, ActivityFacts; what comes out: Recorded
activities.py    record_purchase, record_activity        batches.py   record_purchases
                 (checks.py, drafts.py, judging.py, storing.py: the steps on the way)
confirmation.py  confirm_activity, cancel_activity       points.py    adjust_points
policies.py      change_wallet_policy and its preview    programs.py  create_program
rules.py         copy_rule, archive_rule
jobs.py          activate, expire, cancel, release, warn, prove
schedules.py     ensure_schedules: when the jobs run
imports.py       import_purchases: a file of purchases (import_reader.py, import_rows.py, import_judging.py,
                 import_staging.py, import_posting.py: the steps on the way); uploads.py: files that staff upload
transactions.py  one transaction per change, tried again; whose turn a job is
"""
