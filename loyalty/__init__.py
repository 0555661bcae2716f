"""Laurel's core: programs, members and a points ledger that cannot lose or double a point.

One Django app; the packages inside are floors, and a floor imports only floors below it:
portal > messaging > insights > programs > members > ledger > outbox > lib.
"""
