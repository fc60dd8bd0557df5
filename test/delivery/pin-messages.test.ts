import { describe, expect, it, vi } from 'vitest';

import type { Application, CallRef, EmailAddress, PinId } from '../../src/domain/types.ts';
import { createEmailTemplate } from '../../src/domain/email-template.ts';
import { systemRandom } from '../../src/domain/ids.ts';
import { CarrierError, ServiceError } from '../../src/errors.ts';
import { settle } from '../support/fake-clock.ts';
import { ScriptedLookup, ScriptedMail, ScriptedTexts, textReport } from '../support/scripted-messages.ts';
import { PHONE, Rig, type RigOptions } from './rig.ts';

const ADDRESS = 'john@example.com' as EmailAddress;
const HOUR = 3_600_000;

class Post {
  readonly texts = new ScriptedTexts();
  readonly mail = new ScriptedMail();
  readonly lookup = new ScriptedLookup();
  readonly carriers = new Map([[this.texts.name, this.texts]]);
}

/** A rig whose texts and mails go to scripted carriers. */
function withPost(
  test: (rig: Rig, post: Post) => Promise<void>,
  application?: Partial<Application['configuration']>,
): () => Promise<void> {
  return async () => {
    const post = new Post();
    const options: RigOptions = {
      ...(application && { application }),
      deps: {
        texts: {
          carriers: post.carriers,
          route: () => ({ carrier: post.texts.name, from: 'Saypin' }),
          lookup: post.lookup,
        },
        mail: { carrier: post.mail, from: 'pins@saypin.example' },
        retentionMs: 30 * 24 * HOUR,
      },
    };
    const rig = await Rig.start(options);
    try {
      await test(rig, post);
    } finally {
      await rig.close();
    }
  };
}

async function sendText(rig: Rig, lookUp = false) {
  const { application, template } = rig;
  return await rig.delivery.sendText({ application, template, to: PHONE, placeholders: {}, lookUp });
}

async function sendMail(rig: Rig) {
  const { application } = rig;
  const template = createEmailTemplate(
    application.applicationId,
    { emailTemplateId: 1 },
    { random: systemRandom, now: rig.clock.now() },
  );
  await rig.store.putEmailTemplate(template);
  return await rig.delivery.sendMail({ application, template, to: ADDRESS, placeholders: {} });
}

async function record(rig: Rig, ref: CallRef) {
  const message = await rig.store.getPinMessage(ref);
  if (!message) throw new Error('no such message');
  return message;
}

const events = async (rig: Rig) => {
  const claimed = await rig.store.claimEvents({ limit: 10, leaseMs: 1 });
  return claimed.filter(({ type }) => type.endsWith('.report'));
};

const report = async (
  rig: Rig,
  post: Post,
  type: 'sent' | 'delivered' | 'undelivered' | 'failed',
  id = 'SM1',
) => {
  const { ref, statusUrl } = post.texts.texts[0]!;
  const raw = textReport(statusUrl, id, { type, ...(type === 'failed' && { carrierCode: '30008' }) });
  return await rig.delivery.handleTextWebhook({ carrier: post.texts.name, ref: ref as CallRef, raw });
};

const never = async () => await new Promise<never>(() => {});
const lost = async () => await Promise.reject(new CarrierError('timeout'));

