-- The ledger's tables. Only the functions beside this file write here (guards.sql sees to that).
--
-- Ids of postings, lots, holds and redatings come from one sequence and are drawn while the account is locked, so within
-- an account a larger id happened later. An award's lot and a hold bear the id of the posting that made them.
-- No foreign key stands on the posting path: the functions lock the account first and are the only way in, and
-- check_ledger looks for orphans. Account and key stand first in every key, so that rows can be spread by account.

CREATE SEQUENCE ledger_id AS bigint;

CREATE TABLE ledger_account (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    wallet_id    bigint NOT NULL REFERENCES loyalty_wallet (id),
    subject      uuid NOT NULL,
    balance      bigint NOT NULL DEFAULT 0,
    pending      bigint NOT NULL DEFAULT 0,
    held         bigint NOT NULL DEFAULT 0,
    earned_total bigint NOT NULL DEFAULT 0,
    created_at   timestamptz NOT NULL,
    may_owe      boolean NOT NULL DEFAULT false,
    holder       text NOT NULL,
    CONSTRAINT ledger_account_once UNIQUE (subject, wallet_id),
    CONSTRAINT ledger_account_owes_only_where_allowed CHECK (balance >= 0 OR may_owe),
    CONSTRAINT ledger_account_pending_not_negative CHECK (pending >= 0),
    CONSTRAINT ledger_account_held_not_negative CHECK (held >= 0)
) WITH (fillfactor = 80);
CREATE INDEX ledger_account_of_wallet ON ledger_account (wallet_id);
COMMENT ON COLUMN ledger_account.balance IS 'active points; negative is debt';
COMMENT ON COLUMN ledger_account.earned_total IS 'points ever issued, less those taken back';

CREATE TABLE ledger_posting (
    account_id        bigint NOT NULL,
    id                bigint NOT NULL DEFAULT nextval('ledger_id'),
    points            bigint NOT NULL,
    balance_after     bigint NOT NULL,
    event_at          timestamptz NOT NULL,
    created_at        timestamptz NOT NULL,
    contra_account_id bigint,
    refers_to         bigint,
    waived            bigint,
    transfer          uuid,
    bucket            smallint NOT NULL,
    kind              text NOT NULL,
    contra            text NOT NULL,
    key               text NOT NULL,
    source            text NOT NULL,
    actor             text NOT NULL,
    note              text NOT NULL,
    reason            text NOT NULL,
    PRIMARY KEY (account_id, id),
    CONSTRAINT ledger_posting_once UNIQUE (account_id, key),
    CONSTRAINT ledger_posting_bucket CHECK (bucket BETWEEN 0 AND 2),
    CONSTRAINT ledger_posting_moves CHECK (points <> 0 OR waived IS NOT NULL),
    CONSTRAINT ledger_posting_waives CHECK (waived IS NULL OR waived > 0 AND kind = 'reversal'),
    CONSTRAINT ledger_posting_says_what CHECK (kind <> '' AND contra <> '' AND key <> ''),
    CONSTRAINT ledger_posting_names_other CHECK ((contra_account_id IS NULL) = (kind <> 'transfer'))
) WITH (fillfactor = 100);
CREATE INDEX ledger_posting_about ON ledger_posting (account_id, refers_to) WHERE refers_to IS NOT NULL;
COMMENT ON COLUMN ledger_posting.bucket IS '0 active, 1 pending, 2 held';
COMMENT ON COLUMN ledger_posting.contra IS
    'where the points came from or went: issued, redeemed, expired, …; active, pending or held of this account; transfer';
COMMENT ON COLUMN ledger_posting.refers_to IS 'the posting that this one reverses, activates, cancels, captures, releases …';
COMMENT ON COLUMN ledger_posting.waived IS 'points that a reversal should have taken and that were gone';

