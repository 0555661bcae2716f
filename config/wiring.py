"""The one page that shows every wire: which event goes to which subscribers.

`WIRES` names an event by its dotted class path; `EVERY` hears all of them.
"""

WIRES: dict[str, list[str]] = {}
EVERY: list[str] = []
