"""Messages to members: templates, deliveries, the inbox; one channel per folder under `channels/`.

Events in: PointsExpiring, PointsSent, MemberTierChanged, TierEnding.
Doors: `services.py` writes inbox entries and sends; `queries.py` reads a member's inbox.

A message goes out once by its natural key, as far as that can be: inbox entry and delivery are rows with unique keys,
and the e-mail is handed to the mail server last, before the commit. If the process dies exactly between the two, the
relay sends it again: rather twice than never. It then carries the same Message-ID, so that most mailboxes show it once.
"""
