"""Days and times as the back office writes them in tables: short, and such that no one reads a day for a month."""
