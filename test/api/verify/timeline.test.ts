import { describe, expect, it } from 'vitest';

import { timelineOf } from '../../../src/api/verify/timeline.ts';
import type { PinMessage, PinMessageReport } from '../../../src/domain/pin-message.ts';
import type { PlanRun, RunEntry } from '../../../src/domain/plan.ts';
import type { CallReport, CallRef, Delivery, E164 } from '../../../src/domain/types.ts';

const START = Date.UTC(2026, 10, 21, 9);
const at = (ms: number): string => new Date(START + ms).toISOString();
const ref = (name: string): CallRef => name as CallRef;

function message(state: PinMessage['state'], report?: Partial<PinMessageReport>, fields = {}): PinMessage {
  return {
    ref: ref('text'),
    pinId: 'P' as never,
    applicationId: 'A' as never,
    channel: 'sms',
    carrier: 'acme',
    to: '+41793026727' as E164,
    from: 'Shop',
    content: { channel: 'sms', text: 'SECRET-TEXT', placeholders: { name: 'SECRET-NAME' }, lookUp: false },
    state,
    carrierMessageId: 'SM1',
    tries: 1,
    report: report && { cause: 'delivered', endedAt: START + 900, ...report },
    createdAt: START,
    updatedAt: START,
    ...fields,
  };
}

function call(state: Delivery['state'], report?: Partial<CallReport>, fields = {}): Delivery {
  return {
    callRef: ref('call'),
    pinId: 'P' as never,
    applicationId: 'A' as never,
    channel: 'voice',
    carrier: 'acme',
    to: '+41793026727' as E164,
    from: '+15005550006',
    script: { messageText: 'SECRET-TEXT', placeholders: { name: 'SECRET-NAME' } } as never,
    state,
    carrierCallId: 'CA1',
    dials: 1,
    answeredAt: undefined,
    report: report && {
      cause: 'hangup',
      endedAt: START + 9_000,
      codeHeard: 'none',
      repeats: 0,
      gate: 'none',
      answeredBy: 'unknown',
      dtmfCodes: 'SECRET-KEYS',
      ...report,
    },
    dialog: 'SECRET-DIALOG',
    createdAt: START,
    updatedAt: START,
    ...fields,
  };
}

function runOf(entries: readonly RunEntry[]): PlanRun {
  return {
    words: { template: { messageText: 'SECRET-TEXT' }, placeholders: { name: 'SECRET-NAME' } },
    entries,
  } as unknown as PlanRun;
}

const started = (
  fields: Partial<Extract<RunEntry, { kind: 'started' }>> & { ref: CallRef; channel: 'sms' | 'voice' },
): RunEntry => ({ kind: 'started', step: 0, at: START, carrier: 'acme', trigger: 'first', ...fields });

describe('a text', () => {
  it.each([
    [message('sending'), { state: 'sending' }],
    [message('sent'), { state: 'sent' }],
    [message('ended', { cause: 'delivered' }), { state: 'delivered', endedAt: at(900) }],
    [
      message('ended', { cause: 'undelivered', carrierCode: '30003' }),
      { state: 'undelivered', endedAt: at(900), reason: 'undelivered', carrierReason: '30003' },
    ],
    [message('ended', { cause: 'failed' }), { state: 'undelivered', endedAt: at(900), reason: 'failed' }],
    [message('ended', { cause: 'refused' }), { state: 'failed', endedAt: at(900), reason: 'refused' }],
    [
      message('ended', { cause: 'unreachable' }),
      { state: 'failed', endedAt: at(900), reason: 'unreachable' },
    ],
    [message('ended', { cause: 'expired' }), { state: 'failed', endedAt: at(900), reason: 'expired' }],
    [message('ended', { cause: 'no-receipt' }), { state: 'unclear', endedAt: at(900), reason: 'no-receipt' }],
    [
      message('ended', { cause: 'carrier-unknown' }),
      { state: 'unclear', endedAt: at(900), reason: 'carrier-unknown' },
    ],
    [message('ended', { cause: 'accepted' }), { state: 'sent', endedAt: at(900), reason: 'accepted' }],
  ])('%#', (text, fate) => {
    const run = runOf([started({ ref: ref('text'), channel: 'sms' })]);
    expect(timelineOf({ run, calls: [], messages: [text] })).toStrictEqual([
      { at: at(0), step: 0, channel: 'sms', carrier: 'acme', trigger: 'first', ...fate },
    ]);
  });
});

