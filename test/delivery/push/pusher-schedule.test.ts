import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';

import { GuardedFetchError } from '../../../src/delivery/push/index.ts';
import { HOUR, MINUTE, pusherRig, report, type Answer } from './pusher-rig.ts';

const DOWN = 'https://down.example/hook';
const UP = 'https://up.example/hook';

/** Minutes after the first try, by Infobip's `1 min + 1 min * n * n`. */
const SCHEDULE = [0];
for (let n = 1; n <= 20; n++) SCHEDULE.push(SCHEDULE.at(-1)! + 1 + n * n);

describe('a target that never takes it (faults.md F25)', () => {
  it('gets it on Infobip’s schedule for 48 h, under one id, and then no more', async () => {
    const rig = await pusherRig({ answer: ({ url }) => (url === DOWN ? 500 : 200) });
    await rig.start();
    await rig.emit(report(DOWN, { id: 'lost' }));
    await rig.pass(50 * HOUR);
    expect(rig.pushes.map(push => push.at / MINUTE)).toEqual(SCHEDULE);
    expect(SCHEDULE.at(-1)! / 60).toBeCloseTo(48, 0);
    expect(new Set(rig.pushes.map(push => push.id))).toEqual(new Set(['lost']));
    expect(rig.counts).toEqual({ 'push-failed': 20, 'push-given-up': 1 });
    expect(await rig.store.nextEventIn({ types: ['customer.push'] })).toBeUndefined();
  });

  it('signs every try anew: the same id and body, the time of the try', async () => {
    const rig = await pusherRig({ answer: () => 503 });
    await rig.start();
    await rig.emit(report(DOWN));
    await rig.pass(20 * MINUTE);
    expect(rig.pushes).toHaveLength(4);
    const receiver = new Webhook(rig.secret);
    for (const { id, at, body, headers } of rig.pushes) {
      const time = new Date(Date.UTC(2026, 0, 1) + at);
      expect(headers).toEqual({
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(time.getTime() / 1000),
        'webhook-signature': receiver.sign(id, time, body),
      });
    }
    expect(new Set(rig.pushes.map(push => push.body)).size).toBe(1);
  });

  it.each<[string, Answer]>([
    ['a redirect', 301],
    ['307', 307],
    ['400', 400],
    ['404', 404],
    ['429', 429],
    ['500', 500],
    ['100', 100],
    ['no connection', new GuardedFetchError('connect')],
    ['no name', new GuardedFetchError('dns')],
    ['a bad certificate', new GuardedFetchError('tls')],
    ['no HTTP', new GuardedFetchError('protocol')],
    ['silence', new GuardedFetchError('timeout')],
    ['a name that leads inside for now', new GuardedFetchError('blocked')],
  ])('%s is no success: it comes again after 2 minutes', async (_, answer) => {
    let tries = 0;
    const rig = await pusherRig({ answer: () => (tries++ === 0 ? answer : 200) });
    await rig.start();
    await rig.emit(report(DOWN));
    await rig.pass(2 * MINUTE - 1, MINUTE / 2);
    expect(rig.pushes).toHaveLength(1);
    await rig.pass(1);
    expect(rig.pushes).toHaveLength(2);
    expect(rig.counts).toEqual({ 'push-failed': 1, 'push-delivered': 1 });
  });
});

it.each([200, 201, 202, 204, 299])('a %i is success, and the end', async status => {
  const rig = await pusherRig({ answer: () => status });
  await rig.start();
  await rig.emit(report(UP));
  await rig.pass(3 * HOUR, HOUR);
  expect(rig.pushes).toHaveLength(1);
  expect(rig.counts).toEqual({ 'push-delivered': 1 });
});

it('a target that is down for an hour gets all of it afterwards, and nobody else is late', async () => {
  let down = true;
  const rig = await pusherRig({ answer: ({ url }) => (url === DOWN && down ? 502 : 200) });
  await rig.start();
  const emitted: string[] = [];
  for (let minute = 0; minute < 60; minute++) {
    const events = [report(DOWN), report(UP)];
    emitted.push(...events.map(event => event.id));
    const at = rig.clock.now();
    await rig.emit(...events);
    const other = rig.pushes.findLast(push => push.id === events[1]!.id);
    expect(other?.at).toBe(at - Date.UTC(2026, 0, 1));
    await rig.pass(MINUTE);
  }
  down = false;
  await rig.pass(90 * MINUTE);
  expect(rig.counts['push-delivered']).toBe(120);
  expect(new Set(rig.pushes.map(push => push.id))).toEqual(new Set(emitted));
  // Every retry of every event at its own time.
  for (const id of emitted) {
    const [first, ...later] = rig.pushes.filter(push => push.id === id).map(push => push.at / MINUTE);
    expect(later.map(at => at - first!)).toEqual(SCHEDULE.slice(1, later.length + 1));
  }
});

