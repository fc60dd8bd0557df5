import { expect, test } from 'vitest';

import { createLiveCalls, type LiveCalls } from '../../../src/api/console/index.ts';
import { initialState, step } from '../../../ivr/index.ts';
import type { DialogConfig, DialogEvent } from '../../../ivr/dialog-types.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { ConsoleServer } from './rig.ts';

const config: DialogConfig = {
  pauseMs: 0,
  repeatDtmf: '1',
  dtmfTimeoutMs: 5_000,
  times: 1,
  gate: 'off',
  gateKeys: [],
  machine: 'off',
};
const CALL = { ref: 'r1', pinId: 'p1', to: '+41793026727', carrier: 'acme' };

function run(live: LiveCalls, events: readonly DialogEvent[]): void {
  const watched = live.watch(CALL);
  let state = initialState(config);
  for (const event of events) {
    state = step(state, event, config).state;
    watched.moved(state);
  }
}

const SPOKEN: readonly DialogEvent[] = [
  { type: 'answered' },
  { type: 'handedOver', playId: 1, audioMs: 1_000, symbols: 1 },
  { type: 'marked', playId: 1, reading: 0, part: 'symbol', last: false, outcome: 'played' },
  { type: 'marked', playId: 1, reading: 0, part: 'end', last: true, outcome: 'played' },
];

test('a dialogue is followed from state to state, with what was learned on the way', () => {
  const live = createLiveCalls({ clock: new FakeClock() });
  const seen: string[] = [];
  live.onChange(({ at }) => void (at !== seen.at(-1) && seen.push(at)));
  run(live, [...SPOKEN, { type: 'key', key: '1' }, { type: 'hangup' }]);
  expect(seen).toEqual(['idle', 'playing', 'listening', 'playing', 'ended']);
  expect(live.list()).toEqual([
    expect.objectContaining({
      ...CALL,
      at: 'ended',
      cause: 'hangup',
      heard: 'full',
      repeats: 1,
      path: ['idle', 'playing', 'listening', 'playing'],
    }),
  ]);
});

test('no key that was pressed is in what is told', () => {
  const live = createLiveCalls({ clock: new FakeClock() });
  const told: string[] = [];
  live.onChange(call => void told.push(JSON.stringify(call)));
  run(live, [...SPOKEN, { type: 'key', key: '9' }, { type: 'key', key: '7' }]);
  expect(told.length).toBeGreaterThan(2);
  expect(told.join('\n')).not.toMatch(/keys|inputs|"9|"7|97/);
});

test('an ended call stays to be seen for a while, and nothing moves it any more', async () => {
  const clock = new FakeClock();
  const live = createLiveCalls({ clock });
  const watched = live.watch(CALL);
  const ended = step(initialState(config), { type: 'hangup' }, config).state;
  watched.moved(ended);
  watched.moved(initialState(config));
  expect(live.list()[0]?.at).toBe('ended');
  clock.advance(19_999);
  expect(live.list()).toHaveLength(1);
  clock.advance(1);
  expect(live.list()).toHaveLength(0);
});

test('the stream tells all calls, then each change, and ends with its session', async () => {
  const server = await ConsoleServer.start();
  try {
    const url = await server.api.app.listen({ host: '127.0.0.1', port: 0 });
    const session = await server.signIn();
    const answer = await fetch(`${url}/console/api/live`, { headers: session });
    expect(answer.headers.get('content-type')).toBe('text/event-stream');
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    const until = async (what: string): Promise<void> => {
      while (!text.includes(what)) {
        const { value, done } = await reader.read();
        if (done) throw new Error(`the stream ended before: ${what}`);
        text += value;
      }
    };
    await until('event: calls\ndata: {"calls":[]}\n\n');
    server.live.watch(CALL);
    await until('event: call\ndata: {"ref":"r1"');
    await server.ask('DELETE', '/console/session', undefined, session);
    server.clock.advance(15_000);
    await expect(until('never told')).rejects.toThrow('the stream ended');
  } finally {
    await server.close();
  }
});
