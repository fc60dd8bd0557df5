import { describe, expect, it } from 'vitest';

import { CIRCUIT, CircuitOpenError, type CircuitSettings } from '../../src/carriers/circuit.ts';
import { createCircuits } from '../../src/carriers/circuits.ts';
import type { PlaceCall } from '../../src/carriers/carrier.ts';
import type { SendMail, SendText } from '../../src/carriers/message-carrier.ts';
import { CarrierError } from '../../src/errors.ts';
import { createLogger } from '../../src/log.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { ScriptedCarrier } from '../support/scripted-carrier.ts';
import { ScriptedMail, ScriptedTexts } from '../support/scripted-messages.ts';

/** faults.md F15: a carrier that is down is not asked by everybody. */

const TEXT = { ref: 'R1', to: '+41793026727', from: 'Saypin' } as SendText;
const PAUSE = CIRCUIT.pauseMs;

/** `chance`: what the random bytes say, 0 to 255. */
function world(settings: CircuitSettings = CIRCUIT, chance = 0) {
  const clock = new FakeClock();
  const lines: string[] = [];
  const log = createLogger('info', { write: line => void lines.push(line) });
  const circuits = createCircuits({ clock, log, settings, random: size => Buffer.alloc(size, chance) });
  const carrier = new ScriptedTexts('acme');
  const texts = circuits.texts(new Map([['acme', carrier]])).get('acme')!;
  const send = async (): Promise<unknown> =>
    await texts.sendText(TEXT).catch((error: unknown) => (error as Error).name);
  const state = () => circuits.states().find(({ use }) => use === 'texts')?.state;
  const fail = async (times: number, reason: CarrierError['reason'] = 'server') => {
    carrier.answers = Array.from({ length: times }, () => refuse(reason));
    for (let count = 0; count < times; count++) await send();
  };
  return { clock, lines, circuits, carrier, texts, send, fail, state };
}

const refuse = (reason: CarrierError['reason'], carrierCode?: string) => async () =>
  await Promise.reject(new CarrierError(reason, carrierCode === undefined ? {} : { carrierCode }));

describe('a circuit', () => {
  it.each(['server', 'timeout', 'unreachable', 'protocol'] as const)(
    'opens after five failures in a row: %s',
    async reason => {
      const { carrier, fail, send, state } = world();
      await fail(4, reason);
      expect(state()).toBe('closed');
      await fail(1, reason);
      expect(state()).toBe('open');
      expect(await send()).toBe('CircuitOpenError');
      expect(carrier.texts).toHaveLength(5);
    },
  );

  it.each(['rejected', 'unauthorized', 'rate-limited'] as const)(
    'takes a refusal for an answer: %s',
    async reason => {
      const { fail, state } = world();
      await fail(20, reason);
      expect(state()).toBe('closed');
      await fail(4);
      await fail(1, reason);
      await fail(4);
      expect(state()).toBe('closed');
    },
  );

  it('counts from the start after a success, and forgets failures that are old', async () => {
    const { clock, fail, send, state } = world();
    await fail(4);
    await send();
    await fail(4);
    expect(state()).toBe('closed');
    clock.advance(CIRCUIT.windowMs);
    await fail(4);
    expect(state()).toBe('closed');
    await fail(1);
    expect(state()).toBe('open');
  });

  it('says that what it kept back certainly was not sent', async () => {
    const { texts, fail } = world();
    await fail(5);
    const error = await texts.sendText(TEXT).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CircuitOpenError);
    expect(error).toMatchObject({ reason: 'unreachable', retryable: true });
  });

  it('lets one look after its pause, and closes when the carrier answers', async () => {
    const { clock, carrier, fail, send, state } = world();
    await fail(5);
    clock.advance(PAUSE - 1);
    expect(await send()).toBe('CircuitOpenError');
    clock.advance(1);
    expect(state()).toBe('half-open');
    const answer = Promise.withResolvers<{ carrierMessageId: string }>();
    carrier.answers = [() => answer.promise];
    const looking = send();
    expect(await send()).toBe('CircuitOpenError');
    expect(carrier.texts).toHaveLength(6);
    answer.resolve({ carrierMessageId: 'SM9' });
    expect(await looking).toEqual({ carrierMessageId: 'SM9' });
    expect(state()).toBe('closed');
    await send();
    expect(carrier.texts).toHaveLength(7);
  });

  it('waits twice as long after each look that failed, up to a minute, and as at first once it was closed', async () => {
    const { clock, fail, send, state } = world();
    await fail(5);
    for (const pause of [5_000, 10_000, 20_000, 40_000, 60_000, 60_000]) {
      clock.advance(pause - 1);
      expect(state()).toBe('open');
      clock.advance(1);
      expect(state()).toBe('half-open');
      await fail(1);
    }
    clock.advance(60_000);
    await send();
    expect(state()).toBe('closed');
    await fail(5);
    clock.advance(PAUSE);
    expect(state()).toBe('half-open');
  });

  it('does not make all nodes look at once', async () => {
    const { clock, fail, state } = world(CIRCUIT, 255);
    await fail(5);
    clock.advance(PAUSE * 0.8 - 1);
    expect(state()).toBe('open');
    clock.advance(2);
    expect(state()).toBe('half-open');
  });

  it('is not opened or closed by answers to what was asked before', async () => {
    const { clock, carrier, fail, send, state } = world();
    const late = Promise.withResolvers<{ carrierMessageId: string }>();
    const later = Promise.withResolvers<{ carrierMessageId: string }>();
    carrier.answers = [() => late.promise, () => later.promise];
    const waiting = [send(), send()];
    await fail(5);
    late.resolve({ carrierMessageId: 'SM1' });
    await waiting[0];
    expect(state()).toBe('open');
    clock.advance(PAUSE);
    await send();
    expect(state()).toBe('closed');
    await fail(4);
    later.reject(new CarrierError('timeout'));
    await waiting[1];
    expect(state()).toBe('closed');
  });

  it('closes when a carrier turns out to have taken what it never confirmed', async () => {
    const { circuits, fail, state } = world();
    await fail(5, 'timeout');
    circuits.adopted('nobody', 'texts');
    circuits.adopted('acme', 'calls');
    expect(state()).toBe('open');
    circuits.adopted('acme', 'texts');
    expect(state()).toBe('closed');
  });

  it('is not opened by an adapter that trips over itself, nor closed', async () => {
    const { clock, carrier, fail, send, state } = world();
    const trip = async () => await Promise.reject(new TypeError('adapter'));
    carrier.answers = Array.from({ length: 9 }, () => trip);
    for (let count = 0; count < 9; count++) expect(await send()).toBe('TypeError');
    expect(state()).toBe('closed');
    await fail(5);
    clock.advance(PAUSE);
    carrier.answers = [trip];
    await send();
    expect(state()).toBe('open');
  });

  it('says each change in the log, with the reason and no number', async () => {
    const { clock, lines, fail, send } = world();
    await fail(5, 'timeout');
    clock.advance(PAUSE);
    await send();
    const said = lines.map(line => JSON.parse(line) as Record<string, unknown>);
    expect(
      said.map(({ carrier, use, state, reason, pauseMs }) => ({ carrier, use, state, reason, pauseMs })),
    ).toEqual([
      { carrier: 'acme', use: 'texts', state: 'open', reason: 'timeout', pauseMs: PAUSE },
      { carrier: 'acme', use: 'texts', state: 'half-open' },
      { carrier: 'acme', use: 'texts', state: 'closed' },
    ]);
    expect(lines.join()).not.toContain('3026727');
  });
});

