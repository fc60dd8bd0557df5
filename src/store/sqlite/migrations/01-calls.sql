-- Applications, templates, PINs, their calls, and what limits, wakes and reports them.

CREATE TABLE application (
  seq INTEGER PRIMARY KEY,
  application_id TEXT NOT NULL UNIQUE,
  created_at INTEGER NOT NULL,
  data TEXT NOT NULL
) STRICT;

CREATE TABLE template (
  seq INTEGER PRIMARY KEY,
  application_id TEXT NOT NULL,
  message_id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  data TEXT NOT NULL,
  UNIQUE (application_id, message_id)
) STRICT;

CREATE TABLE pin (
  seq INTEGER PRIMARY KEY,
  pin_id TEXT NOT NULL UNIQUE,
  application_id TEXT NOT NULL,
  message_id TEXT NOT NULL,
  number TEXT NOT NULL,
  pin_type TEXT NOT NULL,
  pin_length INTEGER NOT NULL,
  seed BLOB,
  key_id TEXT NOT NULL,
  step INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  attempts_allowed INTEGER NOT NULL,
  attempts_used INTEGER NOT NULL DEFAULT 0 CHECK (attempts_used <= attempts_allowed),
  comparisons INTEGER NOT NULL DEFAULT 0,
  allow_multiple INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT 'active',
  verified_at INTEGER,
  sent_at INTEGER
) STRICT;
CREATE INDEX pin_of_number ON pin (application_id, number);
CREATE INDEX pin_expiry ON pin (expires_at);
CREATE INDEX pin_seed ON pin (expires_at) WHERE seed IS NOT NULL;

CREATE TABLE delivery (
  seq INTEGER PRIMARY KEY,
  call_ref TEXT NOT NULL UNIQUE,
  pin_id TEXT NOT NULL REFERENCES pin (pin_id) ON DELETE CASCADE,
  application_id TEXT NOT NULL,
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
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX delivery_of_pin ON delivery (pin_id);

CREATE TABLE media_token (
  token_hash TEXT PRIMARY KEY,
  call_ref TEXT NOT NULL UNIQUE REFERENCES delivery (call_ref) ON DELETE CASCADE,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX media_token_expiry ON media_token (expires_at);

-- One row an allowed event of a sliding window; seq counts up within a key, so that the n-th latest is one look-up.
CREATE TABLE window_event (
  window_key TEXT NOT NULL,
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  until INTEGER NOT NULL,
  PRIMARY KEY (window_key, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX window_event_end ON window_event (until);

-- available_at is due_at, or the end of the lease.
CREATE TABLE timer (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  armed_at INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  available_at INTEGER NOT NULL,
  leased INTEGER NOT NULL DEFAULT 0,
  data TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX timer_available ON timer (available_at);

CREATE TABLE event (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  type TEXT NOT NULL,
  data TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  available_at INTEGER NOT NULL,
  tries INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX event_available ON event (available_at);

-- What an attempt at an unknown PIN and a readiness probe write.
CREATE TABLE decoy (id INTEGER PRIMARY KEY, tries INTEGER NOT NULL, touched_at INTEGER NOT NULL) STRICT;
INSERT INTO decoy VALUES (1, 0, 0), (2, 0, 0);
