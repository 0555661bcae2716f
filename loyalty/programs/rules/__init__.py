"""The pure algebra of a program: what an activity earns, when points become usable and when they end, and why.

No ORM, no clock, no settings: plain frozen values in, plain frozen values out, so that the same code serves the
till, the import, a dry run, a back-test and the "try it" box. Amounts are Decimal and exact; points are whole
integers, rounded once.

Nouns: `occurrence` (Line, Occurrence), `conditions` (Condition, condition_from_text), `earning` (Rule), `evaluation`
(RuleBook, evaluate), `explanation` (Award, Step, Evaluation), `expiry` (ExpiryPolicy, expires_at, after_policy_change),
`activation` (ActivationPolicy, lot_dates), `invalid` (InvalidSetting). Behind `evaluation` stand `basis`, `matching`,
`outcome`, `stacking` and `multiplying`, in this order. `wording` alone knows languages: it turns all of these into
sentences.

How rules meet, per wallet:

1. Zero-rate rules on lines take their lines out: nothing else earns on them, whatever its priority.
2. Rules on lines claim their lines. On one line the highest priority goes first (at the same priority the rule that
   is worth most, then the lowest id); a rule that is not stackable takes a line alone, and never joins a line
   already taken.
3. Rules on the basket earn on what is left, competing in the same way for the basket as a whole.
4. Multipliers raise what has been earned, again competing in the same way, line by line where they choose lines.
5. The exact sum is rounded once, by the kindest rounding among the rules that took part.

A rule that gives nothing because its first whole step is not reached, or because there is nothing to earn on,
claims nothing and outranks nobody. A shadow rule is judged as if it alone had gone live; the step says what would
have changed.
"""
