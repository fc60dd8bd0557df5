import { describe, expect, it } from 'vitest';

import { customerEvent, toCustomerEvent } from '../../../src/delivery/events/customer-event.ts';
import {
  deliveryStarted,
  SOURCE_TYPES,
  VERIFICATION_EVENTS,
  verificationEvent,
} from '../../../src/delivery/events/index.ts';
import type { CallRef, CallReport } from '../../../src/domain/types.ts';
import type { NewEvent } from '../../../src/store/store.ts';
import { APPLICATION, PIN_ID, stored, TO } from './rig.ts';

const REF = '9e8d7c6b5a4938271605f4e3d2c1b0a9' as CallRef;
const FACTS = { pinId: PIN_ID, applicationId: APPLICATION, to: TO };
const COMMON = { verificationId: PIN_ID, applicationId: APPLICATION, to: TO };

const REPORT: CallReport = {
  cause: 'hangup',
  carrierCause: 'completed',
  sipCode: 200,
  answeredAt: 2_000,
  endedAt: 31_250,
  codeHeard: 'full',
  repeats: 1,
  gate: 'passed',
  answeredBy: 'human',
  dtmfCodes: '1, 847291',
  voiceFallback: 'en_GB',
};

function call(report: Partial<CallReport> = {}): NewEvent {
  const data = { callRef: REF, ...FACTS, from: '+41440000000', carrier: 'twilio' };
  return {
    id: `voice-report-${REF}`,
    type: 'voice.report',
    data: { ...data, report: { ...REPORT, ...report }, script: { placeholders: { name: 'Zoë' } } },
  };
}

function text(cause: string, carrierCode?: string): NewEvent {
  const report = { cause, endedAt: 9_000, ...(carrierCode !== undefined && { carrierCode }) };
  const data = { ref: REF, ...FACTS, channel: 'sms', from: 'Shop', carrier: 'twilio', report };
  return { id: `sms-report-${REF}`, type: 'sms.report', data };
}

describe('what a verification came to', () => {
  it.each(VERIFICATION_EVENTS)('%s', kind => {
    const source = verificationEvent(kind, { ...FACTS, at: 5_000 });
    expect(source.id).toBe(`verification-${kind}-${PIN_ID}`);
    expect(toCustomerEvent(stored(source))).toEqual({
      id: expect.stringMatching(/^evt_9[0-9a-f]{31}$/) as string,
      type: `verification.${kind}`,
      applicationId: APPLICATION,
      pinId: PIN_ID,
      data: COMMON,
      at: 5_000,
    });
  });

  it('happened when the store wrote it down, where nothing else says when', () => {
    expect(toCustomerEvent(stored(verificationEvent('verified', FACTS), 7_000))?.at).toBe(7_000);
  });

  it('is another event for another turn', () => {
    const ids = [undefined, 1, 2].map(turn => {
      const source = verificationEvent('undeliverable', { ...FACTS, ...(turn !== undefined && { turn }) });
      return toCustomerEvent(stored(source))!.id;
    });
    expect(new Set(ids).size).toBe(3);
  });
});

it('a delivery that was started says by whom and why', () => {
  const source = deliveryStarted({
    ...FACTS,
    channel: 'voice',
    carrier: 'twilio',
    ref: REF,
    trigger: 'failure',
    at: 1,
  });
  expect(toCustomerEvent(stored(source))).toMatchObject({
    type: 'delivery.started',
    data: { ...COMMON, deliveryId: REF, channel: 'voice', carrier: 'twilio', trigger: 'failure' },
    at: 1,
  });
});

describe('a call that is over', () => {
  it('tells all that may be told, and no key that was pressed', () => {
    const event = toCustomerEvent(stored(call()))!;
    expect(event).toEqual({
      id: expect.stringMatching(/^evt_9/) as string,
      type: 'delivery.delivered',
      applicationId: APPLICATION,
      pinId: PIN_ID,
      at: 31_250,
      data: {
        ...COMMON,
        deliveryId: REF,
        channel: 'voice',
        carrier: 'twilio',
        from: '+41440000000',
        reason: 'hangup',
        carrierReason: 'completed',
        sipCode: 200,
        answeredAt: '1970-01-01T00:00:02.000Z',
        codeHeard: 'full',
        repeats: 1,
        gate: 'passed',
        answeredBy: 'human',
      },
    });
    expect(customerEvent(event)).toEqual({
      id: event.id,
      type: event.type,
      timestamp: '1970-01-01T00:00:31.250Z',
      data: event.data,
    });
    expect(JSON.stringify(event)).not.toMatch(/847291|dtmf|Zoë|placeholders/i);
  });

  it.each<[string, Partial<CallReport>]>([
    ['delivery.delivered', { codeHeard: 'full', cause: 'media-lost' }],
    ['delivery.failed', { codeHeard: 'none', cause: 'busy' }],
    ['delivery.failed', { codeHeard: 'unknown', answeredBy: 'machine' }],
    ['delivery.ended', { codeHeard: 'partial' }],
    ['delivery.ended', { codeHeard: 'unknown', answeredBy: 'human' }],
  ])('%s: %o', (type, report) => {
    expect(toCustomerEvent(stored(call(report)))?.type).toBe(type);
  });

  it('leaves out what nobody knows', () => {
    const { answeredAt: _, sipCode: __, carrierCause: ___, ...bare } = REPORT;
    const event = toCustomerEvent(stored({ ...call(), data: { ...call().data, report: bare } }))!;
    expect(Object.keys(event.data)).not.toEqual(expect.arrayContaining(['answeredAt']));
    expect(Object.keys(event.data)).not.toEqual(expect.arrayContaining(['carrierReason']));
  });

  it('a carrier’s word stays one short line', () => {
    const event = toCustomerEvent(stored(call({ carrierCause: `a\n\u2028b\u0007${'x'.repeat(500)}` })))!;
    expect(event.data['carrierReason']).toMatch(/^a {2}b x{95}$/);
  });
});

describe('a text or mail that is over', () => {
  it.each([
    ['delivered', 'delivery.delivered'],
    ['undelivered', 'delivery.failed'],
    ['failed', 'delivery.failed'],
    ['refused', 'delivery.failed'],
    ['unreachable', 'delivery.failed'],
    ['accepted', 'delivery.ended'],
    ['no-receipt', 'delivery.ended'],
    ['expired', 'delivery.ended'],
  ])('%s: %s', (cause, type) => {
    expect(toCustomerEvent(stored(text(cause, '30003')))).toMatchObject({
      type,
      at: 9_000,
      data: {
        ...COMMON,
        deliveryId: REF,
        channel: 'sms',
        carrier: 'twilio',
        from: 'Shop',
        reason: cause,
        carrierReason: '30003',
      },
    });
  });

  it('a mail names its address', () => {
    const source = text('accepted');
    const mail = {
      ...source,
      id: `email-report-${REF}`,
      type: 'email.report',
      data: { ...source.data, channel: 'email', to: 'john@example.com' },
    };
    expect(toCustomerEvent(stored(mail))?.data).toMatchObject({ channel: 'email', to: 'john@example.com' });
  });
});

it('what is not what its type says is told to nobody', () => {
  for (const type of SOURCE_TYPES)
    expect(toCustomerEvent(stored({ id: 'a', type, data: {} }))).toBeUndefined();
  expect(toCustomerEvent(stored({ ...call(), type: 'customer.push' }))).toBeUndefined();
  expect(toCustomerEvent(stored(call({ codeHeard: 'loud' as 'full' })))).toBeUndefined();
});
