import { expect, test } from 'vitest';

import type { CallRef, Delivery } from '../../src/domain/types.ts';
import type { Said } from '../support/scripted-carrier.ts';
import { settle } from '../support/fake-clock.ts';
import { ScriptedLookup, ScriptedTexts, textReport } from '../support/scripted-messages.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { PHONE, PUBLIC_URL, Rig } from '../delivery/rig.ts';
import { record, times } from './results.ts';

/**
 * faults.md F17 and I5: what carriers say of a text and of the call that follows it, each word up to five times, in any order, up to ten
 * minutes late, with forged words and words about unknown references in between. The end depends on what was said, and on nothing
 * else. 1,000 seeds in the full form.
 */
const seeds = Math.min(times(1) * 50, 1_000);
const LATE_MS = 600_000;
const MOST_REPEATS = 5;

type TextWord = 'sent' | 'delivered' | 'undelivered' | 'failed';
const TEXT_ENDS = ['delivered', 'undelivered', 'failed'] as const;
const CALL_ENDS = ['completed', 'busy', 'no-answer', 'failed'] as const;

interface Word {
  readonly afterMs: number;
  readonly say: () => Promise<{ status: number } | undefined>;
  readonly expect: readonly number[];
}

test(
  `callbacks repeated, reordered, late and forged, ${seeds} seeds`,
  { timeout: 60_000 + seeds * 500 },
  async () => {
    const texts = new ScriptedTexts();
    const route = () => ({ carrier: texts.name, from: 'Saypin' });
    const steps = [
      { channel: 'sms', next: { onFailure: true } },
      { channel: 'voice', next: { onFailure: false } },
    ] as const;
    const rig = await Rig.start({
      // Longer than all callbacks together are late, so that it is they who end the call.
      voice: { ringTimeoutSeconds: 1_800, callTimeoutMs: 1_800_000 },
      application: { pinTimeToLive: '60m' },
      deps: {
        texts: { carriers: new Map([[texts.name, texts]]), route, lookup: new ScriptedLookup() },
        defaultPlan: { steps },
      },
    });
    let words = 0;
    let calls = 0;
    try {
      for (let seed = 0; seed < seeds; seed++) {
        const random = seededRandom(`callbacks ${seed}`);
        const below = (limit: number): number => random(4).readUInt32BE() % limit;
        const textEnd = TEXT_ENDS[below(TEXT_ENDS.length)]!;
        const callEnd = CALL_ENDS[below(CALL_ENDS.length)]!;
        const repeated = (word: Omit<Word, 'afterMs'>): Word[] =>
          Array.from({ length: 1 + below(MOST_REPEATS) }, () => ({ ...word, afterMs: below(LATE_MS) }));

        const { application, template } = rig;
        const { pinId } = await rig.delivery.sendText({
          application,
          template,
          to: PHONE,
          placeholders: {},
          lookUp: false,
        });
        await settle();
        const text = texts.texts.at(-1)!;
        const nth = texts.texts.length;
        const aboutText =
          (type: TextWord, ref: string = text.ref, url = text.statusUrl) =>
          async () =>
            await rig.delivery.handleTextWebhook({
              carrier: texts.name,
              ref: ref as CallRef,
              raw: textReport(url, `SM${nth}`, { type }),
            });
        const forgedText = async () => {
          const raw = textReport(text.statusUrl, `SM${nth}`, {
            type: textEnd === 'delivered' ? 'failed' : 'delivered',
          });
          return await rig.delivery.handleTextWebhook({
            carrier: texts.name,
            ref: text.ref as CallRef,
            raw: { ...raw, headers: { 'x-signature': 'forged' } },
          });
        };
        const unknown = random(16).toString('hex');
        words += await say(rig, [
          ...repeated({ say: aboutText('sent'), expect: [204] }),
          ...repeated({ say: aboutText(textEnd), expect: [204] }),
          ...repeated({ say: forgedText, expect: [403] }),
          {
            afterMs: below(LATE_MS),
            say: aboutText('failed', unknown, `${PUBLIC_URL}/carrier-webhooks/${texts.name}/${unknown}/text`),
            expect: [0, 404],
          },
        ]);

        const placed = rig.carrier.placed.slice(calls);
        calls += placed.length;
        expect(placed.length, `seed ${seed}: calls after "${textEnd}"`).toBe(textEnd === 'delivered' ? 0 : 1);
        expect(
          (await rig.store.getPinMessage(text.ref as CallRef))?.report?.cause ?? '',
          `seed ${seed}`,
        ).toContain(textEnd);
        const ref = placed[0]?.callRef as CallRef | undefined;
        if (ref === undefined) continue;

        const id = `CA${calls}`;
        const aboutCall =
          (said: Said, options: { forged?: boolean } = {}, of = ref) =>
          async () =>
            await rig.say('status', of, said, { id, ...options });
        const ended: Said = { events: [{ type: 'ended', cause: callEnd, raw: callEnd }] };
        words += await say(rig, [
          ...repeated({ say: aboutCall({ events: [{ type: 'initiated', sequence: 0 }] }), expect: [204] }),
          ...repeated({ say: aboutCall({ events: [{ type: 'ringing', sequence: 1 }] }), expect: [204] }),
          ...repeated({ say: aboutCall({ events: [{ type: 'answered', sequence: 2 }] }), expect: [204] }),
          ...repeated({ say: aboutCall(ended), expect: [204] }),
          ...repeated({
            say: aboutCall(
              { events: [{ type: 'ended', cause: 'rejected', raw: 'forged' }] },
              { forged: true },
            ),
            expect: [403],
          }),
          {
            afterMs: below(LATE_MS),
            say: aboutCall(ended, {}, random(16).toString('hex') as CallRef),
            expect: [404],
          },
        ]);
        const { state, carrierCallId, dials, report } = (await rig.store.getDelivery(ref)) as Delivery;
        expect(
          { state, carrierCallId, dials, cause: report?.cause, heard: report?.codeHeard },
          `seed ${seed}`,
        ).toEqual({
          state: 'ended',
          carrierCallId: id,
          dials: 1,
          cause: callEnd,
          heard: 'none',
        });
        expect(rig.carrier.placed).toHaveLength(calls);
        const run = await rig.store.getRun(pinId);
        expect(
          run?.entries.map(({ channel }) => channel),
          `seed ${seed}`,
        ).toEqual(['sms', 'voice']);
      }
      expect(rig.delivery.liveCalls).toBe(0);
      expect(rig.counted.filter(what => what === 'webhook-forged').length).toBeGreaterThan(seeds);
      expect(
        rig.counted.filter(what => what === 'webhook-unknown').length,
        'unknown ids are counted',
      ).toBeGreaterThan(0);
      record({ fault: 'F17', on: 'delivery, fake clock', runs: seeds, figures: { callbacks: words, calls } });
    } finally {
      await rig.close();
    }
  },
);

/** Each word at its time. */
async function say(rig: Rig, words: readonly Word[]): Promise<number> {
  let now = 0;
  for (const word of words.toSorted((a, b) => a.afterMs - b.afterMs)) {
    await rig.clock.advanceAsync(word.afterMs - now);
    now = word.afterMs;
    const answer = await word.say();
    expect(word.expect).toContain(answer?.status ?? 0);
  }
  await rig.clock.advanceAsync(10_000);
  await settle();
  return words.length;
}
