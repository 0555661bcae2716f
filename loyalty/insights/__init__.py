"""What staff want to know at a glance: figures of a program, counted once and kept by day.

Nouns: points day, program snapshot, expiry outlook, watermark. Doors: `services.refresh_snapshots` brings them up to
date (a schedule does), `queries` reads them and adds what happened since. Nothing here decides about points.
"""
