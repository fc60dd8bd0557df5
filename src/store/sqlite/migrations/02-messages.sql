-- Bulks and messages. A delivery brings a PIN or a message, so its table is made anew: SQLite cannot drop NOT NULL.
-- The tokens go first, since dropping a table deletes what refers to it.

CREATE TABLE bulk (
  seq INTEGER PRIMARY KEY,
  channel TEXT NOT NULL,
  bulk_id TEXT NOT NULL,
  face TEXT NOT NULL,
  send_at INTEGER NOT NULL,
  amount INTEGER,
  per_ms INTEGER,
  -- loading, paused, canceling, canceled
  hold TEXT,
  started INTEGER NOT NULL DEFAULT 0,
  accepted INTEGER NOT NULL DEFAULT 0,
  total INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  UNIQUE (channel, bulk_id)
) STRICT;
CREATE INDEX bulk_unsettled ON bulk (hold) WHERE hold IN ('loading', 'canceling');
CREATE INDEX bulk_age ON bulk (created_at);

-- What shares a send time and a pace. ready_at: when it may have something to send; null while held or done.
CREATE TABLE message_lane (
  seq INTEGER PRIMARY KEY,
  bulk INTEGER NOT NULL REFERENCES bulk (seq) ON DELETE CASCADE,
  channel TEXT NOT NULL,
  send_at INTEGER NOT NULL,
  slot_ms REAL,
  next_slot REAL NOT NULL DEFAULT 0,
  ready_at INTEGER
) STRICT;
CREATE INDEX lane_ready ON message_lane (channel, ready_at) WHERE ready_at IS NOT NULL;
CREATE INDEX lane_of_bulk ON message_lane (bulk);

CREATE TABLE message_batch (
  seq INTEGER PRIMARY KEY,
  bulk INTEGER NOT NULL REFERENCES bulk (seq) ON DELETE CASCADE,
  entity_id TEXT,
  application_id TEXT,
  campaign TEXT,
  sender TEXT NOT NULL,
  data TEXT NOT NULL
) STRICT;
CREATE INDEX batch_of_bulk ON message_batch (bulk);

CREATE TABLE message (
  seq INTEGER PRIMARY KEY,
  ref TEXT NOT NULL UNIQUE,
  channel TEXT NOT NULL,
  message_id TEXT NOT NULL,
  bulk INTEGER NOT NULL REFERENCES bulk (seq) ON DELETE CASCADE,
  lane INTEGER NOT NULL,
  batch INTEGER NOT NULL,
  number TEXT NOT NULL,
  state TEXT NOT NULL,
  tries INTEGER NOT NULL DEFAULT 0,
  stalls INTEGER NOT NULL DEFAULT 0,
  due_at INTEGER NOT NULL,
  claimed_at INTEGER,
  lease_at INTEGER,
  expires_at INTEGER,
  -- When settling must look at it: expires_at while it is scheduled, or a text that waits for a word.
  deadline_at INTEGER,
  outcome TEXT NOT NULL,
  status_group TEXT NOT NULL,
  carrier TEXT,
  carrier_message_id TEXT,
  voice TEXT,
  mcc_mnc TEXT,
  created_at INTEGER NOT NULL,
  sent_at INTEGER,
  done_at INTEGER,
  log_at INTEGER NOT NULL,
  reported INTEGER NOT NULL DEFAULT 0,
  UNIQUE (channel, message_id)
) STRICT;
CREATE INDEX message_due ON message (lane, due_at, seq) WHERE state = 'scheduled';
CREATE INDEX message_lease ON message (lease_at) WHERE state = 'sending';
CREATE INDEX message_deadline ON message (deadline_at) WHERE deadline_at IS NOT NULL;
CREATE INDEX message_report ON message (channel, done_at) WHERE state = 'done' AND reported = 0;
CREATE INDEX message_log ON message (channel, log_at);
CREATE INDEX message_of_bulk ON message (bulk, state);
CREATE INDEX message_of_carrier ON message (carrier, carrier_message_id) WHERE carrier_message_id IS NOT NULL;

CREATE TABLE new_delivery (
  seq INTEGER PRIMARY KEY,
  call_ref TEXT NOT NULL UNIQUE,
  pin_id TEXT REFERENCES pin (pin_id) ON DELETE CASCADE,
  application_id TEXT,
  message_ref TEXT REFERENCES message (ref) ON DELETE CASCADE,
  channel TEXT NOT NULL,
  carrier TEXT NOT NULL,
  number TEXT NOT NULL,
  caller TEXT NOT NULL,
  script TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'dialing',
  carrier_call_id TEXT,
  dials INTEGER NOT NULL DEFAULT 1,
  answered_at INTEGER,
  report TEXT,
  dialog TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  CHECK ((pin_id IS NULL) <> (message_ref IS NULL))
) STRICT;
INSERT INTO new_delivery SELECT seq, call_ref, pin_id, application_id, NULL, channel, carrier, number, caller, script,
  state, carrier_call_id, dials, answered_at, report, dialog, created_at, updated_at FROM delivery;
CREATE TABLE new_media_token (
  token_hash TEXT PRIMARY KEY,
  call_ref TEXT NOT NULL UNIQUE REFERENCES new_delivery (call_ref) ON DELETE CASCADE,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO new_media_token SELECT * FROM media_token;
DROP TABLE media_token;
DROP TABLE delivery;
ALTER TABLE new_delivery RENAME TO delivery;
ALTER TABLE new_media_token RENAME TO media_token;
CREATE INDEX delivery_of_pin ON delivery (pin_id);
CREATE INDEX delivery_of_message ON delivery (message_ref) WHERE message_ref IS NOT NULL;
CREATE INDEX delivery_of_carrier ON delivery (carrier, carrier_call_id) WHERE carrier_call_id IS NOT NULL;
CREATE INDEX media_token_expiry ON media_token (expires_at);
