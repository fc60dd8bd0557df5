import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Plan } from '../../src/media/prompts.ts';
import { settle } from '../support/fake-clock.ts';
import { plain, READING_MS, rig } from './session-rig.ts';

describe('saying the message', () => {
  it('sends the first sound in the turn of the ready event when the clips are warm', () => {
    const { stream, start } = rig();
    start();
    expect(stream.log).toEqual([]);
    stream.ready();
    expect(stream.log[0]).toEqual({ sent: 8_000 });
  });

  it('puts a mark behind every PIN symbol and one at the end, and batches the rest', () => {
    const { stream, start } = rig();
    start();
    stream.ready();
    expect(
      stream.log.map(entry => (typeof entry === 'object' && 'sent' in entry ? entry.sent : 'mark')),
    ).toEqual([8_000, 'mark', 4_000, 'mark', 4_000, 'mark', 'mark']);
    expect(new Set(stream.marks).size).toBe(stream.marks.length);
  });

  it('ends with everything heard, asks the carrier to hang up, and leaves the socket to it', async () => {
    const one = rig();
    one.start();
    one.stream.ready();
    await one.clock.advanceAsync(READING_MS + 500);
    expect(one.report).toMatchObject({ codeHeard: 'full', cause: 'completed' });
    expect(one.hangups).toHaveLength(1);
    expect(one.stream.log).not.toContain('close');
    expect(one.closed).toBe(1);
    expect(one.clock.pending).toBe(0);
  });

  it('reads twice with a second between', async () => {
    const one = rig({ times: 2 });
    one.start();
    one.stream.ready();
    expect(one.stream.sentMs).toBe(2 * READING_MS + 1_000);
    await one.clock.advanceAsync(2 * READING_MS + 1_000 + 499);
    expect(one.reports).toEqual([]);
    await one.clock.advanceAsync(1);
    expect(one.report.codeHeard).toBe('full');
  });

  it('waits the pause before the first word', () => {
    const { stream, clock, start } = rig({ pauseMs: 700 });
    start();
    stream.ready();
    clock.advance(699);
    expect(stream.log).toEqual([]);
    clock.advance(1);
    expect(stream.log).not.toEqual([]);
  });

  it('hangs up after callTimeout, mid-word', async () => {
    const one = rig({ callTimeoutMs: 1_200 });
    one.start();
    one.stream.ready();
    await one.clock.advanceAsync(1_200);
    expect(one.report).toMatchObject({ cause: 'call-timeout', codeHeard: 'partial' });
    expect(one.stream.log).toContain('clear');
  });
});

describe('keys', () => {
  it('repeats at once when the repeat key is pressed during playback', async () => {
    const one = rig({ repeatDtmf: '1#' });
    one.start();
    one.stream.ready();
    await one.clock.advanceAsync(1_100);
    one.stream.press('1');
    expect(one.stream.log).toContain('clear');
    await one.clock.advanceAsync(READING_MS + 10_000);
    expect(one.report).toMatchObject({ repeats: 1, codeHeard: 'full', cause: 'completed', inputs: ['1'] });
    expect(new Set(one.stream.marks).size).toBe(one.stream.marks.length);
  });

  it('counts a key that comes by two roads within 100 ms once, and two presses on one road twice', async () => {
    const one = rig({ maxDtmf: 4 });
    const session = one.start();
    one.stream.ready();
    await one.clock.advanceAsync(READING_MS);
    one.stream.press('5');
    await one.clock.advanceAsync(100);
    session.key('5', 'inband');
    await one.clock.advanceAsync(101);
    one.stream.press('5');
    one.stream.press('5');
    session.key('5', 'webhook');
    session.key('7', 'webhook');
    await settle();
    expect(one.report.inputs).toEqual(['5557']);
  });

  it('keeps pressed keys and the PIN out of the log, whatever fails', async () => {
    const one = rig({ maxDtmf: 2 });
    one.onHangup = () => Promise.reject(new Error('no'));
    one.start();
    one.stream.ready();
    one.stream.press('9');
    one.stream.press('8');
    one.stream.press('7x');
    await one.clock.advanceAsync(60_000);
    // The wall clock has any digits.
    expect(one.lines.join('\n').replaceAll(/"time":\d+/g, '')).not.toMatch(/98|472|"keys?"/);
  });
});

