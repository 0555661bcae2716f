"""`manage.py bench`: how fast this machine runs Laurel, as ratios to a floor that is measured in the same run.

Absolute rates say more about the machine and the hour than about the product; a ratio of two things measured in turns,
median of at least five rounds, repeats within some percent. All of it happens in a database of its own, which is
dropped afterwards; neither the operator's data nor the operator's queue is touched.

    report.py     figures and goals: the table, the JSON
    rounds.py     two things measured in turns
    place.py      the database of one run; meter.py: what statements cost
    floor.py      plain SQL by pgbench
    shop.py       the program, members and baskets that everything is measured with
    benches       ledger.py, purchases.py, http.py, imports.py, sweeps.py, growth.py, backtests.py: figures
    server.py, urls.py, settings.py, wiring.py    the server that http.py asks, with empty views beside the product's
    load.py, spender.py                           the programs that ask, each a process of its own
"""
