import { describe, expect, it } from 'vitest';

import type { DeliveryPlan, PlanStep } from '../../src/domain/plan.ts';
import type { Application, CallRef, E164, PinId } from '../../src/domain/types.ts';
import { CarrierError } from '../../src/errors.ts';
import type { SendGate, SendQuestion } from '../../src/delivery/verifications.ts';
import { settle } from '../support/fake-clock.ts';
import { ScriptedLookup, ScriptedTexts, textReport } from '../support/scripted-messages.ts';
import { PHONE, Rig } from './rig.ts';

const sms = (next: Partial<PlanStep['next']> = {}): PlanStep => ({
  channel: 'sms',
  next: { onFailure: true, ...next },
});
const voice = (next: Partial<PlanStep['next']> = {}): PlanStep => ({ ...sms(next), channel: 'voice' });
const plan = (...steps: PlanStep[]): DeliveryPlan => ({ steps });
const LANDLINE = '+41443641000' as E164;

interface Post {
  readonly texts: ScriptedTexts;
  readonly lookup: ScriptedLookup;
  readonly asked: SendQuestion[];
  /** Denied from now on, with this reason. */
  deny: { channel: string; reason: string } | undefined;
}

function withPlan(
  steps: DeliveryPlan | undefined,
  test: (rig: Rig, post: Post) => Promise<void>,
  application: Partial<Application['configuration']> = {},
): () => Promise<void> {
  return async () => {
    const asked: SendQuestion[] = [];
    const post: Post = { texts: new ScriptedTexts(), lookup: new ScriptedLookup(), asked, deny: undefined };
    const gate: SendGate = {
      async ask(question) {
        asked.push(question);
        return post.deny?.channel === question.channel
          ? { allow: false, reason: post.deny.reason }
          : { allow: true };
      },
    };
    const rig = await Rig.start({
      application,
      deps: {
        texts: {
          carriers: new Map([[post.texts.name, post.texts]]),
          route: () => ({ carrier: post.texts.name, from: 'Saypin' }),
          lookup: post.lookup,
        },
        gate,
        ...(steps && { defaultPlan: steps }),
      },
    });
    try {
      await test(rig, post);
    } finally {
      await rig.close();
    }
  };
}

async function sendText(rig: Rig, to: E164 = PHONE) {
  const { application, template } = rig;
  const sent = await rig.delivery.sendText({ application, template, to, placeholders: {}, lookUp: false });
  await settle();
  return sent;
}

async function report(
  rig: Rig,
  post: Post,
  type: 'sent' | 'delivered' | 'undelivered' | 'failed',
  nth = 1,
): Promise<void> {
  const text = post.texts.texts[nth - 1]!;
  const event = type === 'undelivered' ? ({ type, carrierCode: '30003' } as const) : { type };
  await rig.delivery.handleTextWebhook({
    carrier: post.texts.name,
    ref: text.ref as CallRef,
    raw: textReport(text.statusUrl, `SM${nth}`, event),
  });
  await settle();
}

async function verify(rig: Rig, pinId: PinId) {
  return await rig.delivery.verify({ pinId, candidate: await rig.pinOf(pinId) });
}

async function shape(rig: Rig, pinId: PinId) {
  const run = await rig.store.getRun(pinId);
  return run?.entries.map(entry =>
    entry.kind === 'started'
      ? `${entry.step} ${entry.channel} ${entry.trigger}`
      : `${entry.step} ${entry.channel} skipped: ${entry.reason}`,
  );
}

