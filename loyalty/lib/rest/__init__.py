"""What every operation of the REST API stands on; nothing here knows a member or a program.

parsers.py     strict JSON
faults.py      what is wrong with an input, and where
fields.py      strict fields: they read JSON or a query's text, and describe themselves for the OpenAPI document
shapes.py      Input and Output: the declared shapes of what comes in and goes out
pagination.py  cursors
problems.py    every refusal as RFC 9457 problem+json
views.py       the base view and the answer
schema.py      the OpenAPI document
"""