describe('410', () => {
  const GONE = 'https://shop.example/gone';
  it('ends pushes to that address for a day; its neighbours go on', async () => {
    const rig = await pusherRig({ answer: ({ url }) => (url === GONE ? 410 : 200) });
    await rig.start();
    await rig.emit(report(GONE));
    await rig.emit(report(GONE), report('https://shop.example/other'), report(`${GONE}?`));
    await rig.crash();
    await rig.emit(report(GONE));
    await rig.pass(24 * HOUR - 1, HOUR);
    await rig.emit(report(GONE));
    expect(rig.pushes.map(push => push.url)).toEqual([GONE, 'https://shop.example/other', `${GONE}?`]);
    expect(rig.counts).toEqual({ 'push-gone': 4, 'push-delivered': 2 });
    await rig.pass(1);
    await rig.emit(report(GONE));
    expect(rig.pushes).toHaveLength(4);
  });
});

describe('what cannot be pushed', () => {
  it('a URL that is not allowed is dropped at once', async () => {
    const rig = await pusherRig({ answer: () => new GuardedFetchError('blocked', { permanent: true }) });
    await rig.start();
    await rig.emit(report('https://10.0.0.1/'));
    await rig.pass(HOUR);
    expect(rig.pushes).toHaveLength(1);
    expect(rig.counts).toEqual({ 'push-blocked': 1 });
  });

  it('an event with nothing left to tell, of an unknown kind, or without a URL is dropped', async () => {
    const rig = await pusherRig({ renderers: { report: async () => undefined } });
    await rig.start();
    await rig.emit(report(UP), report(UP, { kind: 'unheard-of' }), {
      id: 'no-url',
      type: 'customer.push',
      data: { kind: 'report', contentType: 'application/json' },
    });
    expect(rig.pushes).toEqual([]);
    expect(rig.counts).toEqual({ 'push-empty': 3 });
    expect(rig.logged.filter(line => line.includes('nobody can write'))).toHaveLength(2);
  });

  it('a body that cannot be written now, or takes for ever, is written later', async () => {
    let tries = 0;
    const rig = await pusherRig({
      renderers: {
        report: async () => {
          tries++;
          if (tries === 1) throw new Error('the store did not answer');
          if (tries === 2) await new Promise(() => {});
          return { body: 'third', contentType: 'text/plain' };
        },
      },
    });
    await rig.start();
    await rig.emit(report(UP));
    await rig.pass(2 * MINUTE + 10_000, 1000);
    expect([tries, rig.pushes.length]).toEqual([2, 0]);
    await rig.pass(5 * MINUTE);
    expect(rig.pushes).toMatchObject([{ body: 'third', headers: { 'content-type': 'text/plain' } }]);
    expect(rig.counts).toEqual({ 'push-failed': 2, 'push-delivered': 1 });
  });
});

it('no path, query or body of a push reaches the log', async () => {
  const url = 'https://log.example/path-secret?token=query-secret';
  const answers: Answer[] = [500, new GuardedFetchError('tls', { what: 'CERT_HAS_EXPIRED' }), 410];
  const rig = await pusherRig({
    answer: () => answers.shift() ?? 200,
    renderers: { report: async () => ({ body: 'body-secret', contentType: 'text/plain' }) },
  });
  await rig.start();
  await rig.emit(report(url, { id: 'ours' }));
  await rig.pass(2 * HOUR);
  expect(rig.pushes).toHaveLength(3);
  expect(rig.logged.filter(line => line.includes('https://log.example'))).toHaveLength(3);
  expect(rig.logged.join('')).not.toMatch(/-secret|whsec/);
});

it('events that nobody consumes are deleted after two days; the consumed and others’ never', async () => {
  const rig = await pusherRig({ answer: () => 500, othersTypes: ['theirs'] });
  await rig.start();
  await rig.emit(
    { id: 'unread', type: 'voice.report', data: {} },
    { id: 'others', type: 'theirs', data: {} },
    report(DOWN, { id: 'mine' }),
  );
  const left = async () =>
    (await rig.store.claimEvents({ limit: 9, leaseMs: 1, types: ['voice.report', 'theirs'] })).map(
      ({ id }) => id,
    );
  await rig.pass(47 * HOUR, 10 * MINUTE);
  expect(await left()).toEqual(['unread', 'others']);
  await rig.pass(1.1 * HOUR, 10 * MINUTE);
  expect(await left()).toEqual(['others']);
  expect(await rig.store.nextEventIn({ types: ['customer.push'] })).toBeDefined();
});
