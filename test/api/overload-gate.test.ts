import { describe, expect, test } from 'vitest';

import { GATE_LIMITS, OverloadGate, type GateLimits, type GuardedKind } from '../../src/api/overload-gate.ts';
import { ServiceError } from '../../src/errors.ts';
import { FakeClock, settle } from '../support/fake-clock.ts';

function rig(limits: Partial<GateLimits> = {}) {
  const clock = new FakeClock();
  const line = { waitingMs: 0 };
  const shed: string[] = [];
  const gate = new OverloadGate({
    clock,
    waitingMs: () => line.waitingMs,
    limits,
    onShed: ({ kind, reason }) => void shed.push(`${kind} ${reason}`),
  });
  const tries = (kind: GuardedKind): 'in' | ServiceError => {
    try {
      gate.admit(kind, true).leave();
      return 'in';
    } catch (error) {
      return error as ServiceError;
    }
  };
  /** A request that is let in and asks for its place. */
  const enter = (kind: GuardedKind) => {
    const visit = gate.admit(kind, true);
    return { reached: visit.enter(), leave: () => visit.leave() };
  };
  /** So many that there are more than few inside. */
  const crowd = (kind: GuardedKind): void => {
    const count = kind === 'verify' ? 160 : 40;
    for (let inside = 0; inside < count; inside++) gate.admit(kind, true);
  };
  /** How many of `requests` in `ms` are let in. */
  const letIn = (kind: GuardedKind, requests: number, ms: number): number => {
    let count = 0;
    for (let request = 0; request < requests; request++) {
      clock.advance(ms / requests);
      if (tries(kind) === 'in') count++;
    }
    return count;
  };
  return { clock, line, shed, gate, tries, letIn, enter, crowd };
}

const small = (running: number, waiting = 2): Partial<GateLimits> => ({
  kinds: { ...GATE_LIMITS.kinds, send: { running, waiting, patienceMs: 250 } },
});

describe('the door', () => {
  test('lets everything in while the loop keeps up', () => {
    const { letIn, shed } = rig();
    expect(letIn('send', 1_000, 10_000)).toBe(1_000);
    expect(letIn('verify', 1_000, 10_000)).toBe(1_000);
    expect(shed).toStrictEqual([]);
  });

  test('a late loop costs sends first, and no verify and no webhook', () => {
    const { line, letIn, crowd } = rig();
    crowd('send');
    line.waitingMs = 140;
    letIn('send', 100, 1_000);
    const sends = letIn('send', 1_000, 1_000);
    expect(sends).toBeLessThan(200);
    expect(letIn('verify', 1_000, 100)).toBe(1_000);
    expect(letIn('carrier', 1_000, 100)).toBe(1_000);
  });

  test('verifies follow only with hardly any send left and a loop later still; carriers never', () => {
    const { line, letIn, crowd } = rig();
    crowd('send');
    crowd('verify');
    line.waitingMs = 500;
    letIn('send', 1_000, 5_000);
    expect(letIn('send', 1_000, 1_000)).toBeLessThanOrEqual(55);
    letIn('verify', 1_000, 5_000);
    const verifies = letIn('verify', 1_000, 1_000);
    expect(verifies).toBeGreaterThanOrEqual(190);
    expect(verifies).toBeLessThan(300);
    expect(letIn('carrier', 1_000, 1_000)).toBe(1_000);
  });

  test('a loop that is late for a moment, or with next to nothing to do, costs nobody anything', () => {
    const { clock, line, letIn, crowd } = rig();
    line.waitingMs = 200;
    // Few inside: they are not what makes it late.
    expect(letIn('send', 1_000, 10_000)).toBe(1_000);
    line.waitingMs = 0;
    letIn('send', 100, 5_000);
    crowd('send');
    line.waitingMs = 200;
    expect(letIn('send', 100, 140)).toBe(100);
    line.waitingMs = 0;
    expect(letIn('send', 100, 500)).toBe(100);
    // A rise that stays within what is allowed.
    for (const ms of [5, 45, 5, 49]) {
      line.waitingMs = ms;
      expect(letIn('send', 20, 100)).toBe(20);
    }
    // Late again, much later: nobody knows of anything in between.
    clock.advance(60_000);
    line.waitingMs = 200;
    expect(letIn('send', 100, 140)).toBe(100);
  });

  test('verifications that are few are never what makes it late: they are let in whatever goes on', () => {
    const { line, gate, letIn, crowd } = rig();
    crowd('send');
    line.waitingMs = 2_000;
    letIn('send', 1_000, 5_000);
    for (let inside = 0; inside < 127; inside++) gate.admit('verify', true);
    expect(letIn('verify', 1_000, 5_000)).toBe(1_000);
    gate.admit('verify', true);
    expect(letIn('verify', 1_000, 5_000)).toBeLessThan(300);
  });

  test('from the worst it is back to all within 5 s of quiet', () => {
    const { line, letIn, crowd } = rig();
    crowd('send');
    crowd('verify');
    line.waitingMs = 2_000;
    letIn('send', 1_000, 10_000);
    letIn('verify', 1_000, 10_000);
    line.waitingMs = 2;
    letIn('send', 1_000, 4_500);
    expect(letIn('send', 500, 500)).toBe(500);
    expect(letIn('verify', 500, 500)).toBe(500);
  });

  test('says when to come back, not to all the same, and why', () => {
    const { line, tries, letIn, crowd } = rig();
    crowd('send');
    line.waitingMs = 2_000;
    letIn('send', 100, 10_000);
    const refusals = Array.from({ length: 20 }, () => tries('send')).filter(answer => answer !== 'in');
    expect(refusals.length).toBeGreaterThan(10);
    for (const { id, reason } of refusals) expect([id, reason]).toStrictEqual(['unavailable', 'overloaded']);
    const waits = new Set(refusals.map(({ retryAfterMs }) => retryAfterMs));
    expect([...waits].toSorted((a, b) => (a ?? 0) - (b ?? 0))).toStrictEqual([
      1_000, 2_000, 3_000, 4_000, 5_000,
    ]);
  });

  test('stopping: nothing new, but reports, verifies and carriers', () => {
    const { gate, tries, shed } = rig();
    gate.drain();
    expect(tries('send')).toMatchObject({ id: 'unavailable', reason: 'draining', retryAfterMs: 5_000 });
    expect(shed).toStrictEqual(['send draining']);
    gate.admit('send', false).leave();
    expect([tries('verify'), tries('carrier')]).toStrictEqual(['in', 'in']);
  });

  test('media sockets have a hard limit, and a closed one makes room once', () => {
    const { gate, shed } = rig({ mediaSockets: 2 });
    const close = gate.openSocket();
    gate.openSocket();
    expect(() => gate.openSocket()).toThrow(ServiceError);
    expect(shed).toStrictEqual(['carrier hard-limit']);
    close();
    close();
    expect(gate.mediaSockets).toBe(1);
    gate.openSocket();
    expect(() => gate.openSocket()).toThrow(ServiceError);
  });
});

