"""Events waiting to be delivered.

`services.publish(event)` writes one row per subscriber inside the publisher's transaction; the relay claims rows with
SKIP LOCKED and runs each subscriber in its own transaction, marking the row done in that same transaction
(at-least-once delivery, exactly-once database effect). Which event goes to whom stands in `config/wiring.py`.
"""
