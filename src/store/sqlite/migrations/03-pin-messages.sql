-- PINs by SMS and e-mail.

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
