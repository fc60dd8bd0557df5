import { expect, test } from 'vitest';

import { createActivity, MOST_COUNTED } from '../../../src/api/console/activity.ts';
import type { VerificationView } from '../../../src/delivery/verifications.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const HOUR_MS = 3_600_000;

/** A verification, as far as it is counted. */
function view(id: string, created: number, more: object = {}): VerificationView {
  const pin = {
    pinId: id,
    applicationId: 'A'.repeat(32),
    messageId: '0'.repeat(32),
    to: '+41793026727',
    createdAt: created,
    expiresAt: created + 900_000,
    ...more,
  };
  const { state = 'pending', run, undeliverable = false } = more as Partial<VerificationView>;
  return {
    pin,
    state,
    run,
    undeliverable,
    calls: [],
    messages: [],
    attemptsLeft: 3,
  } as unknown as VerificationView;
}

function listOf(views: readonly VerificationView[]) {
  let asked = 0;
  return {
    asked: () => asked,
    list: async ({ limit, cursor }: { limit: number; cursor?: string }) => {
      asked++;
      const from = Number(cursor ?? 0);
      const next = from + limit;
      return {
        views: views.slice(from, next),
        ...(next < views.length && { nextCursor: String(next) }),
      };
    },
  };
}

const skipped = (at: number) => ({
  plan: { steps: [{ channel: 'sms' }] },
  entries: [{ kind: 'skipped', at, step: 0, channel: 'sms', reason: 'number-type', detail: 'fixed-line' }],
});

test('counts by state, time, country and reason', async () => {
  const clock = new FakeClock();
  const now = clock.now();
  const verifications = listOf([
    view('1', now - 60_000, { state: 'verified', verifiedAt: now - 20_000 }),
    view('2', now - 3 * HOUR_MS, {
      state: 'verified',
      verifiedAt: now - 3 * HOUR_MS + 90_000,
      to: '+12025550123',
    }),
    view('3', now - 3 * HOUR_MS, { state: 'exhausted' }),
    view('4', now - 5 * HOUR_MS, {
      to: 'anna@home.example',
      run: skipped(now - 5 * HOUR_MS),
      undeliverable: true,
    }),
  ]);
  const activity = await createActivity({ verifications, clock })('day');
  expect(activity).toMatchObject({
    complete: true,
    verifications: 4,
    states: { verified: 2, exhausted: 1, pending: 1 },
    undeliverable: 1,
    medianVerifyMs: 90_000,
    countries: [
      { country: 'CH', started: 2, verified: 1 },
      { country: 'US', started: 1, verified: 1 },
      { country: '@', started: 1, verified: 0 },
    ],
    reasons: [
      { reason: 'exhausted', count: 1 },
      { reason: 'number-type', count: 1 },
    ],
    blocks: [
      { id: '4', to: 'anna@home.example', channel: 'sms', reason: 'number-type', detail: 'fixed-line' },
    ],
  });
  const started = activity.buckets.map(bucket => bucket.started);
  expect(started.filter(count => count > 0)).toEqual([1, 2, 1]);
  expect(activity.buckets.reduce((sum, { verified }) => sum + verified, 0)).toBe(2);
});

test('the work is bounded: the newest are counted, and it says that there were more', async () => {
  const clock = new FakeClock();
  const all = Array.from({ length: MOST_COUNTED + 250 }, (_, index) =>
    view(String(index), clock.now() - 1_000),
  );
  const verifications = listOf(all);
  const activity = await createActivity({ verifications, clock })('hour');
  expect(activity.complete).toBe(false);
  expect(activity.verifications).toBe(MOST_COUNTED);
  expect(verifications.asked()).toBe(MOST_COUNTED / 100);
});

test('whoever asks within ten seconds gets the same answer, and a failure is not kept', async () => {
  const clock = new FakeClock();
  const verifications = listOf([]);
  const activity = createActivity({ verifications, clock });
  await Promise.all([activity('day'), activity('day')]);
  await activity('day');
  expect(verifications.asked()).toBe(1);
  await activity('week');
  expect(verifications.asked()).toBe(2);
  clock.advance(10_000);
  await activity('day');
  expect(verifications.asked()).toBe(3);

  let broken = true;
  const list = async () => {
    if (broken) throw new Error('away');
    return { views: [] };
  };
  const shaky = createActivity({ verifications: { list }, clock });
  await expect(shaky('day')).rejects.toThrow('away');
  broken = false;
  expect((await shaky('day')).verifications).toBe(0);
});