describe('the human gate', () => {
  const gate = { gate: 'random-digit', gateKeys: ['4', '8'] } as const;

  it('says nothing of the PIN before the right key', async () => {
    const one = rig(gate);
    one.start();
    one.stream.ready();
    expect(one.asked).toEqual([{ kind: 'gate', keys: '4' }]);
    await one.clock.advanceAsync(600);
    one.stream.press('4');
    expect(one.asked.at(-1)).toMatchObject({ kind: 'message' });
    await one.clock.advanceAsync(READING_MS + 500);
    expect(one.report).toMatchObject({ gate: 'passed', codeHeard: 'full' });
  });

  it('hangs up without a word of the PIN after two silent prompts', async () => {
    const one = rig(gate);
    one.start();
    one.stream.ready();
    await one.clock.advanceAsync(30_000);
    expect(one.report).toMatchObject({ gate: 'failed', codeHeard: 'none', cause: 'gate-failed' });
    expect(one.asked.map(prompt => prompt.kind)).toEqual(['gate', 'gate']);
  });
});

describe('machines', () => {
  it('hangs up on one without a word, also when the verdict came before the socket was ready', async () => {
    const one = rig({ machine: 'hangup' });
    const session = one.start();
    session.answeredBy('machine', false);
    one.stream.ready();
    await settle();
    expect(one.report).toMatchObject({ cause: 'machine', answeredBy: 'machine', codeHeard: 'none' });
    expect(one.stream.sentMs).toBe(0);
  });

  it('waits for the end of the greeting with `continue`', async () => {
    const one = rig({ machine: 'continue' });
    const session = one.start();
    one.stream.ready();
    session.answeredBy('machine', false);
    expect(one.stream.sentMs).toBe(0);
    session.answeredBy('machine', true);
    expect(one.stream.sentMs).toBe(READING_MS);
    await one.clock.advanceAsync(READING_MS + 500);
    expect(one.report).toMatchObject({ codeHeard: 'full', answeredBy: 'machine' });
  });
});

