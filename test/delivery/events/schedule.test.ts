import { describe, expect, it } from 'vitest';

import { GuardedFetchError } from '../../../src/delivery/push/index.ts';
import { STANDARD_DELAYS_MS, standardRetryDelayMs } from '../../../src/domain/push-schedule.ts';
import { times } from '../../support/store-fixtures.ts';
import { down, eventsRig, HOUR, MINUTE, SECOND, verified, type Answer } from './rig.ts';

const DOWN = 'https://down.example/hook';
const STANDBY = 'https://standby.example/hook';
const UP = 'https://up.example/hook';

const gaps = (ats: readonly number[]) => ats.slice(1).map((at, index) => at - ats[index]!);

describe('an endpoint that never takes it (faults.md F25)', () => {
  it('is tried ten times over three days, each wait within 10 % of its delay, under one id', async () => {
    const rig = await eventsRig({ answer: down });
    await rig.endpoint(DOWN);
    await rig.start();
    await rig.emit(verified());
    await rig.passTries(90 * HOUR);
    const waits = gaps(rig.pushes.map(push => push.at));
    expect(waits).toHaveLength(9);
    for (const [index, wait] of waits.entries()) {
      const delay = STANDARD_DELAYS_MS[index]!;
      expect(wait).toBeGreaterThanOrEqual(delay * 0.9);
      expect(wait).toBeLessThanOrEqual(delay * 1.1);
    }
    expect(new Set(rig.pushes.map(push => push.id)).size).toBe(1);
    expect(rig.counts).toEqual({ 'push-failed': 9, 'push-given-up': 1 });
    expect(await rig.waiting()).toBeUndefined();
  });

  it('the schedule is that of Standard Webhooks, spread evenly around it', () => {
    expect(STANDARD_DELAYS_MS.map(ms => ms / SECOND)).toEqual([
      5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400,
    ]);
    for (const [index, delay] of STANDARD_DELAYS_MS.entries()) {
      const at = (chance: number) => standardRetryDelayMs(index + 1, { chance });
      expect([at(0), at(0.5), at(1)]).toEqual([delay * 0.9, delay, Math.round(delay * 1.1)]);
    }
    expect(standardRetryDelayMs(10, { chance: 0 })).toBeUndefined();
    expect(() => standardRetryDelayMs(0, { chance: 0 })).toThrow(RangeError);
  });

  it('what failed together does not come again together', async () => {
    const rig = await eventsRig({ answer: down });
    await rig.endpoint(DOWN);
    await rig.start();
    await rig.emit(...times(40, () => verified()));
    await rig.passTries(7 * SECOND);
    const again = rig.pushes.slice(40).map(push => push.at);
    expect(again).toHaveLength(40);
    expect(new Set(again).size).toBeGreaterThan(10);
    expect(Math.max(...again) - Math.min(...again)).toBeGreaterThan(SECOND / 2);
  });

  it('a restart goes on with the schedule where it was', async () => {
    const rig = await eventsRig({ answer: down });
    await rig.endpoint(DOWN);
    await rig.start();
    await rig.emit(verified());
    await rig.passTries(10 * SECOND);
    expect(rig.pushes).toHaveLength(2);
    await rig.crash();
    await rig.passTries(4 * MINUTE);
    expect(rig.pushes).toHaveLength(2);
    await rig.crash();
    await rig.passTries(2 * MINUTE);
    expect(rig.pushes).toHaveLength(3);
  });
});

it('an endpoint that is down for an hour gets all of it afterwards, and nobody else is late', async () => {
  let isDown = true;
  const rig = await eventsRig({ answer: ({ url }) => (url === DOWN && isDown ? down() : 200) });
  const { endpoint } = await rig.endpoint(DOWN);
  await rig.endpoint(UP);
  await rig.start();
  for (let minute = 0; minute < 60; minute++) {
    const at = rig.clock.monotonic();
    await rig.emit(verified());
    expect(rig.pushes.findLast(push => push.url === UP)?.at).toBe(at);
    await rig.pass(MINUTE, MINUTE);
  }
  expect(rig.counts['push-delivered']).toBe(60);
  isDown = false;
  await rig.passTries(3 * HOUR);
  expect(rig.counts['push-delivered']).toBe(120);
  expect(await rig.waiting()).toBeUndefined();
  const taken = new Set(rig.pushes.filter(push => push.url === DOWN).map(push => push.id));
  expect(taken.size).toBe(60);
  for (const id of taken) expect(id.endsWith(endpoint.id)).toBe(true);
});

it('two endpoints on one server: the slow one holds up nothing of the other', async () => {
  const rig = await eventsRig({ answer: ({ url }) => (url.endsWith('/slow') ? 'hang' : 200) });
  await rig.endpoint('https://one.example/slow');
  await rig.endpoint('https://one.example/quick');
  await rig.start();
  await rig.emit(...times(50, () => verified()));
  const quick = () => rig.pushes.filter(push => push.url.endsWith('/quick')).length;
  await rig.until(() => quick() >= 50);
  expect([quick(), rig.pushes.length - quick()]).toEqual([50, 2]);
});

