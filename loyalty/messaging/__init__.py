"""Messages to members: templates, deliveries, the inbox; one channel per folder under `channels/`.

Events in: PointsExpiring. Doors: `services.py` writes inbox entries and sends; `queries.py` reads a member's inbox.
"""