describe('a carrier that misbehaves', () => {
  it('never returns a mark: the guard ends it, heard unknown', async () => {
    const one = rig();
    one.stream.loseMarks = true;
    one.start();
    one.stream.ready();
    await one.clock.advanceAsync(READING_MS + 3_000 + 499);
    expect(one.reports).toEqual([]);
    await one.clock.advanceAsync(1);
    expect(one.report).toMatchObject({ codeHeard: 'unknown', cause: 'completed' });
  });

  it('returns marks late, twice, and ones that nobody set', async () => {
    const one = rig({ repeatDtmf: '1' });
    one.start();
    one.stream.ready();
    const [first = ''] = one.stream.marks;
    await one.clock.advanceAsync(500);
    one.stream.press('1');
    one.stream.echo(first);
    one.stream.echo(first);
    one.stream.echo('nobody');
    one.stream.end('carrier');
    one.stream.echo(first);
    one.stream.endAgain('network');
    await settle();
    expect(one.report).toMatchObject({ codeHeard: 'none', cause: 'hangup', repeats: 1 });
    expect(one.closed).toBe(1);
  });

  it('says in order that the call is over: partial, and no hang-up is asked for', async () => {
    const one = rig();
    one.start();
    one.stream.ready();
    await one.clock.advanceAsync(1_200);
    one.stream.end('carrier');
    await settle();
    expect(one.report).toMatchObject({ codeHeard: 'partial', cause: 'hangup' });
    expect(one.hangups).toEqual([]);
    expect(one.clock.pending).toBe(0);
  });

  it('loses the socket: the call is hung up, since it may go on without us', async () => {
    const one = rig();
    one.start();
    one.stream.ready();
    await one.clock.advanceAsync(1_200);
    one.stream.end('network');
    await settle();
    expect(one.report).toMatchObject({ codeHeard: 'partial', cause: 'media-lost' });
    expect(one.hangups).toHaveLength(1);
    expect(one.clock.pending).toBe(0);
  });

  it('sends no first message: given up after 10 s', async () => {
    const one = rig();
    one.start();
    await one.clock.advanceAsync(9_999);
    expect(one.reports).toEqual([]);
    await one.clock.advanceAsync(1);
    expect(one.report).toMatchObject({ failure: 'no-start', codeHeard: 'none' });
    expect(one.hangups).toHaveLength(1);
  });

  it('opens a socket for another call', async () => {
    const one = rig({}, { carrierCallId: 'CA1' });
    one.start();
    one.stream.ready('CA2');
    await settle();
    expect(one.report).toMatchObject({ failure: 'wrong-call' });
    expect(one.stream.sentMs).toBe(0);
  });

  it('does not hang up: asked twice, then the socket is closed', async () => {
    const one = rig();
    one.onHangup = () => new Promise(() => {});
    one.start();
    one.stream.ready();
    await one.clock.advanceAsync(READING_MS + 500);
    expect(one.reports).toHaveLength(1);
    expect(one.closed).toBe(0);
    await one.clock.advanceAsync(6_000);
    expect(one.hangups.map(signal => signal.aborted)).toEqual([true, true]);
    expect(one.stream.log.at(-1)).toBe('close');
    expect(one.closed).toBe(1);
    expect(one.clock.pending).toBe(0);
  });

  it('hangs up but leaves the stream open: closed after 2 s', async () => {
    const one = rig();
    one.onHangup = async () => {};
    one.start();
    one.stream.ready();
    await one.clock.advanceAsync(READING_MS + 500 + 1_999);
    expect(one.closed).toBe(0);
    await one.clock.advanceAsync(1);
    expect(one.closed).toBe(1);
  });

  it('keeps the call alive for ever: the total guard ends it', async () => {
    const one = rig({ maxDtmf: 20, dtmfTimeoutMs: 3_600_000 }, { limits: { totalMs: 30_000 } });
    one.start();
    one.stream.ready();
    await one.clock.advanceAsync(30_000);
    expect(one.report).toMatchObject({ failure: 'overtime', codeHeard: 'full' });
  });
});

describe('sound that is not there', () => {
  it('is waited for, and keys are taken meanwhile', async () => {
    const one = rig({ repeatDtmf: '1' });
    one.speech.mode = 'cold';
    one.start();
    one.stream.ready();
    expect(one.stream.sentMs).toBe(0);
    await settle();
    expect(one.stream.sentMs).toBe(READING_MS);
    await one.clock.advanceAsync(READING_MS + 10_000);
    expect(one.report).toMatchObject({ codeHeard: 'full' });
  });

  it.each([
    ['broken', 0],
    ['hang', 10_000],
  ] as const)('is given up when the engine is %s', async (mode, ms) => {
    const one = rig();
    one.speech.mode = mode;
    one.start();
    one.stream.ready();
    await one.clock.advanceAsync(ms);
    expect(one.report).toMatchObject({ failure: 'speech-failed', codeHeard: 'none' });
    expect(one.hangups).toHaveLength(1);
    expect(one.clock.pending).toBe(0);
  });

  it('does not come back to life when its prompt was cleared meanwhile', async () => {
    const one = rig({ repeatDtmf: '1' });
    one.speech.mode = 'cold';
    one.start();
    one.stream.ready();
    one.stream.press('1');
    await settle();
    expect(one.stream.sentMs).toBe(READING_MS);
    expect(one.stream.marks.every(name => name.startsWith('p2'))).toBe(true);
  });
});

