import { describe, expect, it } from 'vitest';

import { CircuitOpenError } from '../../src/carriers/circuit.ts';
import type { DeliveryPlan, PlanStep } from '../../src/domain/plan.ts';
import type { CallRef, E164, PinId } from '../../src/domain/types.ts';
import { CarrierError, ServiceError } from '../../src/errors.ts';
import { settle } from '../support/fake-clock.ts';
import { ScriptedTexts, textReport } from '../support/scripted-messages.ts';
import { PHONE, Rig } from './rig.ts';

/** faults.md F15: with a further step behind it, a carrier's trouble is not waited out, and no phone rings twice for it (I4). */

const step = (channel: 'sms' | 'voice', onFailure = true): PlanStep => ({ channel, next: { onFailure } });
const sms = step('sms');
const voice = step('voice');

/** From the first failure to the next request of any carrier. */
const NEXT_MS = 2_000;
/** How long a callback may take to say that a text is with its carrier. */
const UNCLEAR_WAIT = 1_000;
const UNCLEAR = ['server', 'timeout', 'unreachable', 'protocol'] as const;

interface Post {
  readonly texts: ScriptedTexts;
  readonly adopted: string[];
}

/** Steps that name another carrier have none. */
function routed<From extends string>(carrier = 'scripted', from: From) {
  return carrier === 'scripted' ? { carrier, from } : undefined;
}

function withPlan(steps: PlanStep[], test: (rig: Rig, post: Post) => Promise<void>): () => Promise<void> {
  return async () => {
    const post: Post = { texts: new ScriptedTexts(), adopted: [] };
    const plan: DeliveryPlan = { steps };
    const rig = await Rig.start({
      deps: {
        texts: {
          carriers: new Map([[post.texts.name, post.texts]]),
          route: ({ carrier }) => routed(carrier, 'Saypin'),
        },
        route: ({ carrier }) => routed(carrier, '+15005550006' as E164),
        defaultPlan: plan,
        adopted: (carrier, use) => void post.adopted.push(`${carrier} ${use}`),
      },
    });
    try {
      await test(rig, post);
    } finally {
      await rig.close();
    }
  };
}

const fail =
  (reason: CarrierError['reason'], detail: { retryable?: boolean; cause?: unknown } = {}) =>
  async (): Promise<never> => {
    throw new CarrierError(reason, detail);
  };
const busy = (retryAfterMs?: number) => fail('rate-limited', { retryable: true, cause: { retryAfterMs } });
const absent = fail('unreachable', { retryable: true });
const isDown = async (): Promise<never> => await Promise.reject(new CircuitOpenError('scripted'));

async function sendText(rig: Rig) {
  const { application, template } = rig;
  const sending = rig.delivery.sendText({
    application,
    template,
    to: PHONE,
    placeholders: {},
    lookUp: false,
  });
  await settle();
  return sending;
}

/** Without waiting for the answer. */
async function begin(rig: Rig): Promise<void> {
  sendText(rig).catch(() => undefined);
  await settle();
}

async function report(rig: Rig, post: Post, type: 'sent' | 'delivered' | 'undelivered', id = 'SM1', nth = 1) {
  const { ref, statusUrl } = post.texts.texts[nth - 1]!;
  const raw = textReport(statusUrl, id, { type });
  await rig.delivery.handleTextWebhook({ carrier: post.texts.name, ref: ref as CallRef, raw });
  await settle();
}

async function shape(rig: Rig, pinId: PinId) {
  const run = await rig.store.getRun(pinId);
  return run?.entries.map(entry =>
    entry.kind === 'started'
      ? `${entry.step} ${entry.channel} ${entry.trigger}`
      : `${entry.step} ${entry.channel} skipped: ${entry.reason}`,
  );
}

const text = async (rig: Rig, post: Post, nth = 1) =>
  (await rig.store.getPinMessage(post.texts.texts[nth - 1]!.ref as CallRef))!;