describe('a call', () => {
  const unheard = { codeHeard: 'none', gate: 'none', answeredBy: 'unknown', repeats: 0 };
  it.each([
    [call('dialing'), { state: 'sending' }],
    [call('initiated'), { state: 'sent' }],
    [call('ringing'), { state: 'ringing' }],
    [call('answered', undefined, { answeredAt: START + 5 }), { state: 'answered', answeredAt: at(5) }],
    [
      call('ended', {
        codeHeard: 'full',
        gate: 'passed',
        answeredBy: 'human',
        repeats: 2,
        answeredAt: START + 5,
      }),
      {
        state: 'delivered',
        answeredAt: at(5),
        endedAt: at(9_000),
        reason: 'hangup',
        codeHeard: 'full',
        gate: 'passed',
        answeredBy: 'human',
        repeats: 2,
      },
    ],
    [
      call('ended', { codeHeard: 'partial', answeredAt: START + 5 }),
      {
        ...unheard,
        state: 'unclear',
        answeredAt: at(5),
        endedAt: at(9_000),
        reason: 'hangup',
        codeHeard: 'partial',
      },
    ],
    [
      call('ended', { cause: 'busy', carrierCause: 'busy', sipCode: 486 }),
      { ...unheard, state: 'undelivered', endedAt: at(9_000), reason: 'busy', carrierReason: 'busy' },
    ],
    [
      call('ended', { cause: 'failed', sipCode: 503 }),
      { ...unheard, state: 'failed', endedAt: at(9_000), reason: 'failed', carrierReason: '503' },
    ],
    [
      call('ended', { cause: 'machine', answeredBy: 'machine', answeredAt: START + 5 }),
      {
        ...unheard,
        state: 'undelivered',
        answeredAt: at(5),
        endedAt: at(9_000),
        reason: 'machine',
        answeredBy: 'machine',
      },
    ],
    [
      call('ended', { cause: 'media-lost', answeredAt: START + 5 }),
      { ...unheard, state: 'failed', answeredAt: at(5), endedAt: at(9_000), reason: 'media-lost' },
    ],
    [
      call('ended', { cause: 'withdrawn' }),
      { ...unheard, state: 'withdrawn', endedAt: at(9_000), reason: 'withdrawn' },
    ],
    [
      call('ended', { cause: 'canceled', carrierCause: 'canceled' }),
      { ...unheard, state: 'withdrawn', endedAt: at(9_000), reason: 'canceled', carrierReason: 'canceled' },
    ],
  ])('%#', (phone, fate) => {
    const run = runOf([started({ ref: ref('call'), channel: 'voice', step: 2, trigger: 'request' })]);
    expect(timelineOf({ run, calls: [phone], messages: [] })).toStrictEqual([
      { at: at(0), step: 2, channel: 'voice', carrier: 'acme', trigger: 'request', ...fate },
    ]);
  });
});

describe('a plan', () => {
  it('tells what was passed over and why, and keeps the order of what began at once', () => {
    const run = runOf([
      { kind: 'skipped', step: 0, channel: 'sms', at: START, reason: 'number-type', detail: 'fixed-line' },
      started({ ref: ref('call'), channel: 'voice', step: 1 }),
      { kind: 'skipped', step: 2, channel: 'sms', at: START + 50, reason: 'too-late' },
    ]);
    expect(timelineOf({ run, calls: [call('ringing')], messages: [] })).toStrictEqual([
      { at: at(0), step: 0, channel: 'sms', state: 'skipped', reason: 'number-type', detail: 'fixed-line' },
      { at: at(0), step: 1, channel: 'voice', carrier: 'acme', trigger: 'first', state: 'ringing' },
      { at: at(50), step: 2, channel: 'sms', state: 'skipped', reason: 'too-late' },
    ]);
  });

  it('has a step whose record is gone', () => {
    const run = runOf([started({ ref: ref('gone'), channel: 'sms' })]);
    expect(timelineOf({ run, calls: [], messages: [] })).toMatchObject([{ state: 'unclear', step: 0 }]);
  });

  it('has what was sent beside it, where it began', () => {
    const run = runOf([
      started({ ref: ref('text'), channel: 'sms' }),
      started({ ref: ref('call'), channel: 'voice', step: 1, at: START + 100 }),
    ]);
    const mail = message('sent', undefined, { ref: ref('mail'), channel: 'email', createdAt: START + 50 });
    const steps = timelineOf({ run, calls: [call('dialing')], messages: [message('sent'), mail] });
    expect(steps.map(({ channel, trigger, step }) => [channel, trigger, step])).toStrictEqual([
      ['sms', 'first', 0],
      ['email', 'resend', undefined],
      ['voice', 'first', 1],
    ]);
  });
});

describe('without a plan', () => {
  it('the first delivery is the first, and all others were asked for', () => {
    const again = call('ringing', undefined, { callRef: ref('again'), createdAt: START + 70 });
    const steps = timelineOf({
      run: undefined,
      calls: [call('ended', { cause: 'busy' }, { createdAt: START + 40 }), again],
      messages: [message('sent')],
    });
    expect(
      steps.map(({ at: when, channel, trigger, state }) => [when, channel, trigger, state]),
    ).toStrictEqual([
      [at(0), 'sms', 'first', 'sent'],
      [at(40), 'voice', 'resend', 'undelivered'],
      [at(70), 'voice', 'resend', 'ringing'],
    ]);
    expect(steps.every(step => !('step' in step))).toBe(true);
  });

  it('is empty where nothing was sent', () => {
    expect(timelineOf({ run: undefined, calls: [], messages: [] })).toStrictEqual([]);
  });
});

it('tells nothing of words, names or keys', () => {
  const run = runOf([started({ ref: ref('text'), channel: 'sms' })]);
  const calls = [call('ended', { codeHeard: 'full', answeredAt: START })];
  const text = JSON.stringify(timelineOf({ run, calls, messages: [message('ended', {})] }));
  expect(text).toContain('delivered');
  expect(text).not.toContain('SECRET');
});
