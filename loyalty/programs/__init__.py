"""Programs, wallets, earning rules, purchases and other activities, expiry and activation policy.

Nouns: program, wallet, earning rule and its conditions, activity (a purchase is one) and its lines, purchase import.
Doors: `services` records activities, imports files, runs the jobs that keep time and changes policies; `queries` reads;
`rules` is the pure algebra. Events out: ActivityRecorded, ActivityConfirmed, ActivityCancelled, PurchasesImported,
PointsExpiring, PointsExpired, PointsAdjusted, ExpiryPolicyChanged. Events in: ExpiryPolicyChanged, to finish a change
that was cut off.

An activity is stored as it happened and never changed. Its identity (kind, source, receipt) counts once for ever;
what it earned, and why, is stored with it. How old a receipt is does not matter: late tills and imported histories are
welcome, and their points are dated by their own day.
"""
