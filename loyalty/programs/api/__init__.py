"""The REST operations on purchases, other activities, balances and statements.

Each view is one operation of the base in `loyalty.members.api.keyed`; what comes in and goes out is declared in
`inputs.py` and `outputs.py`, from which the OpenAPI document is made too.
"""
