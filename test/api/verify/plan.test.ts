import { describe, expect, it } from 'vitest';

import { assertWithinLife, planBody, planOf, planOfChannel } from '../../../src/api/verify/plan.ts';
import type { DeliveryPlanBody } from '../../../src/api/verify/schemas.ts';
import type { ServiceError } from '../../../src/errors.ts';

const ON_FAILURE = { onFailure: true };

describe('a plan of the wire', () => {
  it('is one of the domain, in milliseconds', () => {
    const body: DeliveryPlanBody = {
      steps: [
        {
          channel: 'sms',
          carrier: 'acme',
          next: { noReportAfterSeconds: 30, notVerifiedAfterSeconds: 90.5 },
        },
        { channel: 'sms', next: { onFailure: false, noReportAfterSeconds: 0.1 } },
        { channel: 'sms' },
        { channel: 'voice' },
      ],
    };
    const plan = planOf(body);
    expect(plan.steps).toStrictEqual([
      {
        channel: 'sms',
        carrier: 'acme',
        next: { onFailure: true, noReportAfterMs: 30_000, notVerifiedAfterMs: 90_500 },
      },
      { channel: 'sms', next: { onFailure: false, noReportAfterMs: 100 } },
      { channel: 'sms', next: { onFailure: true } },
      { channel: 'voice', next: ON_FAILURE },
    ]);
    expect(planOf(planBody(plan))).toStrictEqual(plan);
  });

  it('may be one channel and no other', () => {
    expect(planOfChannel('voice')).toStrictEqual({ steps: [{ channel: 'voice', next: ON_FAILURE }] });
  });

  it('shows nothing behind the last step, whatever the configuration says', () => {
    expect(
      planBody({ steps: [{ channel: 'voice', next: { onFailure: true, noReportAfterMs: 1 } }] }),
    ).toStrictEqual({
      steps: [{ channel: 'voice' }],
    });
  });
});

describe('the life of a PIN', () => {
  const MINUTE = 60_000;
  const sms = (next: NonNullable<DeliveryPlanBody['steps'][number]['next']>) => ({
    channel: 'sms' as const,
    next,
  });
  const fieldsOf = (steps: DeliveryPlanBody['steps'], ttlMs: number): unknown => {
    try {
      assertWithinLife(planOf({ steps: [...steps, { channel: 'voice' }] }), ttlMs);
    } catch (error) {
      return (error as ServiceError).fields;
    }
    return 'fits';
  };

  it.each<[string, DeliveryPlanBody['steps'], string[]]>([
    ['a wait that leaves the last step its 15 s', [sms({ noReportAfterSeconds: 45 })], []],
    [
      'a wait that leaves it a millisecond less',
      [sms({ noReportAfterSeconds: 45.001 })],
      ['steps[0].next.noReportAfterSeconds'],
    ],
    [
      'only the wait that is too long',
      [sms({ noReportAfterSeconds: 20, notVerifiedAfterSeconds: 50 })],
      ['steps[0].next.notVerifiedAfterSeconds'],
    ],
    [
      'waits that are too long together',
      [
        sms({ noReportAfterSeconds: 20 }),
        sms({ notVerifiedAfterSeconds: 25 }),
        sms({ noReportAfterSeconds: 1 }),
      ],
      ['steps[2].next.noReportAfterSeconds'],
    ],
    [
      'the shorter wait of each step is how soon the next one can come',
      [sms({ noReportAfterSeconds: 10, notVerifiedAfterSeconds: 45 }), sms({ noReportAfterSeconds: 35 })],
      [],
    ],
    [
      'a failure has no wait',
      [{ channel: 'sms' }, { channel: 'sms' }, sms({ noReportAfterSeconds: 45 })],
      [],
    ],
  ])('%s', (_name, steps, fields) => {
    const found = fieldsOf(steps, MINUTE);
    expect(found === 'fits' ? [] : Object.keys(found as object)).toStrictEqual(fields);
  });

  it('names both figures', () => {
    const found = fieldsOf([sms({ noReportAfterSeconds: 300 })], 5 * MINUTE);
    expect(JSON.stringify(found)).toMatch(/300 s after .*live for 300 s, of which a step needs 15/);
  });
});