describe('the secondary URL', () => {
  it.each<[string, Answer]>([
    ['refuses', 500],
    ['redirects', 301],
    ['cannot be reached', down()],
    ['is not allowed', new GuardedFetchError('blocked', { permanent: true })],
  ])('is asked at once when the first one %s, under the same id', async (_, answer) => {
    const rig = await eventsRig({ answer: ({ url }) => (url === DOWN ? answer : 200) });
    await rig.endpoint(DOWN, { secondaryUrl: STANDBY });
    await rig.start();
    await rig.emit(verified());
    expect(rig.pushes.map(push => [push.url, push.at])).toEqual([
      [DOWN, 0],
      [STANDBY, 0],
    ]);
    expect(rig.pushes[0]!.id).toBe(rig.pushes[1]!.id);
    expect(rig.counts).toEqual({ 'push-delivered': 1 });
  });

  it('is left alone when the first one takes it', async () => {
    const rig = await eventsRig({ answer: () => 204 });
    await rig.endpoint(UP, { secondaryUrl: STANDBY });
    await rig.start();
    await rig.emit(verified());
    expect(rig.pushes.map(push => push.url)).toEqual([UP]);
  });

  it('both failing is one failed try', async () => {
    const rig = await eventsRig({ answer: down });
    await rig.endpoint(DOWN, { secondaryUrl: STANDBY });
    await rig.start();
    await rig.emit(verified());
    await rig.passTries(90 * HOUR);
    expect(rig.pushes).toHaveLength(20);
    expect(rig.counts).toEqual({ 'push-failed': 9, 'push-given-up': 1 });
  });

  it('its 410 is a refusal like any other', async () => {
    const rig = await eventsRig({ answer: ({ url }) => (url === DOWN ? 500 : 410) });
    const { endpoint } = await rig.endpoint(DOWN, { secondaryUrl: STANDBY });
    await rig.start();
    await rig.emit(verified());
    expect(rig.counts).toEqual({ 'push-failed': 1 });
    expect((await rig.endpoints.get(endpoint.id))?.enabled).toBe(true);
  });
});

describe('410', () => {
  it('switches the endpoint off, for good, and says so', async () => {
    const rig = await eventsRig({ answer: ({ url }) => (url === UP ? 200 : 410) });
    const { endpoint } = await rig.endpoint(DOWN, { secondaryUrl: STANDBY });
    await rig.endpoint(UP);
    await rig.start();
    await rig.emit(verified());
    expect(await rig.endpoints.get(endpoint.id)).toMatchObject({ enabled: false, disabledReason: 'gone' });
    await rig.emit(verified());
    await rig.pass(48 * HOUR, HOUR);
    await rig.emit(verified());
    expect(rig.pushes.map(push => push.url).toSorted()).toEqual([DOWN, UP, UP, UP].toSorted());
    const again = await rig.endpoints.update(endpoint.id, { enabled: true });
    expect(again).toMatchObject({ enabled: true });
    expect(again).not.toHaveProperty('disabledReason');
  });

  it('that comes in after the endpoint has moved changes nothing', async () => {
    const rig = await eventsRig({ answer: () => 410 });
    const { endpoint } = await rig.endpoint(DOWN);
    await rig.endpoints.update(endpoint.id, { url: UP });
    await rig.endpoints.markGone(endpoint.id, DOWN);
    expect((await rig.endpoints.get(endpoint.id))?.enabled).toBe(true);
  });
});

describe('Retry-After', () => {
  const asking = (value: string, status = 503) => ({ status, headers: { 'retry-after': value } });

  it.each<[string, Answer, number]>([
    ['longer than the schedule: it is kept', asking('600'), 600 * SECOND],
    ['with 429 too', asking('600', 429), 600 * SECOND],
    ['shorter: the schedule is kept', asking('1'), 5 * SECOND],
    ['nonsense: the schedule is kept', asking('soon'), 5 * SECOND],
    ['longer than a day: a day', asking('9999999'), 24 * HOUR],
    ['a date', asking('Thu, 01 Jan 2026 00:10:00 GMT'), 600 * SECOND],
    ['a date in the past', asking('Thu, 01 Jan 2015 00:10:00 GMT'), 5 * SECOND],
  ])('%s', async (_, answer, wait) => {
    let tries = 0;
    const rig = await eventsRig({ answer: () => (tries++ === 0 ? answer : 200) });
    await rig.endpoint(DOWN);
    await rig.start();
    await rig.emit(verified());
    await rig.passTries(wait * 1.2);
    expect(rig.pushes).toHaveLength(2);
    expect(rig.pushes[1]!.at).toBeGreaterThanOrEqual(wait * 0.9);
    expect(rig.pushes[1]!.at).toBeLessThanOrEqual(wait * 1.1);
  });

  it('of one of two URLs does not hold up the other', async () => {
    const answers: Answer[] = [asking('600'), 500, 200];
    const rig = await eventsRig({ answer: () => answers.shift()! });
    await rig.endpoint(DOWN, { secondaryUrl: STANDBY });
    await rig.start();
    await rig.emit(verified());
    await rig.passTries(6 * SECOND);
    expect(rig.pushes).toHaveLength(3);
  });
});

it('a URL that is not allowed, and another one that does not answer now: it comes again', async () => {
  const blocked = new GuardedFetchError('blocked', { permanent: true });
  const rig = await eventsRig({ answer: ({ url }) => (url === DOWN ? blocked : 500) });
  await rig.endpoint(DOWN, { secondaryUrl: STANDBY });
  await rig.start();
  await rig.emit(verified());
  expect(rig.counts).toEqual({ 'push-failed': 1 });
  expect(await rig.waiting()).toBeGreaterThan(0);
});

it('URLs that are not allowed end it, once all of them are', async () => {
  const rig = await eventsRig({ answer: () => new GuardedFetchError('blocked', { permanent: true }) });
  await rig.endpoint(DOWN, { secondaryUrl: STANDBY });
  await rig.start();
  await rig.emit(verified());
  expect(rig.counts).toEqual({ 'push-blocked': 1 });
  expect(await rig.waiting()).toBeUndefined();
});
