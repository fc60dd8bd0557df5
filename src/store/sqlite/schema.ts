import type { DatabaseSync } from 'node:sqlite';

/** 'SAYP' as PRAGMA application_id: tells our files from other SQLite files. */
export const APPLICATION_ID = 0x53415950;

/**
 * One entry a version, applied in order and never edited once released. PRAGMA user_version is the number applied.
 * Times are ms since the epoch; JSON where the store itself never looks inside.
 */
export const MIGRATIONS: readonly string[] = [
  `
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
  `,
  // Bulks and messages. A delivery brings a PIN or a message, so its table is made anew: SQLite cannot drop NOT NULL.
  // The tokens go first, since dropping a table deletes what refers to it.
  `
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
  `,
  // PINs by SMS and e-mail.
  `
  CREATE TABLE pin_message (
    seq INTEGER PRIMARY KEY,
    ref TEXT NOT NULL UNIQUE,
    pin_id TEXT NOT NULL REFERENCES pin (pin_id) ON DELETE CASCADE,
    application_id TEXT NOT NULL,
    channel TEXT NOT NULL,
    carrier TEXT NOT NULL,
    recipient TEXT NOT NULL,
    sender TEXT NOT NULL,
    content TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'sending',
    carrier_message_id TEXT,
    tries INTEGER NOT NULL DEFAULT 1,
    report TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX pin_message_of_pin ON pin_message (pin_id);
  `,
  // The outbox by target, with a schedule of its own. leader: the event that takes this one along.
  `
  ALTER TABLE event ADD COLUMN target TEXT NOT NULL DEFAULT '-';
  ALTER TABLE event ADD COLUMN batch TEXT;
  ALTER TABLE event ADD COLUMN leader INTEGER;
  ALTER TABLE event ADD COLUMN armed_at INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE event ADD COLUMN due_at INTEGER NOT NULL DEFAULT 0;
  UPDATE event SET armed_at = created_at, due_at = created_at;
  CREATE INDEX event_of_type ON event (type, available_at);
  CREATE INDEX event_of_target ON event (type, target, available_at);
  CREATE INDEX event_batch ON event (batch) WHERE batch IS NOT NULL AND leader IS NULL;
  CREATE INDEX event_leader ON event (leader) WHERE leader IS NOT NULL;
  CREATE TABLE disabled_address (address TEXT PRIMARY KEY, until INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  `,
  // Who may call. Secrets are kept as hashes.
  `
  CREATE TABLE api_key (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    key_hash TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER,
    revoked_at INTEGER
  ) STRICT;

  CREATE TABLE auth_user (
    seq INTEGER PRIMARY KEY,
    username TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE auth_token (
    seq INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    token_hash TEXT NOT NULL UNIQUE,
    username TEXT NOT NULL REFERENCES auth_user (username) ON DELETE CASCADE,
    lifetime_ms INTEGER NOT NULL,
    armed_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX auth_token_of_user ON auth_token (username, kind, seq);
  CREATE INDEX auth_token_expiry ON auth_token (expires_at);
  `,
  // Numbers that were looked up: for logs, and for answers that are pushed later.
  `
  CREATE TABLE lookup (
    seq INTEGER PRIMARY KEY,
    message_id TEXT NOT NULL UNIQUE,
    bulk_id TEXT NOT NULL,
    number TEXT NOT NULL,
    sent_at INTEGER NOT NULL,
    done_at INTEGER,
    result TEXT,
    status_group TEXT NOT NULL,
    mcc_mnc TEXT
  ) STRICT;
  CREATE INDEX lookup_of_bulk ON lookup (bulk_id, seq);
  CREATE INDEX lookup_log ON lookup (sent_at, seq);
  `,
  // Delivery plans, customers' events, idempotency. A run is found by its PIN's seq: rows are appended, no index is needed.
  // last_verified_at: verified_at is the first time. PINs are listed by seq, which rises with created_at.
  `
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
  `,
];

/** Brings the schema up to `migrations.length`, one transaction a version. @throws Error for a newer schema */
export function migrate(db: DatabaseSync, migrations: readonly string[] = MIGRATIONS): void {
  const version = pragma(db, 'user_version');
  if (version > migrations.length) {
    throw new Error(`its schema version ${version} is newer than this program's ${migrations.length}`);
  }
  for (const [index, sql] of migrations.entries()) {
    if (index < version) continue;
    db.exec('BEGIN IMMEDIATE');
    try {
      db.exec(sql);
      db.exec(`PRAGMA user_version = ${index + 1}`);
      db.exec('COMMIT');
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    }
  }
}

/** A pragma's integer value. */
export function pragma(db: DatabaseSync, name: string): number {
  return Number(Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
}