describe('the next step of a plan', () => {
  it(
    'starts at once when a text is reported undelivered, with the same PIN and words',
    withPlan(plan(sms(), voice()), async (rig, post) => {
      const { pinId } = await sendText(rig);
      expect(rig.carrier.placed).toHaveLength(0);
      await report(rig, post, 'undelivered');
      expect(rig.carrier.placed).toHaveLength(1);
      expect(await shape(rig, pinId)).toEqual(['0 sms first', '1 voice failure']);
      const [call] = (await rig.store.getVerification(pinId))!.calls;
      expect(call).toMatchObject({ pinId, to: PHONE, script: { messageText: rig.template.messageText } });
      expect(post.texts.texts[0]!.text).toContain(await rig.pinOf(pinId));
    }),
  );

  it(
    'starts at once when the carrier refuses the text',
    withPlan(plan(sms(), voice()), async (rig, post) => {
      post.texts.answers = [() => Promise.reject(new CarrierError('rejected', { carrierCode: '21610' }))];
      const sent = await sendText(rig);
      expect(sent.sent).toBe(false);
      expect(await shape(rig, sent.pinId)).toEqual(['0 sms first', '1 voice failure']);
      expect(rig.carrier.placed).toHaveLength(1);
    }),
  );

  it(
    'starts once, however often the report comes, and whichever reason comes second',
    withPlan(plan(sms({ noReportAfterMs: 10_000 }), voice()), async (rig, post) => {
      const { pinId } = await sendText(rig);
      await Promise.all(Array.from({ length: 5 }, () => report(rig, post, 'undelivered')));
      await rig.clock.advanceAsync(60_000);
      expect(rig.carrier.placed).toHaveLength(1);
      expect(await shape(rig, pinId)).toEqual(['0 sms first', '1 voice failure']);
    }),
  );

  it(
    'starts when no report comes in time, to the millisecond',
    withPlan(plan(sms({ noReportAfterMs: 10_000 }), voice()), async (rig, post) => {
      const { pinId } = await sendText(rig);
      await report(rig, post, 'sent');
      await rig.clock.advanceAsync(9_999);
      expect(rig.carrier.placed).toHaveLength(0);
      await rig.clock.advanceAsync(1);
      expect(rig.carrier.placed).toHaveLength(1);
      expect(await shape(rig, pinId)).toEqual(['0 sms first', '1 voice no-report']);
    }),
  );

  it(
    'stays away once the text is delivered, late reports included',
    withPlan(plan(sms({ noReportAfterMs: 10_000 }), voice()), async (rig, post) => {
      const { pinId } = await sendText(rig);
      await report(rig, post, 'delivered');
      await rig.clock.advanceAsync(60_000);
      await report(rig, post, 'undelivered');
      await rig.clock.advanceAsync(60_000);
      expect(rig.carrier.placed).toHaveLength(0);
      expect(await shape(rig, pinId)).toEqual(['0 sms first']);
    }),
  );

  it(
    'starts for a delivered text that nobody verifies, counted from its start',
    withPlan(
      plan(sms({ noReportAfterMs: 10_000, notVerifiedAfterMs: 30_000 }), voice()),
      async (rig, post) => {
        const { pinId } = await sendText(rig);
        await rig.clock.advanceAsync(5_000);
        await report(rig, post, 'delivered');
        await rig.clock.advanceAsync(24_999);
        expect(rig.carrier.placed).toHaveLength(0);
        await rig.clock.advanceAsync(1);
        expect(rig.carrier.placed).toHaveLength(1);
        expect(await shape(rig, pinId)).toEqual(['0 sms first', '1 voice not-verified']);
      },
    ),
  );

  it(
    'does not follow a report of a text whose turn is over',
    withPlan(plan(sms({ noReportAfterMs: 10_000 }), voice(), sms()), async (rig, post) => {
      const { pinId } = await sendText(rig);
      await rig.clock.advanceAsync(10_000);
      await report(rig, post, 'undelivered');
      expect(await shape(rig, pinId)).toEqual(['0 sms first', '1 voice no-report']);
      expect(post.texts.texts).toHaveLength(1);
    }),
  );

  it(
    'follows a call in which the code was not heard, and ends with an event when none is left',
    withPlan(plan(voice(), sms()), async (rig, post) => {
      const ref = await rig.send();
      const { pinId } = await rig.record(ref);
      await rig.ended(ref, { cause: 'busy', raw: 'busy', sipCode: 486 });
      await settle();
      expect(await shape(rig, pinId)).toEqual(['0 voice first', '1 sms failure']);
      expect(post.texts.texts).toHaveLength(1);
      await report(rig, post, 'failed');
      const run = await rig.store.getRun(pinId);
      expect(run).toMatchObject({ position: 2, live: undefined });
      expect((await rig.delivery.verifications.get(pinId))?.undeliverable).toBe(true);
      const events = await rig.store.claimEvents({ limit: 20, leaseMs: 1 });
      expect(events.map(({ type }) => type)).toContain('verification.undeliverable');
    }),
  );

  it(
    'is not started for a PIN that has too little time left',
    withPlan(
      plan(sms({ noReportAfterMs: 50_000 }), voice()),
      async (rig, post) => {
        const { pinId } = await sendText(rig);
        await rig.clock.advanceAsync(60_000);
        expect(rig.carrier.placed).toHaveLength(0);
        expect(await shape(rig, pinId)).toEqual(['0 sms first', '1 voice skipped: too-late']);
        expect(post.texts.texts).toHaveLength(1);
      },
      { pinTimeToLive: '1m' },
    ),
  );

  it(
    'hangs up the call before it, unless somebody listens to that',
    withPlan(plan(voice({ notVerifiedAfterMs: 20_000 }), sms()), async (rig, post) => {
      const ref = await rig.send();
      await rig.clock.advanceAsync(20_000);
      expect(rig.carrier.hungUp).toEqual(['CA1']);
      expect(post.texts.texts).toHaveLength(1);

      const second = await rig.send();
      await rig.answer(second, 'CA2');
      await rig.clock.advanceAsync(25_000);
      expect(rig.carrier.hungUp).not.toContain('CA2');
      expect(post.texts.texts).toHaveLength(1);
      expect((await rig.record(ref)).state).toBe('initiated');
    }),
  );
});

