"""Members, their cards and consents; sign-in; who on the staff may do what; the keys of tills and shops.

Nouns: user (someone who signs in), member (an enrolled customer of one program), card, consent, staff access,
API key. Doors: `services.py` enrols, updates and records consents; `queries.py` finds. Events out: MemberEnrolled,
MemberImported, MemberUpdated, ConsentsChanged. The ledger knows a member only by `Member.subject`, a random id, so
that erasing a person leaves the sums intact.
"""
