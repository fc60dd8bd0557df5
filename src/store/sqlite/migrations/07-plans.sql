-- Delivery plans, customers' events, idempotency. A run is found by its PIN's seq: rows are appended, no index is needed.
-- last_verified_at: verified_at is the first time. PINs are listed by seq, which rises with created_at.

ALTER TABLE pin ADD COLUMN last_verified_at INTEGER;
UPDATE pin SET last_verified_at = verified_at WHERE verified_at IS NOT NULL;
DROP INDEX pin_of_number;
CREATE INDEX pin_of_number ON pin (number);
CREATE INDEX pin_of_application ON pin (application_id);
-- Those with the state 'active' are exhausted.
CREATE INDEX pin_lost ON pin (state)
  WHERE verified_at IS NULL AND (state <> 'active' OR attempts_used >= attempts_allowed);

CREATE TABLE plan_run (
  pin INTEGER PRIMARY KEY REFERENCES pin (seq) ON DELETE CASCADE,
  origin TEXT NOT NULL,
  plan TEXT NOT NULL,
  words TEXT NOT NULL,
  turn INTEGER NOT NULL DEFAULT 1,
  position INTEGER NOT NULL,
  live TEXT,
  entries TEXT NOT NULL,
  -- By the reference of a delivery: the one whose place it took.
  replaced TEXT NOT NULL DEFAULT '{}'
) STRICT;

-- message_id is empty for the application's own.
CREATE TABLE policy (
  application_id TEXT NOT NULL,
  message_id TEXT NOT NULL,
  data TEXT NOT NULL,
  PRIMARY KEY (application_id, message_id)
) STRICT, WITHOUT ROWID;

-- status and body are null until the answer is there.
CREATE TABLE idempotency (
  account TEXT NOT NULL,
  key_hash TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  subject TEXT NOT NULL,
  armed_at INTEGER NOT NULL,
  lease_until INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  status INTEGER,
  body TEXT,
  PRIMARY KEY (account, key_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_expiry ON idempotency (expires_at);

CREATE TABLE webhook_endpoint (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  created_at INTEGER NOT NULL,
  data TEXT NOT NULL
) STRICT;

CREATE TABLE logged_event (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  type TEXT NOT NULL,
  application_id TEXT NOT NULL,
  pin_id TEXT NOT NULL,
  data TEXT NOT NULL,
  at INTEGER NOT NULL,
  logged_at INTEGER NOT NULL
) STRICT;
CREATE INDEX logged_event_at ON logged_event (at);
CREATE INDEX logged_event_of_type ON logged_event (type, at);
CREATE INDEX logged_event_of_application ON logged_event (application_id, at);
CREATE INDEX logged_event_of_pin ON logged_event (pin_id, at);