describe('a number that cannot take a channel', () => {
  it(
    'is called straight away, and the client is told that no text went out',
    withPlan(plan(sms(), voice()), async (rig, post) => {
      const sent = await sendText(rig, LANDLINE);
      expect(sent).toMatchObject({ sent: false, calling: true });
      expect(post.texts.texts).toHaveLength(0);
      expect(rig.carrier.placed).toHaveLength(1);
      expect(await shape(rig, sent.pinId)).toEqual(['0 sms skipped: number-type', '1 voice first']);
    }),
  );

  it(
    'is an error of the field where no step is left',
    withPlan(plan(sms()), async rig => {
      await expect(sendText(rig, LANDLINE)).rejects.toMatchObject({
        fields: { to: [expect.stringContaining('no step')] },
      });
    }),
  );
});

describe('a verification', () => {
  it(
    'ends what is pending: no step starts after it',
    withPlan(plan(sms({ noReportAfterMs: 10_000 }), voice()), async (rig, post) => {
      const { pinId } = await sendText(rig);
      expect(await verify(rig, pinId)).toMatchObject({ outcome: 'verified' });
      await report(rig, post, 'undelivered');
      await rig.clock.advanceAsync(120_000);
      expect(rig.carrier.placed).toHaveLength(0);
      expect(await shape(rig, pinId)).toEqual(['0 sms first']);
    }),
  );

  it(
    'hangs up a phone that is ringing',
    withPlan(plan(sms(), voice()), async (rig, post) => {
      const { pinId } = await sendText(rig);
      await report(rig, post, 'undelivered');
      expect(await verify(rig, pinId)).toMatchObject({ outcome: 'verified' });
      await settle();
      expect(rig.carrier.hungUp).toEqual(['CA1']);
    }),
  );

  it(
    'answers only when the request for a call that is under way is over, and hangs that up',
    withPlan(plan(sms(), voice()), async (rig, post) => {
      const { pinId } = await sendText(rig);
      const placing = Promise.withResolvers<{ carrierCallId: string }>();
      rig.carrier.answers = [() => placing.promise];
      await report(rig, post, 'undelivered');
      let answered = false;
      const verifying = verify(rig, pinId).then(result => {
        answered = true;
        return result;
      });
      await settle();
      expect(answered).toBe(false);
      placing.resolve({ carrierCallId: 'CA9' });
      await settle();
      expect(await verifying).toMatchObject({ outcome: 'verified' });
      await settle();
      expect(rig.carrier.hungUp).toEqual(['CA9']);
    }),
  );

  it(
    'in the same instant as the report: either no call, or one that is hung up',
    withPlan(plan(sms(), voice()), async (rig, post) => {
      let called = 0;
      for (let race = 0; race < 40; race++) {
        await rig.clock.advanceAsync(3_000);
        const { pinId, ref } = await sendText(rig);
        const nth = post.texts.texts.findIndex(text => text.ref === ref) + 1;
        const before = rig.carrier.placed.length;
        const candidate = await rig.pinOf(pinId);
        const turns = Array.from({ length: race % 8 });
        const verified = (async () => {
          for (const _ of turns) await Promise.resolve();
          return await rig.delivery.verify({ pinId, candidate });
        })();
        await Promise.all([verified, report(rig, post, 'undelivered', nth)]);
        await settle();
        expect((await verified).outcome).toBe('verified');
        const calls = rig.carrier.placed.slice(before);
        expect(calls.length).toBeLessThanOrEqual(1);
        called += calls.length;
        if (calls.length === 1) expect(rig.carrier.hungUp).toContain(`CA${rig.carrier.placed.length}`);
      }
      // Neither side always wins, or this shows nothing.
      expect(called).toBeLessThan(40);
    }),
  );
});

