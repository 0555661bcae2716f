"""Staff screens of the members floor, one file per noun: consent texts, API keys, staff access, users.

The member's own page shows points and lots, so it stands one floor up, in `loyalty/programs/admin/members.py`.
"""