describe('places', () => {
  test('more than there are wait, first come, first served', async () => {
    const { gate, enter } = rig(small(1));
    const order: string[] = [];
    const first = enter('send');
    await first.reached;
    const second = enter('send');
    const third = enter('send');
    void second.reached.then(() => order.push('second'));
    void third.reached.then(() => order.push('third'));
    await settle();
    expect(order).toStrictEqual([]);
    expect(gate.requests()).toContainEqual({ kind: 'send', running: 1, waiting: 2 });
    first.leave();
    first.leave();
    await settle();
    expect(order).toStrictEqual(['second']);
    second.leave();
    await settle();
    expect(order).toStrictEqual(['second', 'third']);
    third.leave();
    expect(gate.requests()).toContainEqual({ kind: 'send', running: 0, waiting: 0 });
  });

  test('a full queue refuses at the door', () => {
    const { enter, tries, shed } = rig(small(1, 1));
    enter('send');
    expect(tries('send')).toBe('in');
    enter('send');
    expect(tries('send')).toMatchObject({ id: 'unavailable' });
    expect(tries('verify')).toBe('in');
    expect(shed).toStrictEqual(['send queue-full']);
  });

  test('patience is long in a queue that empties, and short in one that stands', async () => {
    const { enter, clock } = rig(small(1, 100));
    enter('send');
    const waited = async (): Promise<number> => {
      const start = clock.monotonic();
      const end = enter('send').reached.then(
        () => -1,
        () => clock.monotonic() - start,
      );
      await clock.advanceAsync(300);
      return await end;
    };
    expect(await waited()).toBe(250);
    // Alone each time: the queue was empty in between.
    expect(await waited()).toBe(250);
    const always = setUpStandingQueue();
    expect(await waited()).toBe(20);
    always.stop();
    await clock.advanceAsync(300);
    expect(await waited()).toBe(250);

    /** Somebody new before the last one's patience ends, for longer than a burst takes. */
    function setUpStandingQueue(): { stop(): void } {
      let going = true;
      const keep = (): void => {
        if (!going) return;
        void enter('send').reached.catch(() => undefined);
        clock.after(15, keep);
      };
      keep();
      for (let step = 0; step < 40; step++) clock.advance(15);
      return { stop: () => void (going = false) };
    }
  });

  test('who goes away while waiting leaves no gap, and holds nothing up', async () => {
    const { gate, enter } = rig(small(1));
    const first = enter('send');
    const gone = enter('send');
    const third = enter('send');
    gone.leave();
    expect(gate.requests()).toContainEqual({ kind: 'send', running: 1, waiting: 1 });
    first.leave();
    await third.reached;
    third.leave();
    gone.leave();
    expect(gate.requests()).toContainEqual({ kind: 'send', running: 0, waiting: 0 });
  });

  test('kinds do not wait for each other', async () => {
    const { enter } = rig(small(1));
    enter('send');
    enter('send');
    await enter('verify').reached;
    await enter('carrier').reached;
  });
});
