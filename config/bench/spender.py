"""Spends a hundred times a second until its input ends, then tells what it waited (`python -m config.bench.spender`).

Which database comes by libpq's variables, what to send as one line of JSON on stdin.
"""

import json
import select
import sys
import time
from statistics import quantiles

import psycopg

EVERY = 0.01  # seconds
FEWEST = 20


def main() -> None:
    order = json.loads(sys.stdin.readline())
    statement = order["statement"].replace("%", "%%").replace(":account", "%(account)s").replace(":key", "%(key)s")
    waits: list[float] = []
    with psycopg.connect(autocommit=True) as connection:
        print("begun", flush=True)
        due = time.perf_counter()
        while not _is_over(due) or len(waits) < FEWEST:
            due = max(due + EVERY, time.perf_counter() - 1)
            account = order["first"] + len(waits) * 7919 % order["accounts"]
            started = time.perf_counter()
            connection.execute(
                statement, {"account": account, "key": f"spent:{order['run']}:{len(waits)}"}, prepare=True
            )
            waits.append(time.perf_counter() - started)
    cuts = quantiles(waits, n=100)
    print(json.dumps({"median": cuts[49], "p99": cuts[98], "count": len(waits)}))


def _is_over(due: float) -> bool:
    """Wait until it is time to spend again; whether the input has ended meanwhile."""
    return bool(select.select([sys.stdin], [], [], max(due - time.perf_counter(), 0))[0])


if __name__ == "__main__":
    main()