describe('a text that its carrier may have taken', () => {
  it.each(UNCLEAR)('%s: the next step begins within two seconds, and once', async reason => {
    await withPlan([sms, voice], async (rig, post) => {
      post.texts.answers = [fail(reason)];
      const { pinId, sent } = await sendText(rig);
      expect(sent).toBe(true);
      await rig.clock.advanceAsync(UNCLEAR_WAIT - 1);
      expect(rig.carrier.placed).toHaveLength(0);
      await rig.clock.advanceAsync(NEXT_MS - UNCLEAR_WAIT + 1);
      expect(rig.carrier.placed).toHaveLength(1);
      await rig.clock.advanceAsync(120_000);
      expect(rig.carrier.placed).toHaveLength(1);
      expect(post.texts.texts).toHaveLength(1);
      expect(await shape(rig, pinId)).toEqual(['0 sms first', '1 voice failure']);
    })();
  });

  it(
    'keeps its plan where it is when a callback comes in time',
    withPlan(
      [{ channel: 'sms', next: { onFailure: true, noReportAfterMs: 30_000 } }, voice],
      async (rig, post) => {
        post.texts.answers = [fail('timeout')];
        const { pinId } = await sendText(rig);
        await rig.clock.advanceAsync(500);
        await report(rig, post, 'sent', 'SM7');
        expect(post.adopted).toEqual(['scripted texts']);
        await rig.clock.advanceAsync(29_000);
        expect(rig.carrier.placed).toHaveLength(0);
        // Its own deadline still stands.
        await rig.clock.advanceAsync(1_000);
        expect(await shape(rig, pinId)).toEqual(['0 sms first', '1 voice no-report']);
      },
    ),
  );

  it(
    'is looked for in the carrier’s list before the next step begins',
    withPlan([sms, voice], async (rig, post) => {
      post.texts.answers = [fail('server')];
      post.texts.findText = async () => ({ match: 'one', carrierId: 'SM8' });
      await sendText(rig);
      await rig.clock.advanceAsync(60_000);
      expect(rig.carrier.placed).toHaveLength(0);
      expect(await text(rig, post)).toMatchObject({ state: 'sent', carrierMessageId: 'SM8' });
      expect(post.adopted).toEqual(['scripted texts']);
    }),
  );

  it(
    'does not hold its plan up with a list that hangs',
    withPlan([sms, voice], async (rig, post) => {
      post.texts.answers = [fail('server')];
      let aborted = false;
      post.texts.findText = async (_request, signal) =>
        await new Promise<never>((_, reject) => {
          signal?.addEventListener('abort', () => {
            aborted = true;
            reject(new CarrierError('timeout'));
          });
        });
      await sendText(rig);
      await rig.clock.advanceAsync(NEXT_MS);
      expect(rig.carrier.placed).toHaveLength(1);
      expect(aborted).toBe(true);
    }),
  );

  it(
    'is adopted by a receipt that comes after its plan has gone on, and moves that no further',
    withPlan([sms, voice, sms], async (rig, post) => {
      post.texts.answers = [fail('timeout')];
      const { pinId } = await sendText(rig);
      await rig.clock.advanceAsync(25_000);
      expect(await text(rig, post)).toMatchObject({ state: 'sending' });
      await report(rig, post, 'undelivered', 'SM7');
      await report(rig, post, 'undelivered', 'SM7');
      expect(await text(rig, post)).toMatchObject({ state: 'ended', report: { cause: 'undelivered' } });
      await rig.clock.advanceAsync(60_000);
      expect(await shape(rig, pinId)).toEqual(['0 sms first', '1 voice failure']);
      expect(post.texts.texts).toHaveLength(1);
    }),
  );

  it(
    'is written off when nothing was heard of it for a minute',
    withPlan([sms, voice], async (rig, post) => {
      post.texts.answers = [fail('timeout')];
      await sendText(rig);
      await rig.clock.advanceAsync(75_000);
      expect(await text(rig, post)).toMatchObject({ state: 'ended', report: { cause: 'carrier-unknown' } });
    }),
  );

  it(
    'is sent once more where no step behind it can begin, and not a third time',
    withPlan([sms, { ...voice, carrier: 'gone' }], async (rig, post) => {
      post.texts.answers = [fail('server'), fail('server')];
      const { pinId } = await sendText(rig);
      await rig.clock.advanceAsync(9_000);
      expect(post.texts.texts).toHaveLength(1);
      expect(await shape(rig, pinId)).toEqual(['0 sms first']);
      await rig.clock.advanceAsync(120_000);
      expect(post.texts.texts).toHaveLength(2);
      expect(await text(rig, post)).toMatchObject({ report: { cause: 'carrier-unknown' } });
    }),
  );

  it(
    'waits for its fate where the plan does not follow failures',
    withPlan([step('sms', false), voice], async (rig, post) => {
      post.texts.answers = [fail('server')];
      await sendText(rig);
      await rig.clock.advanceAsync(9_000);
      expect(rig.carrier.placed).toHaveLength(0);
      await rig.clock.advanceAsync(5_000);
      expect(post.texts.texts).toHaveLength(2);
    }),
  );

  it(
    'of a PIN that was verified meanwhile is followed by nothing',
    withPlan([sms, voice], async (rig, post) => {
      post.texts.answers = [fail('timeout')];
      const { pinId } = await sendText(rig);
      await rig.clock.advanceAsync(500);
      const candidate = await rig.pinOf(pinId);
      expect(await rig.delivery.verify({ pinId, candidate })).toMatchObject({ outcome: 'verified' });
      await rig.clock.advanceAsync(120_000);
      expect(rig.carrier.placed).toHaveLength(0);
      expect(post.texts.texts).toHaveLength(1);
      expect(await text(rig, post)).toMatchObject({ state: 'ended', report: { cause: 'carrier-unknown' } });
    }),
  );
});