describe('a text', () => {
  it(
    'is committed before the carrier is asked',
    withPost(async (rig, post) => {
      let seen: unknown;
      post.texts.answers = [
        async () => {
          seen = await record(rig, post.texts.texts[0]!.ref as CallRef);
          return { carrierMessageId: 'SM1' };
        },
      ];
      const { ref, sent } = await sendText(rig);
      expect(seen).toMatchObject({ state: 'sending', carrierMessageId: undefined, tries: 1 });
      expect(sent).toBe(true);
      expect(await record(rig, ref)).toMatchObject({ state: 'sent', carrierMessageId: 'SM1' });
    }),
  );

  it(
    'is sent by the next life of the service when a crash left it open, and only once more',
    withPost(async (rig, post) => {
      post.texts.answers = [never];
      const sending = sendText(rig).catch(() => undefined);
      await settle();
      const [first] = post.texts.texts;
      await rig.crash();
      await rig.clock.advanceAsync(9_000);
      expect(post.texts.texts).toHaveLength(1);
      await rig.clock.advanceAsync(2_000);
      expect(post.texts.texts).toHaveLength(2);
      expect(post.texts.texts[1]).toMatchObject({ ref: first?.ref, text: first?.text });
      expect(await record(rig, first!.ref as CallRef)).toMatchObject({ state: 'sent', tries: 2 });
      await rig.clock.advanceAsync(60_000);
      expect(post.texts.texts).toHaveLength(2);
      await Promise.race([sending, settle()]);
    }),
  );

  it(
    'whose replies are lost twice is written off, and no third one goes out',
    withPost(async (rig, post) => {
      post.texts.answers = [lost, lost];
      const { ref, sent } = await sendText(rig);
      expect(sent).toBe(true);
      await rig.clock.advanceAsync(60_000);
      expect(post.texts.texts).toHaveLength(2);
      expect(await record(rig, ref)).toMatchObject({ state: 'ended', report: { cause: 'carrier-unknown' } });
    }),
  );

  it(
    'needs one write to be made and one when the carrier has it, and reads nothing',
    withPost(async (rig, post) => {
      const read = [vi.spyOn(rig.store, 'getPin'), vi.spyOn(rig.store, 'getPinMessage')];
      const step = vi.spyOn(rig.store, 'stepPinMessage');
      await sendText(rig);
      for (const verb of read) expect(verb).not.toHaveBeenCalled();
      expect(step).toHaveBeenCalledTimes(1);
      expect(await report(rig, post, 'sent')).toStrictEqual({ status: 204 });
      expect(step, 'its own record of it was there first').toHaveBeenCalledTimes(1);
    }),
  );

  it(
    'whose reply was lost is adopted by the first webhook',
    withPost(async (rig, post) => {
      post.texts.answers = [lost];
      const { ref } = await sendText(rig);
      expect(await report(rig, post, 'sent', 'SM7')).toStrictEqual({ status: 204 });
      expect(await record(rig, ref)).toMatchObject({ state: 'sent', carrierMessageId: 'SM7' });
      await rig.clock.advanceAsync(60_000);
      expect(post.texts.texts).toHaveLength(1);
    }),
  );

  it(
    'whose reply was lost is looked for at the carrier before it is sent again',
    withPost(async (rig, post) => {
      post.texts.answers = [lost];
      const asked: unknown[] = [];
      post.texts.findText = async request => {
        asked.push(request);
        return { match: 'one', carrierId: 'SM8' };
      };
      const { ref } = await sendText(rig);
      await rig.clock.advanceAsync(60_000);
      expect(asked).toMatchObject([{ ref, to: PHONE, from: 'Saypin' }]);
      expect(post.texts.texts).toHaveLength(1);
      expect(await record(rig, ref)).toMatchObject({ state: 'sent', carrierMessageId: 'SM8' });
    }),
  );

  it.each([
    ['none', async () => ({ match: 'none' }) as const],
    ['several', async () => ({ match: 'several' }) as const],
    ['a failure', async () => await Promise.reject(new CarrierError('server'))],
  ])(
    'is sent again where the carrier finds %s: the same PIN twice is better than none',
    async (_what, find) => {
      await withPost(async (rig, post) => {
        post.texts.answers = [lost];
        post.texts.findText = find;
        await sendText(rig);
        await rig.clock.advanceAsync(15_000);
        expect(post.texts.texts).toHaveLength(2);
      })();
    },
  );

  it(
    'that did not reach the carrier is tried again within the answer, three times in all',
    withPost(async (rig, post) => {
      const busy = async () => await Promise.reject(new CarrierError('unreachable', { retryable: true }));
      post.texts.answers = [busy, busy];
      const first = sendText(rig);
      await settle();
      await rig.clock.advanceAsync(2_000);
      expect((await first).sent).toBe(true);
      expect(post.texts.texts).toHaveLength(3);

      post.texts.answers = [busy, busy, busy];
      const second = sendText(rig);
      await settle();
      await rig.clock.advanceAsync(2_000);
      const { sent, ref } = await second;
      expect(sent).toBe(false);
      expect(await record(rig, ref)).toMatchObject({ state: 'ended', report: { cause: 'refused' } });
      await rig.clock.advanceAsync(60_000);
      expect(post.texts.texts).toHaveLength(6);
    }),
  );

  it.each(['rejected', 'unauthorized', 'rate-limited'] as const)(
    'that the carrier refused (%s) is over, with a report',
    async reason => {
      await withPost(async (rig, post) => {
        post.texts.answers = [
          async () => await Promise.reject(new CarrierError(reason, { carrierCode: '21610' })),
        ];
        const { ref, sent, pinId } = await sendText(rig);
        expect(sent).toBe(false);
        const expected = { cause: 'refused', carrierCode: '21610', endedAt: rig.clock.now() };
        expect(await record(rig, ref)).toMatchObject({ state: 'ended', report: expected });
        expect(await events(rig)).toMatchObject([
          {
            id: `sms-report-${ref}`,
            type: 'sms.report',
            data: { ref, pinId, to: PHONE, channel: 'sms', carrier: 'scripted', report: expected },
          },
        ]);
        expect((await rig.store.getPin(pinId))?.sentAt).toBeUndefined();
      })();
    },
  );

  it(
    'is not told to be unsent before that is written down',
    withPost(async (rig, post) => {
      post.texts.answers = [async () => await Promise.reject(new CarrierError('rejected'))];
      const working = rig.store.stepPinMessage.bind(rig.store);
      rig.store.stepPinMessage = async () => await Promise.reject(new ServiceError('unavailable'));
      const { sent } = await sendText(rig);
      expect(sent).toBe(true);
      rig.store.stepPinMessage = working;
      await rig.clock.advanceAsync(15_000);
      expect(post.texts.texts).toHaveLength(2);
    }),
  );

  it(
    'is not sent when its PIN died before it could be',
    withPost(
      async (rig, post) => {
        post.texts.answers = [lost];
        const { ref } = await sendText(rig);
        await rig.clock.advanceAsync(60_000);
        expect(post.texts.texts).toHaveLength(1);
        expect(await record(rig, ref)).toMatchObject({ state: 'ended', report: { cause: 'expired' } });
      },
      { pinTimeToLive: '5s' },
    ),
  );

  it(
    'to a number that is not reachable stays unsent after a crash in the middle of the lookup',
    withPost(async (rig, post) => {
      post.lookup.instead = never;
      const sending = sendText(rig, true).catch(() => undefined);
      await settle();
      await rig.crash();
      post.lookup.instead = undefined;
      post.lookup.reachable = 'not-reachable';
      await rig.clock.advanceAsync(60_000);
      expect(post.texts.texts).toStrictEqual([]);
      expect(await events(rig)).toMatchObject([{ data: { report: { cause: 'unreachable' } } }]);
      await Promise.race([sending, settle()]);
    }),
  );
});