describe('a crash', () => {
  it(
    'between the report and the next step loses nothing: the timer of an earlier life starts it',
    withPlan(plan(sms(), voice()), async (rig, post) => {
      const { pinId } = await sendText(rig);
      const { store } = rig;
      const advance = store.advanceRun.bind(store);
      store.advanceRun = async () => await new Promise<never>(() => {});
      await report(rig, post, 'undelivered');
      expect(rig.carrier.placed).toHaveLength(0);
      store.advanceRun = advance;
      await rig.crash();
      await rig.clock.advanceAsync(1_000);
      expect(rig.carrier.placed).toHaveLength(1);
      expect(await shape(rig, pinId)).toEqual(['0 sms first', '1 voice failure']);
      await rig.clock.advanceAsync(60_000);
      expect(rig.carrier.placed).toHaveLength(1);
    }),
  );

  it(
    'after the turn and before the carrier: the dial guard places it once, unless it was verified meanwhile',
    withPlan(plan(sms(), voice()), async (rig, post) => {
      for (const verifies of [false, true]) {
        const { pinId, ref } = await sendText(rig);
        const before = rig.carrier.placed.length;
        rig.carrier.answers = [() => new Promise<never>(() => {})];
        await report(rig, post, 'undelivered', post.texts.texts.findIndex(text => text.ref === ref) + 1);
        await rig.crash();
        const verifying = verifies ? verify(rig, pinId) : undefined;
        await rig.clock.advanceAsync(30_000);
        if (verifying) expect(await verifying).toMatchObject({ outcome: 'verified' });
        expect(rig.carrier.placed.length - before).toBe(verifies ? 1 : 2);
      }
    }),
  );

  it(
    'while a step waits for its time loses nothing',
    withPlan(plan(sms({ noReportAfterMs: 10_000 }), voice()), async rig => {
      const { pinId } = await sendText(rig);
      await rig.crash();
      await rig.clock.advanceAsync(10_000);
      expect(rig.carrier.placed).toHaveLength(1);
      expect(await shape(rig, pinId)).toEqual(['0 sms first', '1 voice no-report']);
    }),
  );
});