describe('a text that its carrier did not take', () => {
  it.each([
    ['the circuit is open', isDown, 1],
    ['429, come back in a minute', busy(60_000), 1],
    ['429, come back in a second', busy(1_000), 1],
  ])('%s: the next step begins at once', async (_what, answer, tries) => {
    await withPlan([sms, voice], async (rig, post) => {
      post.texts.answers = Array.from({ length: 9 }, () => answer);
      const { sent, pinId } = await sendText(rig);
      expect(sent).toBe(false);
      expect(rig.carrier.placed).toHaveLength(1);
      expect(post.texts.texts).toHaveLength(tries);
      expect(await text(rig, post)).toMatchObject({ report: { cause: 'refused' } });
      await rig.clock.advanceAsync(60_000);
      expect(rig.carrier.placed).toHaveLength(1);
      expect(await shape(rig, pinId)).toEqual(['0 sms first', '1 voice failure']);
    })();
  });

  it.each([
    ['429', busy()],
    ['no connection', absent],
  ])('%s: three tries, and the next step within two seconds', async (_what, answer) => {
    await withPlan([sms, voice], async (rig, post) => {
      post.texts.answers = Array.from({ length: 9 }, () => answer);
      await begin(rig);
      await rig.clock.advanceAsync(NEXT_MS);
      expect(post.texts.texts).toHaveLength(3);
      expect(rig.carrier.placed).toHaveLength(1);
      await rig.clock.advanceAsync(60_000);
      expect(post.texts.texts).toHaveLength(3);
      expect(rig.carrier.placed).toHaveLength(1);
    })();
  });

  it(
    'is not tried again once its plan has gone on, however late its process comes to it',
    withPlan([sms, voice], async (rig, post) => {
      post.texts.answers = [absent];
      await begin(rig);
      const { pinId } = (await rig.store.getPinMessage(post.texts.texts[0]!.ref as CallRef))!;
      await rig.delivery.verifications.next({ pinId });
      await settle();
      expect(rig.carrier.placed).toHaveLength(1);
      await rig.clock.advanceAsync(120_000);
      expect(post.texts.texts).toHaveLength(1);
      expect(await text(rig, post)).toMatchObject({ report: { cause: 'refused' } });
      expect(await shape(rig, pinId)).toEqual(['0 sms first', '1 voice request']);
    }),
  );

  it(
    'that gets through at the second try is not followed',
    withPlan([sms, voice], async (rig, post) => {
      post.texts.answers = [busy(500)];
      await begin(rig);
      await rig.clock.advanceAsync(499);
      expect(post.texts.texts).toHaveLength(1);
      await rig.clock.advanceAsync(60_000);
      expect(post.texts.texts).toHaveLength(2);
      expect(rig.carrier.placed).toHaveLength(0);
      expect(await text(rig, post)).toMatchObject({ state: 'sent' });
    }),
  );

  it(
    'whose second try hangs does not hold its plan up',
    withPlan([sms, voice], async (rig, post) => {
      post.texts.answers = [absent, async () => await new Promise<never>(() => {})];
      await begin(rig);
      await rig.clock.advanceAsync(NEXT_MS);
      expect(post.texts.texts).toHaveLength(2);
      expect(rig.carrier.placed).toHaveLength(1);
    }),
  );

  it('without a plan is tried as patiently as ever', async () => {
    const texts = new ScriptedTexts();
    const rig = await Rig.start({
      deps: {
        texts: {
          carriers: new Map([[texts.name, texts]]),
          route: () => ({ carrier: texts.name, from: 'S' }),
        },
      },
    });
    texts.answers = [isDown, busy(60_000)];
    await begin(rig);
    await rig.clock.advanceAsync(499);
    expect(texts.texts).toHaveLength(1);
    await rig.clock.advanceAsync(1);
    expect(texts.texts).toHaveLength(2);
    await rig.clock.advanceAsync(1_500);
    expect(texts.texts).toHaveLength(3);
    await rig.close();
  });
});

