import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';

import type { DeliveryPlan, SaypinClient, SaypinError } from '../../../src/client/index.ts';
import type { PlanChannel } from '../../../src/domain/plan.ts';
import { Modelled, type Rules, type Verdict } from './conversation-model.ts';
import { all, MOBILE, VerifyServer } from './rig.ts';

/**
 * Random conversations of an app with the verify API, while carriers report and time passes, against a model of what is
 * allowed: no answer, no state and no delivery that the model forbids.
 */

let server: VerifyServer;
let client: SaypinClient;
beforeAll(async () => {
  server = await VerifyServer.start();
  client = server.client();
});
afterAll(async () => await server.close());

const channel = fc.constantFrom<PlanChannel>('sms', 'voice');
const which = fc.nat(2);
const action = fc.oneof(
  { weight: 1, arbitrary: fc.record({ do: fc.constant('create' as const), twice: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('next' as const),
      which,
      channel: fc.option(channel, { nil: undefined }),
      twice: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('resend' as const), which, channel }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cancel' as const), which, twice: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('check' as const), which, right: fc.boolean() }) },
);
/** What the world does in between. */
const meanwhile = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ is: 'nothing' as const }) },
  { weight: 2, arbitrary: fc.constant({ is: 'text lost' as const }) },
  { weight: 1, arbitrary: fc.constant({ is: 'text arrived' as const }) },
  { weight: 1, arbitrary: fc.constant({ is: 'line busy' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({ is: fc.constant('time' as const), ms: fc.constantFrom(1_000, 31_000, 100_000) }),
  },
);

type Of<Arbitrary> = Arbitrary extends fc.Arbitrary<infer Value> ? Value : never;
type Action = Of<typeof action>;
type Meanwhile = Of<typeof meanwhile>;

const PLANS: readonly DeliveryPlan[] = [
  { steps: [{ channel: 'sms', next: { noReportAfterSeconds: 30 } }, { channel: 'voice' }] },
  {
    steps: [
      { channel: 'sms' },
      { channel: 'sms', next: { notVerifiedAfterSeconds: 45 } },
      { channel: 'voice' },
    ],
  },
  { steps: [{ channel: 'sms', next: { onFailure: false } }, { channel: 'sms' }] },
  { steps: [{ channel: 'voice' }, { channel: 'sms' }, { channel: 'voice' }] },
];
const rules = fc.record({
  ttlMs: fc.constantFrom(120_000, 240_000),
  attempts: fc.constantFrom(2, 5),
  allowMultiple: fc.boolean(),
  sends: fc.constantFrom(3, 6),
  plan: fc.constantFrom(...PLANS),
});
const conversation = fc.array(fc.tuple(action, meanwhile), { minLength: 10, maxLength: 10 });

class Conversation {
  readonly #rules: Rules;
  readonly #plan: DeliveryPlan;
  readonly #applicationId: string;
  readonly #verifications: Modelled[] = [];
  readonly #firstText = server.texts.texts.length;
  readonly #firstCall = server.calls.placed.length;
  #sends = 0;
  #keys = 0;

  constructor(applicationId: string, { plan, ...rules }: Rules & { plan: DeliveryPlan }) {
    this.#applicationId = applicationId;
    this.#rules = rules;
    this.#plan = plan;
  }

  get #now(): number {
    return server.api.clock.now();
  }

  get #sendsLeft(): number {
    return this.#rules.sends - this.#sends;
  }

  async take(step: Action): Promise<void> {
    if (step.do === 'create' || this.#verifications.length === 0)
      await this.#create('twice' in step && step.twice);
    else await this.#onOne(step, this.#verifications[step.which % this.#verifications.length]!);
    // What is asked for in the millisecond of a right check counts as asked for before it.
    await server.pass(1);
  }

  async happen(event: Meanwhile): Promise<void> {
    const texts = server.texts.texts.length;
    const calls = server.calls.placed.length;
    if (event.is === 'time') await server.pass(event.ms);
    if (event.is === 'text lost' && texts > this.#firstText)
      await server.textReport({ type: 'undelivered' }, texts);
    if (event.is === 'text arrived' && texts > this.#firstText)
      await server.textReport({ type: 'delivered' }, texts);
    if (event.is === 'line busy' && calls > this.#firstCall)
      await server.callStatus({ events: [{ type: 'ended', cause: 'busy', raw: 'busy' }] }, calls);
    await server.pass();
  }

  /** All of it as it is shown, against the model, and against what the carriers were asked for. */
  async observe(): Promise<void> {
    const listed = await all(client.list({ applicationId: this.#applicationId, pageSize: 100 }));
    expect(listed.map(({ id }) => id)).toStrictEqual(this.#verifications.map(({ id }) => id).toReversed());
    for (const each of this.#verifications)
      each.observe(
        listed.find(({ id }) => id === each.id)!,
        this.#now,
      );
    const texts = server.texts.texts.slice(this.#firstText);
    for (const each of this.#verifications) {
      const own = texts.filter(({ text }) => text.includes(each.pin));
      expect(own).toHaveLength(each.started('sms'));
    }
    const started = (by: PlanChannel): number =>
      this.#verifications.reduce((sum, each) => sum + each.started(by), 0);
    expect(texts).toHaveLength(started('sms'));
    expect(server.calls.placed.length - this.#firstCall).toBe(started('voice'));
  }

  /** Nothing is left that could ring a phone in the conversation behind this one. */
  async end(): Promise<void> {
    await server.leap(this.#rules.ttlMs);
    await server.pass(1_000);
    await this.observe();
  }

  async #create(twice: boolean): Promise<void> {
    const idempotencyKey = this.#key();
    const body = {
      to: MOBILE,
      applicationId: this.#applicationId,
      text: '{{pin}}',
      // Found in no other text by chance.
      pinLength: 14,
      plan: this.#plan,
    };
    const expected: Verdict = this.#sendsLeft > 0 ? 'done' : 'limited';
    const outcome = await settled(client.create(body, { idempotencyKey }));
    expect(outcome.verdict).toBe(expected);
    if (!outcome.value) return;
    this.#sends++;
    if (twice) expect((await client.create(body, { idempotencyKey })).id).toBe(outcome.value.id);
    await server.pass();
    const pin = await server.api.pinOf(outcome.value.id);
    this.#verifications.push(new Modelled(outcome.value, pin, this.#rules));
  }

  async #onOne(step: Exclude<Action, { do: 'create' }>, one: Modelled): Promise<void> {
    const idempotencyKey = this.#key();
    switch (step.do) {
      case 'check': {
        const wrong = one.pin.replace(/^./, first => (first === '0' ? '1' : '0'));
        const { verified, reason } = await client.check(one.id, step.right ? one.pin : wrong);
        expect({ verified, ...(reason && { reason }) }).toStrictEqual(one.check(step.right, this.#now));
        break;
      }
      case 'cancel': {
        const outcome = await settled(client.cancel(one.id, { idempotencyKey }));
        expect(outcome.verdict).toBe(one.cancel(this.#now));
        if (step.twice && outcome.value)
          expect(await client.cancel(one.id, { idempotencyKey })).toStrictEqual(outcome.value);
        break;
      }
      case 'next': {
        const body = step.channel === undefined ? {} : { channel: step.channel };
        const expected = one.next(step.channel, this.#now, this.#sendsLeft);
        const outcome = await settled(client.next(one.id, body, { idempotencyKey }));
        expect(outcome.verdict).toBe(expected);
        if (!outcome.value) break;
        this.#sends++;
        if (step.twice)
          expect(await client.next(one.id, body, { idempotencyKey })).toStrictEqual(outcome.value);
        break;
      }
      case 'resend': {
        const expected = one.resend(this.#now, this.#sendsLeft);
        const path = step.channel === 'voice' ? 'resend/voice' : 'resend';
        const { status } = await server.raw('POST', `/2fa/2/pin/${one.id}/${path}`);
        expect(expected).toContain(VERDICTS[status]);
        if (status !== 200) break;
        this.#sends++;
        one.resent(step.channel);
        break;
      }
    }
    await server.pass();
  }

  #key(): string {
    return `${this.#applicationId} ${this.#keys++}`;
  }
}

const VERDICTS: Readonly<Record<number, Verdict>> = {
  200: 'done',
  404: 'gone',
  409: 'conflict',
  429: 'limited',
};

async function settled<Value>(
  work: Promise<Value>,
): Promise<{ verdict: Verdict | undefined; value?: Value }> {
  try {
    return { verdict: 'done', value: await work };
  } catch (error) {
    return { verdict: VERDICTS[(error as SaypinError).status] };
  }
}

async function converse(
  given: Of<typeof rules>,
  steps: readonly (readonly [Action, Meanwhile])[],
): Promise<void> {
  const { applicationId } = await server.prepare({
    pinTimeToLive: `${given.ttlMs}ms`,
    pinAttempts: given.attempts,
    allowMultiplePinVerifications: given.allowMultiple,
    sendPinPerPhoneNumberLimit: `${given.sends}/1d`,
  });
  const talk = new Conversation(applicationId, given);
  await talk.take({ do: 'create', twice: false });
  for (const [step, event] of steps) {
    await talk.take(step);
    await talk.happen(event);
    await talk.observe();
  }
  await talk.end();
}

it('fifty conversations of ten steps keep to the model', async () => {
  await fc.assert(fc.asyncProperty(rules, conversation, converse), { numRuns: 50, seed: 20_261_121 });
}, 120_000);