describe('the circuits of a carrier', () => {
  it('are one for calls, one for texts: hang-ups, lists and webhooks always go through', async () => {
    const { circuits, fail, send, carrier, texts } = world();
    const caller = new ScriptedCarrier({ name: 'acme' });
    const calls = circuits.calls(new Map([['acme', caller]])).get('acme')!;
    await fail(5);
    expect(await send()).toBe('CircuitOpenError');
    expect(await calls.placeCall({ callRef: 'C1' } as PlaceCall)).toEqual({ carrierCallId: 'CA1' });
    caller.answers = Array.from({ length: 5 }, () => refuse('timeout'));
    for (let count = 0; count < 6; count++) await calls.placeCall({} as PlaceCall).catch(() => undefined);
    expect(caller.placed).toHaveLength(6);
    await calls.hangup('CA1');
    expect(caller.hungUp).toEqual(['CA1']);
    expect(calls.capabilities).toBe(caller.capabilities);
    expect(calls).not.toHaveProperty('findCall');
    carrier.findText = async () => ({ match: 'none' });
    expect(await texts.findText?.({ ref: 'R1', to: '', from: '', since: 0 })).toEqual({ match: 'none' });
    expect(circuits.states()).toEqual([
      { carrier: 'acme', use: 'texts', state: 'open' },
      { carrier: 'acme', use: 'calls', state: 'open' },
    ]);
  });

  it('take a mail server’s "later" for one mail for an answer, and its goodbye for an outage', async () => {
    const { circuits } = world();
    const server = new ScriptedMail();
    const mail = circuits.mail(server);
    const send = async (answer: () => Promise<never>, times: number) => {
      server.answers = Array.from({ length: times }, () => answer);
      for (let count = 0; count < times; count++) await mail.sendMail({} as SendMail).catch(() => undefined);
    };
    await send(refuse('server', '451'), 9);
    expect(circuits.states().at(-1)).toMatchObject({ use: 'mail', state: 'closed' });
    await send(refuse('server', '421'), 5);
    expect(circuits.states().at(-1)).toEqual({ carrier: 'scripted-mail', use: 'mail', state: 'open' });
    expect(server.mails).toHaveLength(14);
  });
});
