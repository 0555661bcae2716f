"""Every write of the programs floor, one file per noun.

facts.py       what comes in: PurchaseFacts, ActivityFacts; what comes out: Recorded
activities.py  record_purchase, record_activity, record_purchases; confirmation.py: confirm_activity, cancel_activity
points.py      adjust_points            policies.py    change_wallet_policy
programs.py    create_program           rules.py       save_rule, archive_rule
jobs.py        activate, expire, warn   schedules.py   the beat entries
imports.py     files of purchases: check, apply
"""
