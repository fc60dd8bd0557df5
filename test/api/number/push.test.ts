import { describe, expect, it } from 'vitest';

import * as examples from '../../../src/api/infobip/number/examples.ts';
import { createNumberPushRenderer } from '../../../src/api/infobip/number/index.ts';
import { pushEvent } from '../../../src/delivery/push/index.ts';
import { CarrierError } from '../../../src/errors.ts';
import type { StoredEvent } from '../../../src/store/store.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { openTestStore } from '../../support/sqlite-harness.ts';
import { MINUTE, pusherRig } from '../../delivery/push/pusher-rig.ts';
import { FakeRegister } from './rig.ts';

const URL = 'https://www.example.com/number/notify';
const KEEP_MS = 3 * 86_400_000;

function eventOf(bulkId: string, contentType = 'application/json'): ReturnType<typeof pushEvent> {
  return pushEvent({ id: `number-${bulkId}`, data: { url: URL, contentType, kind: 'number', bulkId } });
}

function lookups(numbers: readonly string[]) {
  return numbers.map((to, index) => ({ messageId: `m${index}`, to }));
}

function stored(event: ReturnType<typeof pushEvent>): StoredEvent {
  return { ...event, target: 'https://www.example.com', createdAt: 0, tries: 1 };
}

describe('the answer to /number/1/notify', () => {
  it('is pushed by the pusher, in the shape of a query, and not asked again for a second try', async () => {
    const register = new FakeRegister();
    const statuses = [500, 200];
    const clock = new FakeClock();
    const rig = await pusherRig({
      answer: () => statuses.shift() ?? 200,
      renderers: {
        number: async event =>
          await createNumberPushRenderer({ lookup: register, store: rig.store, clock })(event),
      },
    });
    await rig.store.addLookups({
      bulkId: 'B',
      lookups: lookups(['41793026727', 'nobody']),
      events: [eventOf('B')],
      keepMs: KEEP_MS,
    });
    await rig.start();
    expect(rig.pushes).toHaveLength(1);
    await rig.pass(3 * MINUTE);
    expect(rig.pushes).toHaveLength(2);
    expect(register.asked).toStrictEqual(['+41793026727']);
    for (const { body, id, url } of rig.pushes) {
      expect([id, url]).toStrictEqual(['number-B', URL]);
      expect(JSON.parse(body)).toStrictEqual({
        bulkId: 'B',
        results: [
          examples.queryAnswer.results[0],
          expect.objectContaining({ to: 'nobody', status: expect.objectContaining({ id: 52 }) }),
        ],
      });
    }
  });

  it('goes on after a crash where it ended, and is the same however often it is written', async () => {
    const harness = await openTestStore();
    const clock = new FakeClock();
    const register = new FakeRegister();
    const numbers = Array.from({ length: 250 }, (_, n) => String(41_793_026_000 + n));
    await harness.store.addLookups({ bulkId: 'B', lookups: lookups(numbers), events: [], keepMs: KEEP_MS });
    // Dies in the third part.
    const dying = { ...harness.store };
    let saved = 0;
    dying.finishLookups = async request => {
      if (++saved === 3) throw new Error('killed');
      await harness.store.finishLookups(request);
    };
    const event = stored(eventOf('B'));
    await expect(createNumberPushRenderer({ lookup: register, store: dying, clock })(event)).rejects.toThrow(
      'killed',
    );
    expect(register.asked).toHaveLength(250);
    await harness.reopen();
    const { store } = harness;
    const render = createNumberPushRenderer({ lookup: register, store, clock });
    const first = await render(event);
    expect(register.asked).toHaveLength(300);
    register.answer = async () => await Promise.reject(new CarrierError('unreachable'));
    expect(await render(event)).toStrictEqual(first);
    const { results } = JSON.parse(String(first?.body)) as { results: { to: string; mccMnc: string }[] };
    expect(results.map(({ to }) => to)).toStrictEqual(numbers);
    expect(results.every(({ mccMnc }) => mccMnc === '22801')).toBe(true);
    await harness.dispose();
  });

  it('is XML where that was asked for, and nothing for what is forgotten', async () => {
    const harness = await openTestStore();
    const { store } = harness;
    const render = createNumberPushRenderer({ lookup: new FakeRegister(), store, clock: new FakeClock() });
    await store.addLookups({
      bulkId: 'B',
      lookups: lookups(['41793026727', '<&>']),
      events: [],
      keepMs: KEEP_MS,
    });
    const xml = await render(stored(eventOf('B', 'application/xml')));
    expect(xml?.contentType).toBe('application/xml');
    expect(xml?.body).toMatch(
      /^<\?xml version="1\.0" encoding="UTF-8"\?><reportResponse><results><results><to>41793026727<\/to>/,
    );
    expect(xml?.body).toContain('<to>&lt;&amp;&gt;</to>');
    expect(await render(stored(eventOf('never known')))).toBeUndefined();
    await harness.dispose();
  });
});
