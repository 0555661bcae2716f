"""Programs, wallets, earning rules, purchases and other activities, expiry and activation policy.

Nouns: program, wallet, earning rule and its conditions, activity (a purchase is one) and its lines, purchase import.
Doors: `services` records activities, runs the jobs that keep time and changes policies; `queries` reads; `rules` is the
pure algebra. Events out: ActivityRecorded, PointsExpiring, ExpiryPolicyChanged.
"""
