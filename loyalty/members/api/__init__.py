"""The REST operations on members, and what every operation with a key stands on.

authentication.py   whose key it is
rates.py            how many requests a key may make
keyed.py            the base view: who, which scope, how often
idempotency.py      one answer for one Idempotency-Key
inputs.py, outputs.py, views.py, urls.py
"""
