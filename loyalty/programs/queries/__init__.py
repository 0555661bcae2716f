"""Every read of the programs floor, one file per noun.

programs.py      program_by_code, wallets_of         configuration.py  the live rules and policies, compiled
balances.py      what a member holds                 lots.py           by their dates, and what is set aside
statement.py     what moved, and why                 activities.py     what members bought and did
terms.py         the program in plain words          samples.py        policies by example
imports.py       what an import must know
"""