describe('asking for more', () => {
  it(
    'Infobip’s resend by voice is the plan’s own call: nothing comes on top',
    withPlan(plan(sms({ noReportAfterMs: 10_000 }), voice()), async rig => {
      const { pinId } = await sendText(rig);
      await rig.delivery.resendPin({ pinId, placeholders: {} });
      await rig.clock.advanceAsync(60_000);
      expect(rig.carrier.placed).toHaveLength(1);
      expect(await shape(rig, pinId)).toEqual(['0 sms first', '1 voice resend']);
    }),
  );

  it(
    'Infobip’s resend by SMS starts the step’s time again',
    withPlan(plan(sms({ noReportAfterMs: 10_000 }), voice()), async (rig, post) => {
      const { pinId } = await sendText(rig);
      await rig.clock.advanceAsync(6_000);
      await rig.delivery.resendText({ pinId, placeholders: {} });
      await rig.clock.advanceAsync(9_999);
      expect(rig.carrier.placed).toHaveLength(0);
      await rig.clock.advanceAsync(1);
      expect(rig.carrier.placed).toHaveLength(1);
      expect(post.texts.texts).toHaveLength(2);
      expect(await shape(rig, pinId)).toEqual(['0 sms first', '0 sms resend', '1 voice no-report']);
    }),
  );

  it(
    '“call me instead” counts against the send limits; steps by themselves do not',
    withPlan(
      plan(sms({ noReportAfterMs: 10_000 }), voice(), sms()),
      async rig => {
        const { pinId } = await sendText(rig);
        const next = await rig.delivery.verifications.next({ pinId });
        expect(next).toMatchObject({ state: 'pending' });
        await settle();
        await expect(rig.delivery.verifications.next({ pinId })).rejects.toMatchObject({
          id: 'tooManyRequests',
        });
        expect(await shape(rig, pinId)).toEqual(['0 sms first', '1 voice request']);
      },
      { sendPinPerPhoneNumberLimit: '2/1d' },
    ),
  );

  it(
    'with the same reference twice does it once',
    withPlan(plan(sms(), voice()), async rig => {
      const { pinId } = await sendText(rig);
      const { verifications } = rig.delivery;
      const ref = verifications.newRef(pinId);
      await Promise.all([verifications.next({ pinId, ref }), verifications.next({ pinId, ref })]);
      await verifications.next({ pinId, ref });
      await settle();
      expect(rig.carrier.placed).toHaveLength(1);
    }),
  );

  it(
    'after the end is a conflict, as is a cancel',
    withPlan(plan(sms(), voice()), async rig => {
      const { pinId } = await sendText(rig);
      const { verifications } = rig.delivery;
      expect(await verifications.cancel(pinId)).toMatchObject({ state: 'cancelled', attemptsLeft: 0 });
      await expect(verifications.next({ pinId })).rejects.toMatchObject({ id: 'conflict' });
      await expect(verifications.cancel(pinId)).rejects.toMatchObject({ id: 'conflict' });
      expect(await verify(rig, pinId)).toMatchObject({ outcome: 'cancelled' });
    }),
  );
});

describe('the hook', () => {
  it(
    'is asked before every send, and its no is the next step’s turn',
    withPlan(plan(sms(), voice(), sms()), async (rig, post) => {
      const { pinId } = await sendText(rig);
      post.deny = { channel: 'voice', reason: 'too expensive' };
      await report(rig, post, 'undelivered');
      expect(rig.carrier.placed).toHaveLength(0);
      expect(await shape(rig, pinId)).toEqual(['0 sms first', '1 voice skipped: denied', '2 sms failure']);
      expect(post.asked.map(({ channel, trigger }) => `${channel} ${trigger}`)).toEqual([
        'sms first',
        'voice fallback',
        'sms fallback',
      ]);
      expect(post.asked[0]).toMatchObject({ to: PHONE, pinId, carrier: post.texts.name });
    }),
  );

  it(
    'denies the first send with its reason, and nothing is made',
    withPlan(undefined, async (rig, post) => {
      post.deny = { channel: 'sms', reason: 'blocked prefix' };
      await expect(sendText(rig)).rejects.toMatchObject({ id: 'denied', reason: 'blocked prefix' });
      const { records } = await rig.store.listVerificationRecords({ limit: 10 });
      expect(records).toHaveLength(0);
    }),
  );
});