CREATE TABLE ledger_lot (
    account_id   bigint NOT NULL,
    id           bigint NOT NULL,
    posting_id   bigint NOT NULL,
    granted      bigint NOT NULL,
    remaining    bigint NOT NULL,
    earned_at    timestamptz NOT NULL,
    expires_at   timestamptz,
    activates_at timestamptz,
    cancel_at    timestamptz,
    reopened     integer NOT NULL DEFAULT 0,
    is_pending   boolean NOT NULL,
    is_open      boolean NOT NULL,
    PRIMARY KEY (account_id, id),
    CONSTRAINT ledger_lot_granted CHECK (granted > 0),
    CONSTRAINT ledger_lot_remaining CHECK (remaining BETWEEN 0 AND granted),
    CONSTRAINT ledger_lot_open_while_it_lasts CHECK (is_open = (remaining > 0)),
    CONSTRAINT ledger_lot_reopened CHECK (reopened >= 0)
) WITH (fillfactor = 80);
CREATE INDEX ledger_lot_spendable ON ledger_lot (account_id, expires_at, id) WHERE is_open AND NOT is_pending;
CREATE INDEX ledger_lot_pending ON ledger_lot (account_id, id) WHERE is_open AND is_pending;
CREATE INDEX ledger_lot_expiring ON ledger_lot (expires_at) WHERE is_open AND NOT is_pending AND expires_at IS NOT NULL;
CREATE INDEX ledger_lot_activating ON ledger_lot (activates_at) WHERE is_open AND is_pending AND activates_at IS NOT NULL;
CREATE INDEX ledger_lot_cancelling ON ledger_lot (cancel_at) WHERE is_open AND is_pending AND cancel_at IS NOT NULL;
COMMENT ON COLUMN ledger_lot.reopened IS 'how often points came back into the empty lot; it may expire once more each time';

CREATE TABLE ledger_lot_use (
    account_id bigint NOT NULL,
    posting_id bigint NOT NULL,
    lot_id     bigint NOT NULL,
    points     bigint NOT NULL,
    undoes     bigint,
    seq        integer NOT NULL,
    PRIMARY KEY (account_id, posting_id, seq),
    CONSTRAINT ledger_lot_use_moves CHECK (points <> 0),
    CONSTRAINT ledger_lot_use_puts_back CHECK ((points < 0) = (undoes IS NOT NULL))
) WITH (fillfactor = 100);
CREATE INDEX ledger_lot_use_of_lot ON ledger_lot_use (account_id, lot_id);
CREATE INDEX ledger_lot_use_undone ON ledger_lot_use (account_id, undoes) WHERE undoes IS NOT NULL;
COMMENT ON COLUMN ledger_lot_use.points IS 'taken from the lot; negative: put back';
COMMENT ON COLUMN ledger_lot_use.undoes IS 'the posting that had taken what is put back';

CREATE TABLE ledger_hold (
    account_id  bigint NOT NULL,
    id          bigint NOT NULL,
    points      bigint NOT NULL,
    captured    bigint NOT NULL DEFAULT 0,
    released    bigint NOT NULL DEFAULT 0,
    expires_at  timestamptz NOT NULL,
    resolved_at timestamptz,
    PRIMARY KEY (account_id, id),
    CONSTRAINT ledger_hold_points CHECK (points > 0 AND captured >= 0 AND released >= 0 AND captured + released <= points),
    CONSTRAINT ledger_hold_resolved CHECK ((resolved_at IS NOT NULL) = (captured + released = points))
) WITH (fillfactor = 80);
CREATE INDEX ledger_hold_ending ON ledger_hold (expires_at) WHERE resolved_at IS NULL;

-- The history of lots' dates: what was moved, from when to when. The dates themselves stand on the lots.
CREATE TABLE ledger_redating (
    account_id bigint NOT NULL,
    id         bigint NOT NULL DEFAULT nextval('ledger_id'),
    event_at   timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    points     bigint NOT NULL,
    kind       text NOT NULL,
    key        text NOT NULL,
    actor      text NOT NULL,
    lots       bigint[] NOT NULL,
    was        timestamptz[] NOT NULL,
    becomes    timestamptz[] NOT NULL,
    PRIMARY KEY (account_id, id),
    CONSTRAINT ledger_redating_once UNIQUE (account_id, key),
    CONSTRAINT ledger_redating_pairs CHECK (cardinality(lots) = cardinality(was) AND cardinality(lots) = cardinality(becomes))
) WITH (fillfactor = 100);