describe('trouble around a text', () => {
  it(
    'of a kind that nobody foresaw leaves it open: the guard sends it again',
    withPost(async (rig, post) => {
      post.texts.answers = [async () => await Promise.reject(new TypeError('adapter'))];
      expect((await sendText(rig)).sent).toBe(true);
      await rig.clock.advanceAsync(15_000);
      expect(post.texts.texts).toHaveLength(2);
    }),
  );

  it(
    'with the store, once the carrier has it, does not send it twice',
    withPost(async (rig, post) => {
      const working = rig.store.stepPinMessage.bind(rig.store);
      let failures = 3;
      rig.store.stepPinMessage = async step => {
        if (failures-- > 0) throw new ServiceError('unavailable');
        return await working(step);
      };
      const sending = sendText(rig);
      await settle();
      await rig.clock.advanceAsync(60_000);
      const { ref, sent } = await sending;
      expect(sent).toBe(true);
      expect(await record(rig, ref)).toMatchObject({ state: 'sent', carrierMessageId: 'SM1' });
      expect(post.texts.texts).toHaveLength(1);
    }),
  );

  it(
    'with a carrier that the configuration no longer has ends it as refused',
    withPost(async (rig, post) => {
      post.texts.answers = [lost];
      const { ref } = await sendText(rig);
      post.carriers.clear();
      await rig.clock.advanceAsync(15_000);
      expect(await record(rig, ref)).toMatchObject({ state: 'ended', report: { cause: 'refused' } });
    }),
  );

  it(
    'in reading a webhook answers 500 and says so in the log',
    withPost(async (rig, post) => {
      await sendText(rig);
      post.texts.parseTextWebhook = () => {
        throw new TypeError('adapter');
      };
      expect(await report(rig, post, 'delivered')).toStrictEqual({ status: 500 });
      post.texts.verifyWebhook = () => {
        throw new TypeError('adapter');
      };
      expect(await report(rig, post, 'delivered')).toStrictEqual({ status: 403 });
    }),
  );
});

