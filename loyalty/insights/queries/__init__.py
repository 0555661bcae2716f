"""What the start page reads: `figures.py` the numbers of a program, `onboarding.py` what a new one still needs."""
