import type { DatabaseSync } from 'node:sqlite';

import { integer, optionalInteger, type Row } from './rows.ts';

/**
 * A slot that was missed by less than this is made up for, so that a busy moment does not slow a bulk down; a longer
 * gap (pause, restart, nothing to send) is not, so that it is never followed by a burst.
 */
const CATCH_UP_MS = 500;

/**
 * Lanes: messages that share a send time and a pace. A lane at a limited speed has slots, `slot_ms` apart, and each
 * message takes one; the next one is a column, so that neither a restart nor a second process starts the count anew.
 */
export function createLanes(db: DatabaseSync) {
  const ready = db.prepare(`
    SELECT message_lane.* FROM message_lane WHERE channel = ? AND ready_at IS NOT NULL AND ready_at <= ?
    ORDER BY ready_at, seq LIMIT ?`);
  const earliest = db.prepare(
    "SELECT due_at FROM message WHERE lane = ? AND state = 'scheduled' ORDER BY due_at, seq LIMIT 1",
  );
  const setReady = db.prepare('UPDATE message_lane SET ready_at = ? WHERE seq = ?');
  const setSlot = db.prepare('UPDATE message_lane SET next_slot = ? WHERE seq = ?');
  const find = db.prepare(
    'SELECT message_lane.*, bulk.hold FROM message_lane JOIN bulk ON bulk.seq = message_lane.bulk WHERE message_lane.seq = ?',
  );
  const ofBulk = db.prepare('SELECT seq FROM message_lane WHERE bulk = ?');
  const hold = db.prepare('UPDATE message_lane SET ready_at = NULL WHERE bulk = ?');
  const restart = db.prepare('UPDATE message_lane SET next_slot = MAX(next_slot, ?) WHERE bulk = ?');
  const next = db.prepare(
    'SELECT ready_at FROM message_lane WHERE channel = ? AND ready_at IS NOT NULL ORDER BY ready_at LIMIT 1',
  );

  /** Works out anew when the lane may have something to send; `notBefore` sends it to the back of the queue. */
  function refresh(seq: number, notBefore = 0): void {
    const lane = find.get(seq);
    if (!lane) return;
    const due = lane['hold'] === null ? optionalInteger(earliest.get(seq)?.['due_at']) : undefined;
    const slot = slotMs(lane) === undefined ? 0 : Math.ceil(Number(lane['next_slot']));
    const at = due === undefined ? null : Math.max(due, integer(lane['send_at']), slot, notBefore);
    setReady.run(at, seq);
  }

  return {
    refresh,

    ready: (channel: string, at: number, limit: number): Row[] => ready.all(channel, at, limit),

    /** How many messages the pace lets through at `at`. */
    room(lane: Row, at: number): number {
      const slot = slotMs(lane);
      return slot === undefined ? Infinity : Math.max(0, Math.floor((at - firstSlot(lane, at)) / slot) + 1);
    },

    take(lane: Row, count: number, at: number): void {
      const slot = slotMs(lane);
      if (slot !== undefined && count > 0)
        setSlot.run(firstSlot(lane, at) + count * slot, integer(lane['seq']));
    },

    /** No slot of the time that the bulk was held is left. */
    restart: (bulk: number, at: number): void => void restart.run(at, bulk),

    /** Nothing of the bulk is ready any more. */
    hold: (bulk: number): void => void hold.run(bulk),

    release(bulk: number): void {
      for (const { seq } of ofBulk.all(bulk)) refresh(integer(seq));
    },

    nextAt: (channel: string): number | undefined => optionalInteger(next.get(channel)?.['ready_at']),
  };
}

export type Lanes = ReturnType<typeof createLanes>;

function slotMs(lane: Row): number | undefined {
  return optionalInteger(lane['slot_ms']);
}

function firstSlot(lane: Row, at: number): number {
  const next = Number(lane['next_slot']);
  return next < at - CATCH_UP_MS ? at : next;
}
