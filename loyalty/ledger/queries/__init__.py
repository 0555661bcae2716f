"""All reads of the ledger, as plain values: the models stay inside.

balances (what members hold) · statement (what moved) · lots (points by their dates, and holds) · figures (wallets as a
whole) · due (what a sweep has to do) · proof (that everything adds up).
Scopes are a subject (a member), an account, or wallets. `at` is the instant (aware) as of which lots count: a lot past
its instant is nobody's any more, whether or not the sweep has closed it.
"""