describe('the guard', () => {
  it(
    'leaves a carrier that takes its time alone',
    withPost(async (rig, post) => {
      let accept = (_id: { carrierMessageId: string }): void => {};
      post.texts.answers = [async () => await new Promise(resolve => void (accept = resolve))];
      const sending = sendText(rig);
      await settle();
      await rig.clock.advanceAsync(30_000);
      expect(post.texts.texts).toHaveLength(1);
      accept({ carrierMessageId: 'SM1' });
      await settle();
      await rig.clock.advanceAsync(30_000);
      expect(post.texts.texts).toHaveLength(1);
      expect(await record(rig, (await sending).ref)).toMatchObject({ state: 'sent', tries: 1 });
    }),
  );

  it(
    'that fires as the carrier confirms writes nothing off',
    withPost(async (rig, post) => {
      post.texts.answers = [lost];
      const { ref } = await sendText(rig);
      const read = rig.store.getPinMessage.bind(rig.store);
      rig.store.getPinMessage = async of => {
        rig.store.getPinMessage = read;
        await report(rig, post, 'sent');
        return await read(of);
      };
      await rig.clock.advanceAsync(15_000);
      expect(await record(rig, ref)).toMatchObject({ state: 'sent', tries: 1 });
      rig.clock.advance(72 * HOUR);
      await rig.clock.advanceAsync(2_000);
      expect(await record(rig, ref)).toMatchObject({ state: 'ended', report: { cause: 'no-receipt' } });
    }),
  );
});

describe('a resend', () => {
  it(
    'takes its words from the template once the first record is gone, and fails when that is gone too',
    withPost(async (rig, post) => {
      const { pinId } = await sendText(rig);
      const working = { ...rig.store };
      rig.store.getPinMessage = async () => undefined;
      await rig.delivery.resendText({ pinId, placeholders: {} });
      expect(post.texts.texts[1]).toMatchObject({ text: post.texts.texts[0]?.text, from: 'Saypin' });
      rig.store.getTemplate = async () => undefined;
      await expect(rig.delivery.resendText({ pinId, placeholders: {} })).rejects.toMatchObject({
        id: 'notFound',
      });
      Object.assign(rig.store, working);

      const mail = await sendMail(rig);
      rig.store.getPinMessage = async () => undefined;
      await rig.delivery.resendMail({ pinId: mail.pinId, placeholders: {} });
      rig.store.getEmailTemplate = async () => undefined;
      await expect(rig.delivery.resendMail({ pinId: mail.pinId, placeholders: {} })).rejects.toMatchObject({
        id: 'notFound',
      });
      Object.assign(rig.store, working);
    }),
  );
});

describe('what a carrier says of a text', () => {
  it.each([
    ['delivered', {}],
    ['undelivered', {}],
    ['failed', { carrierCode: '30008' }],
  ] as const)('ends it: %s', async (type, extra) => {
    await withPost(async (rig, post) => {
      const { ref } = await sendText(rig);
      await report(rig, post, 'sent');
      await report(rig, post, type);
      await report(rig, post, type);
      expect(await record(rig, ref)).toMatchObject({ state: 'ended', report: { cause: type, ...extra } });
      expect(await events(rig)).toMatchObject([{ type: 'sms.report', data: { report: { cause: type } } }]);
      expect(await rig.store.nextTimerIn()).toBeUndefined();
    })();
  });

  it(
    'may come in any order, and the first end stays',
    withPost(async (rig, post) => {
      const { ref } = await sendText(rig);
      await report(rig, post, 'delivered');
      await report(rig, post, 'sent');
      await report(rig, post, 'failed');
      expect(await record(rig, ref)).toMatchObject({ state: 'ended', report: { cause: 'delivered' } });
      expect(await events(rig)).toHaveLength(1);
    }),
  );

  it(
    'counts the PIN as sent even when the reply to the send was lost',
    withPost(async (rig, post) => {
      post.texts.answers = [lost];
      const { pinId } = await sendText(rig);
      expect((await rig.store.getPin(pinId))?.sentAt).toBeUndefined();
      await report(rig, post, 'delivered', 'SM5');
      expect((await rig.store.getPin(pinId))?.sentAt).toBe(rig.clock.now());
    }),
  );

  it(
    'of a twin counts only as good news',
    withPost(async (rig, post) => {
      const { ref } = await sendText(rig);
      expect(await report(rig, post, 'failed', 'SM-twin')).toStrictEqual({ status: 204 });
      expect(await record(rig, ref)).toMatchObject({ state: 'sent' });
      await report(rig, post, 'delivered', 'SM-twin');
      expect(await record(rig, ref)).toMatchObject({ state: 'ended', carrierMessageId: 'SM1' });
      expect(rig.counted).toStrictEqual(['webhook-stray', 'webhook-stray']);
    }),
  );

  it(
    'is believed only with its signature, and refused when it cannot be read',
    withPost(async (rig, post) => {
      const { ref } = await sendText(rig);
      const { statusUrl } = post.texts.texts[0]!;
      const raw = textReport(statusUrl, 'SM1', { type: 'failed' });
      const handle = async (request: typeof raw, carrier = post.texts.name, id = ref) =>
        await rig.delivery.handleTextWebhook({ carrier, ref: id, raw: request });
      expect(await handle({ ...raw, headers: {} })).toStrictEqual({ status: 403 });
      expect(await handle({ ...raw, rawBody: Buffer.from('{') })).toStrictEqual({ status: 400 });
      expect(await handle(raw, 'other')).toBeUndefined();
      expect(await handle(raw, post.texts.name, '0'.repeat(32) as CallRef)).toBeUndefined();
      expect(await record(rig, ref)).toMatchObject({ state: 'sent' });
      expect(rig.counted).toStrictEqual(['webhook-forged', 'webhook-malformed']);
    }),
  );

  it(
    'may be nothing for three days: then it is written off',
    withPost(async rig => {
      const { ref } = await sendText(rig);
      rig.clock.advance(72 * HOUR - 1_000);
      await settle();
      expect(await record(rig, ref)).toMatchObject({ state: 'sent' });
      await rig.clock.advanceAsync(2_000);
      expect(await record(rig, ref)).toMatchObject({ state: 'ended', report: { cause: 'no-receipt' } });
    }),
  );
});