describe('a crash', () => {
  it(
    'after the failure loses nothing: the next life goes on, within the same two seconds',
    withPlan([sms, voice], async (rig, post) => {
      post.texts.answers = [fail('server')];
      const { pinId } = await sendText(rig);
      await rig.crash();
      await rig.clock.advanceAsync(NEXT_MS);
      expect(rig.carrier.placed).toHaveLength(1);
      await rig.crash();
      await rig.clock.advanceAsync(60_000);
      expect(rig.carrier.placed).toHaveLength(1);
      expect(post.texts.texts).toHaveLength(1);
      expect(await shape(rig, pinId)).toEqual(['0 sms first', '1 voice failure']);
    }),
  );

  it(
    'between the claim of the next step and its call: placed once by its guard',
    withPlan([sms, voice], async (rig, post) => {
      post.texts.answers = [fail('server')];
      await sendText(rig);
      rig.carrier.answers = [async () => await new Promise<never>(() => {})];
      await rig.clock.advanceAsync(NEXT_MS);
      await rig.crash();
      rig.carrier.answers = [];
      await rig.clock.advanceAsync(60_000);
      // One request that nobody answered, and one more: both bring the same call reference.
      expect(rig.carrier.placed).toHaveLength(2);
      expect(new Set(rig.carrier.placed.map(({ callRef }) => callRef)).size).toBe(1);
      expect(post.texts.texts).toHaveLength(1);
    }),
  );

  it(
    'where the failure could not be written down leaves the text to its guard',
    withPlan([sms, voice], async (rig, post) => {
      post.texts.answers = [fail('server')];
      rig.store.claimPinMessage = async () => await Promise.reject(new ServiceError('unavailable'));
      await sendText(rig);
      await rig.crash();
      await rig.clock.advanceAsync(9_000);
      expect(rig.carrier.placed).toHaveLength(0);
      await rig.clock.advanceAsync(2_000);
      expect(post.texts.texts).toHaveLength(2);
    }),
  );
});

