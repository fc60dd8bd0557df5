-- Numbers that were looked up: for logs, and for answers that are pushed later.

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