describe('a mail', () => {
  it(
    'is over once the server took it',
    withPost(async (rig, post) => {
      const { ref, pinId } = await sendMail(rig);
      await settle();
      expect(await record(rig, ref)).toMatchObject({
        channel: 'email',
        state: 'ended',
        carrierMessageId: '<1@mail>',
        report: { cause: 'accepted' },
      });
      expect(await events(rig)).toMatchObject([{ id: `email-report-${ref}`, type: 'email.report' }]);
      expect((await rig.store.getPin(pinId))?.sentAt).toBe(rig.clock.now());
      expect(post.mail.mails).toHaveLength(1);
    }),
  );

  it(
    'left open by a crash is sent by the next life, under the same reference',
    withPost(async (rig, post) => {
      post.mail.answers = [never];
      await sendMail(rig);
      await settle();
      await rig.crash();
      await rig.clock.advanceAsync(61_000);
      expect(post.mail.mails).toHaveLength(2);
      expect(post.mail.mails[1]).toStrictEqual(post.mail.mails[0]);
    }),
  );

  it(
    'that no server takes is tried four times while the PIN lives, then written off',
    withPost(
      async (rig, post) => {
        const busy = async () =>
          await Promise.reject(new CarrierError('server', { retryable: true, carrierCode: '451' }));
        post.mail.answers = [busy, busy, busy, busy, busy];
        const { ref } = await sendMail(rig);
        await rig.clock.advanceAsync(HOUR);
        expect(post.mail.mails).toHaveLength(4);
        expect(await record(rig, ref)).toMatchObject({
          state: 'ended',
          report: { cause: 'refused', carrierCode: '451' },
        });
      },
      { pinTimeToLive: '1d' },
    ),
  );
});

describe('the service stops', () => {
  it(
    'after what is under way, and takes nothing new',
    withPost(async (rig, post) => {
      let accept = (_id: { carrierMessageId: string }): void => {};
      post.texts.answers = [async () => await new Promise(resolve => void (accept = resolve))];
      const sending = sendText(rig);
      await settle();
      let stopped = false;
      const stopping = rig.delivery.stop(10_000).then(() => void (stopped = true));
      await settle();
      expect(stopped).toBe(false);
      await expect(sendText(rig)).rejects.toThrow(ServiceError);
      await expect(sendMail(rig)).rejects.toThrow(ServiceError);
      await expect(rig.delivery.resendText({ pinId: 'X' as PinId, placeholders: {} })).rejects.toMatchObject({
        id: 'unavailable',
      });
      await expect(rig.delivery.resendMail({ pinId: 'X' as PinId, placeholders: {} })).rejects.toMatchObject({
        id: 'unavailable',
      });
      accept({ carrierMessageId: 'SM1' });
      const { ref } = await sending;
      await stopping;
      expect(await record(rig, ref)).toMatchObject({ state: 'sent' });
    }),
  );

  it(
    'without waiting out the pause before another try, which the next life makes',
    withPost(async (rig, post) => {
      post.texts.answers = [
        async () => await Promise.reject(new CarrierError('unreachable', { retryable: true })),
      ];
      const sending = sendText(rig);
      await settle();
      await rig.delivery.stop(10_000);
      expect((await sending).sent).toBe(true);
      await rig.crash();
      await rig.clock.advanceAsync(15_000);
      expect(post.texts.texts).toHaveLength(2);
    }),
  );
});
