import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createKeyring, derivePin } from '../../src/domain/pin.ts';
import { openTestStore } from '../support/sqlite-harness.ts';
import {
  applicationId,
  attempt,
  createdPin,
  operation,
  times,
  type PinOptions,
} from '../support/store-fixtures.ts';

/** Every byte of the store: file, log, index of the log, lock. */
function everything(path: string): Buffer {
  const folder = dirname(path);
  return Buffer.concat(readdirSync(folder).map(name => readFileSync(join(folder, name))));
}

describe('what the files hold', () => {
  let harness: Awaited<ReturnType<typeof openTestStore>>;
  beforeEach(async () => {
    harness = await openTestStore();
  });
  afterEach(async () => {
    await harness.dispose();
  });

  it('of a live PIN: its seed, never the PIN', async () => {
    const keyring = createKeyring({ keys: [{ id: 'k1', secret: Buffer.alloc(32, 3) }], current: 'k1' });
    const pins = await Promise.all(times(50, () => createdPin(harness.store)));
    const bytes = everything(harness.path);
    for (const { pin } of pins) {
      // As long as can be, so that a find is no chance.
      const secret = derivePin(keyring, { ...pin, pinLength: 16 }) ?? '';
      expect(secret).toHaveLength(16);
      expect(bytes.includes(secret)).toBe(false);
      expect(bytes.includes(pin.seed ?? 'none')).toBe(true);
    }
  });

  const application = applicationId();
  const endings: [string, PinOptions, (id: Parameters<typeof attempt>[1]) => Promise<unknown>][] = [
    ['verified', { allowMultiple: false }, id => attempt(harness.store, id, true)],
    ['exhausted', { attempts: 1 }, id => attempt(harness.store, id, false)],
    ['expired', { ttlMs: 10 }, () => harness.advance(20)],
    ['cancelled', {}, pinId => harness.store.cancelPin({ opId: operation(), pinId, events: [] })],
    [
      'superseded',
      { applicationId: application },
      () => createdPin(harness.store, { applicationId: application, supersede: true }),
    ],
  ];

  it.each(endings)(
    'of a PIN that was %s: no trace of the seed after the next sweep',
    async (_, options, end) => {
      const { pin } = await createdPin(harness.store, options);
      const seed = Buffer.from(pin.seed ?? 'none');
      await Promise.all(times(20, () => createdPin(harness.store)));
      expect(everything(harness.path).includes(seed)).toBe(true);
      await end(pin.pinId);
      await harness.store.sweep({ retentionMs: 1_000_000 });
      expect(everything(harness.path).includes(seed)).toBe(false);
    },
  );

  it('stays bounded by the retention', async () => {
    const round = async () => {
      await Promise.all(times(200, () => createdPin(harness.store, { ttlMs: 100 })));
      await harness.advance(5000);
      await harness.store.sweep({ retentionMs: 1000 });
      return everything(harness.path).length;
    };
    const first = await round();
    let last = 0;
    for (let n = 0; n < 6; n++) last = await round();
    expect(last).toBeLessThan(first * 1.3);
  });
});
