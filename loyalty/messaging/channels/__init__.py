"""Ways to reach a member, one folder each; a `transport.py` sends one message and says what the other side refused."""
