-- The outbox by target, with a schedule of its own. leader: the event that takes this one along.

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