describe('a call that its carrier may have', () => {
  it.each(UNCLEAR)(
    '%s: a text follows within two seconds, and the call is not asked for again',
    async reason => {
      await withPlan([voice, sms, voice], async (rig, post) => {
        rig.carrier.answers = [fail(reason)];
        const ref = await rig.send();
        const { pinId } = await rig.record(ref);
        await rig.clock.advanceAsync(NEXT_MS);
        expect(post.texts.texts).toHaveLength(1);
        await rig.clock.advanceAsync(200_000);
        expect(rig.carrier.placed).toHaveLength(1);
        expect(await shape(rig, pinId)).toEqual(['0 voice first', '1 sms failure']);
        expect((await rig.record(ref)).state).toBe('ended');
      })();
    },
  );

  it(
    'is followed by a second call only when the first is known not to be',
    withPlan([voice, voice], async rig => {
      rig.carrier.answers = [fail('server')];
      Object.assign(rig.carrier, { findCall: async () => ({ match: 'none' }) });
      const ref = await rig.send();
      const { pinId } = await rig.record(ref);
      await rig.clock.advanceAsync(4_000);
      expect(rig.carrier.placed).toHaveLength(1);
      await rig.clock.advanceAsync(2_000);
      // The same call once more, as without a plan.
      expect(rig.carrier.placed.map(({ callRef }) => callRef)).toEqual([ref, ref]);
      expect(await shape(rig, pinId)).toEqual(['0 voice first']);
    }),
  );

  it(
    'keeps a later call of its plan waiting, whatever the text between came to',
    withPlan([voice, sms, voice], async (rig, post) => {
      rig.carrier.answers = [fail('timeout')];
      Object.assign(rig.carrier, { findCall: async () => ({ match: 'none' }) });
      post.texts.answers = [fail('rejected')];
      const ref = await rig.send();
      const { pinId } = await rig.record(ref);
      await rig.clock.advanceAsync(NEXT_MS);
      expect(post.texts.texts).toHaveLength(1);
      await rig.clock.advanceAsync(2_000);
      expect(rig.carrier.placed).toHaveLength(1);
      // Its dial guard finds that there is none.
      await rig.clock.advanceAsync(20_000);
      expect(await rig.report(ref)).toMatchObject({ cause: 'withdrawn' });
      expect(rig.carrier.placed).toHaveLength(2);
      expect(await shape(rig, pinId)).toEqual(['0 voice first', '1 sms failure', '2 voice failure']);
    }),
  );

  it(
    'is left alone when its webhook comes in time',
    withPlan([voice, sms], async (rig, post) => {
      rig.carrier.answers = [fail('timeout')];
      const ref = await rig.send();
      await rig.clock.advanceAsync(500);
      await rig.say('status', ref, { events: [{ type: 'ringing' }] }, { id: 'CA9' });
      expect(post.adopted).toEqual(['scripted calls']);
      await rig.clock.advanceAsync(30_000);
      expect(post.texts.texts).toHaveLength(0);
      expect(rig.carrier.placed).toHaveLength(1);
      expect(await rig.record(ref)).toMatchObject({ state: 'ringing', carrierCallId: 'CA9' });
    }),
  );

  it(
    'is dialled once more where no text behind it can be sent',
    withPlan([voice, { ...sms, carrier: 'gone' }], async rig => {
      rig.carrier.answers = [fail('server'), fail('server')];
      const ref = await rig.send();
      await rig.clock.advanceAsync(60_000);
      expect(rig.carrier.placed.map(({ callRef }) => callRef)).toEqual([ref, ref]);
      expect(await rig.report(ref)).toMatchObject({ cause: 'carrier-unknown' });
    }),
  );

  it(
    'is not dialled again by the next life, once its plan has gone on',
    withPlan([voice, sms], async (rig, post) => {
      rig.carrier.answers = [fail('server')];
      const ref = await rig.send();
      await rig.clock.advanceAsync(NEXT_MS);
      await rig.crash();
      await rig.clock.advanceAsync(60_000);
      expect(rig.carrier.placed).toHaveLength(1);
      expect(post.texts.texts).toHaveLength(1);
      await rig.clock.advanceAsync(60_000);
      expect(await rig.report(ref)).toMatchObject({ cause: 'no-callback' });
    }),
  );

  it.each([
    ['the circuit is open', isDown],
    ['429, come back in a minute', busy(60_000)],
  ])('%s: the next step begins at once, a call too', async (_what, answer) => {
    await withPlan([voice, voice], async rig => {
      rig.carrier.answers = [answer];
      const ref = await rig.send();
      expect(rig.carrier.placed).toHaveLength(2);
      expect(rig.carrier.placed[1]!.callRef).not.toBe(ref);
      await rig.clock.advanceAsync(60_000);
      expect(rig.carrier.placed).toHaveLength(2);
    })();
  });
});
