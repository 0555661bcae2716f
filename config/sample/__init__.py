"""The sample brand of `manage.py demo`: two programs with people, a year of purchases, and their sign-ins.

Everything goes through the services that real programs use; the same seed gives the same shops every time.
"""
