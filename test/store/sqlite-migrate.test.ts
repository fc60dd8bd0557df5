import { DatabaseSync } from 'node:sqlite';

import { expect, it } from 'vitest';

import { APPLICATION_ID, migrate, MIGRATIONS } from '../../src/store/sqlite/schema.ts';
import { openSqliteStore } from '../../src/store/sqlite/index.ts';
import type { ApplicationId, CallRef, PinId } from '../../src/domain/types.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { temporaryStore } from '../support/sqlite-harness.ts';

it('a file of the first version keeps its PINs, calls and media tokens, and takes messages', async () => {
  const { path, remove } = temporaryStore();
  const clock = new FakeClock();
  const now = clock.now();
  const db = new DatabaseSync(path, { enableForeignKeyConstraints: true });
  db.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
  migrate(db, MIGRATIONS.slice(0, 1));
  db.prepare(
    `INSERT INTO pin (pin_id, application_id, message_id, number, pin_type, pin_length, seed, key_id, step, created_at,
      expires_at, attempts_allowed, allow_multiple)
     VALUES ('P1', 'A1', 'M1', '+41790000001', 'NUMERIC', 4, ?, 'k1', 1, ?, ?, 3, 0)`,
  ).run(Buffer.alloc(64, 1), now, now + 600_000);
  db.prepare(
    `INSERT INTO delivery (call_ref, pin_id, application_id, channel, carrier, number, caller, script, state,
      carrier_call_id, created_at, updated_at)
     VALUES ('C1', 'P1', 'A1', 'voice', 'twilio', '+41790000001', '+41440000000', '{"times":1}', 'answered', 'CA1', ?, ?)`,
  ).run(now, now);
  db.prepare("INSERT INTO media_token VALUES ('T1', 'C1', ?)").run(now + 60_000);
  db.close();
  const store = await openSqliteStore({ path, clock });
  try {
    expect(await store.getPin('P1' as PinId)).toMatchObject({ pinId: 'P1', attemptsAllowed: 3 });
    const call = { callRef: 'C1', pinId: 'P1', applicationId: 'A1', carrierCallId: 'CA1', state: 'answered' };
    expect(await store.getDelivery('C1' as CallRef)).toMatchObject(call);
    expect(await store.redeemMediaToken('T1')).toMatchObject(call);
    expect(await store.redeemMediaToken('T1')).toBeUndefined();
    // What belongs to a PIN still goes with it.
    clock.advance(900_000);
    await store.sweep({ retentionMs: 1 });
    expect(await store.getDelivery('C1' as CallRef)).toBeUndefined();
  } finally {
    await store.close();
    remove();
  }
});

it('a file from before delivery plans keeps its PINs, which are listed, and may get deliveries and a policy', async () => {
  const { path, remove } = temporaryStore();
  const clock = new FakeClock();
  const now = clock.now();
  const db = new DatabaseSync(path, { enableForeignKeyConstraints: true });
  db.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
  migrate(db, MIGRATIONS.slice(0, 6));
  const insert = db.prepare(
    `INSERT INTO pin (pin_id, application_id, message_id, number, pin_type, pin_length, seed, key_id, step, created_at,
      expires_at, attempts_allowed, allow_multiple, state, verified_at)
     VALUES (?, 'A1', 'M1', '+41790000001', 'NUMERIC', 4, ?, 'k1', 1, ?, ?, 3, 1, ?, ?)`,
  );
  insert.run('P1', Buffer.alloc(64, 1), now - 20, now + 600_000, 'active', null);
  insert.run('P2', Buffer.alloc(64, 2), now - 10, now + 600_000, 'verified', now);
  const call = db.prepare(
    `INSERT INTO delivery (call_ref, pin_id, application_id, channel, carrier, number, caller, script, created_at, updated_at)
     VALUES (?, ?, 'A1', 'voice', 'twilio', '+41790000001', '+41440000000', '{"times":1}', ?, ?)`,
  );
  call.run('C1', 'P1', now, now);
  call.run('C2', 'P2', now, now);
  db.close();
  const store = await openSqliteStore({ path, clock });
  const applicationId = 'A1' as ApplicationId;
  try {
    const { records } = await store.listVerificationRecords({ limit: 9, applicationId });
    expect(records.map(({ pin, run, calls }) => [pin.pinId, run, calls[0]?.callRef])).toEqual([
      ['P2', undefined, 'C2'],
      ['P1', undefined, 'C1'],
    ]);
    const verified = await store.listVerificationRecords({ limit: 9, state: 'verified' });
    expect(verified.records.map(({ pin }) => pin.pinId)).toEqual(['P2']);
    // What was verified before the update is not dialled after it.
    expect(await store.claimRedial({ ref: 'C2' as CallRef, expectedDials: 1 })).toBeUndefined();
    expect(await store.claimRedial({ ref: 'C1' as CallRef, expectedDials: 1 })).toMatchObject({ dials: 2 });
    const cancel = { opId: 'o', pinId: 'P1' as PinId, events: [] };
    expect(await store.cancelPin(cancel)).toEqual({ outcome: 'cancelled', live: ['C1'] });
    expect(await store.policyFor({ applicationId, messageId: 'M1' as never })).toBeUndefined();
  } finally {
    await store.close();
    remove();
  }
});