it('late sound of a prompt that was replaced does not stand in for the next one', async () => {
  const sounds: PromiseWithResolvers<Plan>[] = [];
  const prompts = {
    plan() {
      const sound = Promise.withResolvers<Plan>();
      sounds.push(sound);
      return sound.promise;
    },
  };
  const one = rig({ repeatDtmf: '1' }, { prompts });
  one.start();
  one.stream.ready();
  one.stream.press('1');
  sounds[0]?.resolve({ pieces: [], audioMs: 100, symbols: 0 });
  await one.clock.advanceAsync(10_000);
  expect(sounds).toHaveLength(2);
  expect(one.report).toMatchObject({ failure: 'speech-failed', codeHeard: 'none', repeats: 1 });
});

describe('our own faults', () => {
  it('end the call and reach nobody', async () => {
    const one = rig(
      {},
      {
        prompts: {
          plan: () => {
            throw new Error('472');
          },
        },
      },
    );
    one.start();
    expect(() => one.stream.ready()).not.toThrow();
    await settle();
    expect(one.report).toMatchObject({ failure: 'internal' });
    expect(one.lines.join('\n')).not.toContain('472');
    expect(one.closed).toBe(1);
  });

  it('a listener that throws at the end does not keep the call', async () => {
    const one = rig(
      {},
      {
        onEnd: () => {
          throw new Error('listener');
        },
      },
    );
    one.start();
    one.stream.ready();
    await one.clock.advanceAsync(READING_MS + 500);
    expect(one.hangups).toHaveLength(1);
    expect(one.closed).toBe(1);
  });

  it('shutdown is reported as such', async () => {
    const one = rig();
    const session = one.start();
    one.stream.ready();
    await one.clock.advanceAsync(1_600);
    session.end('shutdown');
    session.end('overtime');
    session.remoteHangup();
    await settle();
    expect(one.report).toMatchObject({ failure: 'shutdown', codeHeard: 'partial' });
  });
});

it('ends exactly once and leaves no timer behind, whatever happens in whatever order', async () => {
  const happening = fc.oneof(
    fc.constantFrom('ready', 'carrier', 'network', 'us', 'human', 'machine', 'remote', 'end', 'echo'),
    fc.constantFrom(...'0123456789*#AZ'),
    fc.integer({ min: 0, max: 12_000 }),
  );
  const config = fc.record({
    times: fc.integer({ min: 1, max: 3 }),
    repeatDtmf: fc.constantFrom(undefined, '1#', '12'),
    maxDtmf: fc.constantFrom(undefined, 1, 3),
    gate: fc.constantFrom('off' as const, 'any-key' as const, 'random-digit' as const),
    machine: fc.constantFrom('off' as const, 'hangup' as const, 'continue' as const),
  });
  const modes = fc.constantFrom('warm' as const, 'cold' as const, 'broken' as const, 'hang' as const);
  await fc.assert(
    fc.asyncProperty(
      fc.array(happening, { maxLength: 14 }),
      config,
      modes,
      fc.boolean(),
      async (events, given, mode, lose) => {
        const one = rig({ ...plain, ...given, gateKeys: ['1', '2'] });
        one.speech.mode = mode;
        one.stream.loseMarks = lose;
        const session = one.start();
        for (const event of events) {
          if (typeof event === 'number') await one.clock.advanceAsync(event);
          else if (event === 'ready') one.stream.ready();
          else if (event === 'carrier' || event === 'network' || event === 'us') one.stream.end(event);
          else if (event === 'human' || event === 'machine') session.answeredBy(event, true);
          else if (event === 'remote') session.remoteHangup();
          else if (event === 'end') session.end('shutdown');
          else if (event === 'echo') one.stream.echo(one.stream.marks[0] ?? 'none', 'cleared');
          else one.stream.press(event);
        }
        await one.clock.advanceAsync(400_000);
        expect(one.reports).toHaveLength(1);
        expect(one.closed).toBe(1);
        expect(one.clock.pending).toBe(0);
        expect(one.stream.closed).toBe(true);
      },
    ),
    { numRuns: 60, seed: 7 },
  );
});
