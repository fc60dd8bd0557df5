import { describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';

import type { Clock } from '../../src/clock.ts';
import { createVoiceDelivery } from '../../src/delivery/index.ts';
import { systemRandom } from '../../src/domain/ids.ts';
import { securitySettings } from '../../src/domain/profile.ts';
import type { E164 } from '../../src/domain/types.ts';
import { CarrierError } from '../../src/errors.ts';
import { createLogger } from '../../src/log.ts';
import { settle, type FakeClock } from '../support/fake-clock.ts';
import { NodeHub } from '../support/node-hub.ts';
import { ScriptedCarrier } from '../support/scripted-carrier.ts';
import { ScriptedMediaStream } from '../support/scripted-media-stream.ts';
import { ScriptedTexts } from '../support/scripted-messages.ts';
import { MESSAGE_MS, PHONE, PUBLIC_URL, Rig, streamUrl, voice, type RigOptions } from './rig.ts';

interface Life {
  over: boolean;
  frozen: (() => void)[] | undefined;
}

/**
 * Two nodes over one store: `here` has the timers, `there` has none, so that a test knows who does what. Their line is in
 * memory; words and marks are those of delivery/node-bus.ts.
 */
class TwoNodes {
  readonly rig: Rig;
  readonly hub: NodeHub;
  readonly here: Rig['delivery'];
  readonly there: Rig['delivery'];
  readonly #there: Life;

  private constructor(rig: Rig, hub: NodeHub, clock: FakeClock, options: RigOptions) {
    this.rig = rig;
    this.hub = hub;
    this.here = rig.delivery;
    const life: Life = { over: false, frozen: undefined };
    this.#there = life;
    const gated: Clock = {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      after: (ms, fire) =>
        clock.after(ms, () => {
          if (life.over) return;
          if (life.frozen) life.frozen.push(fire);
          else fire();
        }),
    };
    this.there = createVoiceDelivery({
      store: rig.store,
      carriers: new Map([[rig.carrier.name, rig.carrier]]),
      route: () => ({ carrier: rig.carrier.name, from: '+15005550006' as E164 }),
      speech: rig.speech,
      keyring: rig.keyring,
      security: securitySettings('compat'),
      voice: { ...voice, ...options.voice },
      clock: gated,
      random: systemRandom,
      log: createLogger('silent'),
      publicUrl: PUBLIC_URL,
      retentionMs: 86_400_000,
      ...options.deps,
      nodes: hub.node('there'),
    });
  }

  static async start(options: RigOptions = {}): Promise<TwoNodes> {
    // The rig makes its own clock; the line looks at it once it is there.
    const held: { clock?: FakeClock } = {};
    const hub = new NodeHub({
      now: () => held.clock!.now(),
      monotonic: () => held.clock!.monotonic(),
      after: (ms, fire) => held.clock!.after(ms, fire),
    });
    const rig = await Rig.start({ ...options, deps: { ...options.deps, nodes: hub.node('here') } });
    held.clock = rig.clock;
    return new TwoNodes(rig, hub, rig.clock, options);
  }

  /** What the rig does meanwhile, it does with the other node. */
  async at<Result>(node: Rig['delivery'], work: () => Promise<Result>): Promise<Result> {
    const before = this.rig.delivery;
    this.rig.delivery = node;
    try {
      return await work();
    } finally {
      this.rig.delivery = before;
    }
  }

  /** No timer in `there` fires ever again: `kill -9`. */
  killThere(): void {
    this.#there.over = true;
  }

  /** SIGSTOP; what fell due meanwhile fires at the end, as after SIGCONT. */
  async whileThereSleeps(work: () => Promise<void>): Promise<void> {
    this.#there.frozen = [];
    await work();
    const late = this.#there.frozen;
    this.#there.frozen = undefined;
    for (const fire of late) fire();
    await settle();
  }

  async close(): Promise<void> {
    this.killThere();
    await this.rig.close();
  }
}

function withNodes(test: (nodes: TwoNodes) => Promise<void>, options: RigOptions = {}): () => Promise<void> {
  return async () => {
    const nodes = await TwoNodes.start(options);
    try {
      await test(nodes);
    } finally {
      await nodes.close();
    }
  };
}

const refuse = async (): Promise<never> => {
  throw new CarrierError('unreachable', { retryable: true });
};

/** A carrier that takes its time: resolves when it is told to. */
function slow(carrier: ScriptedCarrier | ScriptedTexts): (id: string) => Promise<void> {
  let answer: (value: { carrierCallId: string; carrierMessageId: string }) => void = () => undefined;
  carrier.answers.push(
    async () =>
      await new Promise(resolve => {
        answer = resolve;
      }),
  );
  return async id => {
    answer({ carrierCallId: id, carrierMessageId: id });
    await settle();
  };
}

async function connectTo(rig: Rig, url: string): Promise<ScriptedMediaStream> {
  const takeOver = await rig.admit(url);
  const stream = new ScriptedMediaStream(rig.clock);
  takeOver?.(stream as unknown as WebSocket);
  stream.ready('CA1');
  await settle();
  return stream;
}

describe("the carrier's last word at a node without the dialogue", () => {
  it(
    'goes to the one that talks: the call is written off with both words, once',
    withNodes(async nodes => {
      const { rig, there } = nodes;
      const ref = await rig.send();
      const stream = await nodes.at(there, () => rig.talk(ref));
      await rig.clock.advanceAsync(MESSAGE_MS / 2);
      // The socket is still open: the carrier closes it a moment later.
      await rig.ended(ref, { raw: 'completed', sipCode: 200 });
      expect(await rig.record(ref)).toMatchObject({ state: 'answered' });
      stream.end('carrier');
      await settle();
      expect(await rig.report(ref)).toMatchObject({
        cause: 'hangup',
        codeHeard: 'partial',
        carrierCause: 'completed',
        sipCode: 200,
      });
      expect([nodes.here.liveCalls, there.liveCalls]).toEqual([0, 0]);
      const events = await rig.store.claimEvents({ limit: 9, leaseMs: 1 });
      expect(events).toHaveLength(1);
    }),
  );

  it(
    'is not waited for five seconds by a dialogue that is over',
    withNodes(async nodes => {
      const { rig, there } = nodes;
      const ref = await rig.send();
      await nodes.at(there, () => rig.talk(ref));
      await rig.clock.advanceAsync(MESSAGE_MS + 500);
      expect(rig.carrier.hungUp).toEqual(['CA1']);
      await rig.ended(ref, { sipCode: 200 });
      await settle();
      expect(await rig.report(ref)).toMatchObject({ cause: 'completed', codeHeard: 'full', sipCode: 200 });
    }),
  );

  it(
    'is written here after eight seconds, where the node with the dialogue died',
    withNodes(async nodes => {
      const { rig, there } = nodes;
      const ref = await rig.send();
      await nodes.at(there, () => rig.talk(ref));
      await rig.clock.advanceAsync(MESSAGE_MS / 2);
      nodes.killThere();
      nodes.hub.cut = true;
      await rig.ended(ref);
      await rig.clock.advanceAsync(7_900);
      expect(await rig.record(ref)).toMatchObject({ state: 'answered' });
      await rig.clock.advanceAsync(200);
      expect(await rig.report(ref)).toMatchObject({ cause: 'completed', codeHeard: 'unknown' });
    }),
  );

  it.for(['busy', 'no-answer', 'failed'] as const)(
    'is written at once where nobody answered: %s',
    async cause =>
      await withNodes(async nodes => {
        const { rig, there } = nodes;
        const ref = await rig.send();
        await nodes.at(there, () => rig.ended(ref, { cause, raw: cause }));
        expect(await rig.report(ref)).toMatchObject({ cause, codeHeard: 'none' });
        expect([nodes.here.liveCalls, there.liveCalls]).toEqual([0, 0]);
      })(),
  );

  it(
    'is not waited for where the dialogue lies in the record',
    withNodes(
      async nodes => {
        const { rig, there } = nodes;
        const ref = await rig.send();
        await rig.answer(ref);
        await nodes.at(there, () => rig.ended(ref));
        expect(await rig.report(ref)).toMatchObject({ cause: 'completed' });
      },
      { carrier: new ScriptedCarrier({ media: false }) },
    ),
  );
});

describe('a dialogue', () => {
  it(
    'is held by a node that neither dialled nor answered',
    withNodes(async nodes => {
      const { rig, there } = nodes;
      const ref = await rig.send();
      const url = streamUrl(await rig.answer(ref));
      expect(await nodes.at(there, () => rig.admit(url))).toBeTypeOf('function');
      expect(await rig.admit(url)).toBeUndefined();
    }),
  );

  it(
    'is begun once, whoever is asked for it: of two tokens the later one holds',
    withNodes(async nodes => {
      const { rig, there } = nodes;
      const ref = await rig.send();
      const first = streamUrl(await rig.answer(ref));
      const second = streamUrl(await nodes.at(there, () => rig.answer(ref)));
      expect(await rig.admit(first)).toBeUndefined();
      expect(await rig.admit(second)).toBeTypeOf('function');
      for (const node of [nodes.here, there])
        expect(await nodes.at(node, () => rig.answer(ref))).toEqual([{ do: 'hangup' }]);
    }),
  );

  it(
    'knows what machine detection told another node before it began',
    withNodes(
      async nodes => {
        const { rig, there } = nodes;
        const ref = await rig.send();
        const url = streamUrl(await rig.answer(ref));
        const said = { type: 'answeredBy', who: 'machine', greetingEnded: false } as const;
        await rig.say('machine', ref, { events: [said] });
        expect(await nodes.at(there, () => connectTo(rig, url))).toHaveProperty('marks', []);
        expect(rig.carrier.hungUp).toEqual(['CA1']);
      },
      { voice: { machineDetection: 'hangup' } },
    ),
  );

  it(
    'is hung up by what machine detection tells another node while it lasts',
    withNodes(
      async nodes => {
        const { rig, there } = nodes;
        const ref = await rig.send();
        await nodes.at(there, () => rig.talk(ref));
        await rig.clock.advanceAsync(200);
        const said = { type: 'answeredBy', who: 'machine', greetingEnded: false } as const;
        await rig.say('machine', ref, { events: [said] });
        await settle();
        expect(rig.carrier.hungUp).toEqual(['CA1']);
      },
      { voice: { machineDetection: 'hangup' } },
    ),
  );
});

describe('a carrier that takes longer than the guard', () => {
  it(
    'is not asked again by another node while the first one waits for it',
    withNodes(async nodes => {
      const { rig, hub } = nodes;
      const answer = slow(rig.carrier);
      const ref = await nodes.at(nodes.there, () => rig.send());
      expect(hub.held).toEqual([]);
      await rig.clock.advanceAsync(30_000);
      expect(rig.carrier.placed).toHaveLength(1);
      expect(rig.counted).not.toContain('redial');
      await answer('CA7');
      expect(await rig.record(ref)).toMatchObject({ state: 'initiated', carrierCallId: 'CA7', dials: 1 });
      await rig.clock.advanceAsync(10_000);
      expect(hub.held).toEqual([]);
    }),
  );

  it(
    'is asked again when the first one died: after its lease at the latest',
    withNodes(async nodes => {
      const { rig } = nodes;
      slow(rig.carrier);
      const ref = await nodes.at(nodes.there, () => rig.send());
      await rig.clock.advanceAsync(4_000);
      nodes.killThere();
      await rig.clock.advanceAsync(2_000);
      expect(rig.carrier.placed).toHaveLength(1);
      await rig.clock.advanceAsync(10_000);
      expect(rig.carrier.placed).toHaveLength(2);
      expect(await rig.record(ref)).toMatchObject({ state: 'initiated', dials: 2 });
    }),
  );

  it(
    'is asked after five seconds where the first one died at once',
    withNodes(async nodes => {
      const { rig } = nodes;
      slow(rig.carrier);
      await nodes.at(nodes.there, () => rig.send());
      nodes.killThere();
      await rig.clock.advanceAsync(5_600);
      expect(rig.carrier.placed).toHaveLength(2);
    }),
  );

  it(
    'is not asked by a node that slept through its guard (faults.md F14)',
    withNodes(async nodes => {
      const { rig } = nodes;
      rig.carrier.answers.push(refuse);
      const ref = await nodes.at(nodes.there, () => rig.send());
      await nodes.whileThereSleeps(() => rig.clock.advanceAsync(8_000));
      await rig.clock.advanceAsync(10_000);
      expect(rig.carrier.placed).toHaveLength(2);
      expect(rig.counted).toEqual(['redial']);
      expect(await rig.record(ref)).toMatchObject({ state: 'initiated', dials: 2 });
    }),
  );

  it(
    'is asked by a node that slept, if nobody else has been quicker',
    withNodes(async nodes => {
      const { rig } = nodes;
      rig.carrier.answers.push(refuse);
      // Asleep for too long to be sure, and not long enough for the guard.
      const ref = await nodes.at(nodes.there, () => rig.send());
      await nodes.whileThereSleeps(() => rig.clock.advanceAsync(4_500));
      await rig.clock.advanceAsync(20_000);
      expect(rig.carrier.placed).toHaveLength(2);
      expect(rig.counted).toEqual([]);
      expect(await rig.record(ref)).toMatchObject({ state: 'initiated', dials: 2 });
    }),
  );
});

describe('a text', () => {
  const withTexts = (test: (nodes: TwoNodes, texts: ScriptedTexts) => Promise<void>) => async () => {
    const texts = new ScriptedTexts();
    const carriers = new Map([[texts.name, texts]]);
    const route = () => ({ carrier: texts.name, from: 'Saypin' });
    await withNodes(nodes => test(nodes, texts), { deps: { texts: { carriers, route } } })();
  };
  const send = async ({ rig, there }: TwoNodes) => {
    const { application, template } = rig;
    const request = { application, template, to: PHONE, placeholders: {}, lookUp: false };
    const sending = there.sendText(request);
    await rig.clock.advanceAsync(6_000);
    return await sending;
  };

  it(
    'is not sent again by another node while the first one waits for its carrier',
    withTexts(async (nodes, texts) => {
      const answer = slow(texts);
      const { ref } = await send(nodes);
      await nodes.rig.clock.advanceAsync(40_000);
      expect(texts.texts).toHaveLength(1);
      await answer('SM7');
      expect(await nodes.rig.store.getPinMessage(ref)).toMatchObject({
        state: 'sent',
        carrierMessageId: 'SM7',
      });
    }),
  );

  it(
    'is sent by another node when the first one died',
    withTexts(async (nodes, texts) => {
      slow(texts);
      await send(nodes);
      nodes.killThere();
      await nodes.rig.clock.advanceAsync(5_000);
      expect(texts.texts).toHaveLength(2);
    }),
  );

  it(
    'is not sent by a node that slept through its guard',
    withTexts(async (nodes, texts) => {
      texts.answers.push(refuse);
      const { application, template } = nodes.rig;
      void nodes.there.sendText({ application, template, to: PHONE, placeholders: {}, lookUp: false });
      await settle();
      await nodes.whileThereSleeps(() => nodes.rig.clock.advanceAsync(12_000));
      await nodes.rig.clock.advanceAsync(20_000);
      expect(texts.texts).toHaveLength(2);
    }),
  );
});

describe('a call that nobody needs any more', () => {
  it(
    'is not placed by another node that is about to',
    withNodes(async nodes => {
      const { rig } = nodes;
      rig.carrier.answers.push(refuse);
      const ref = await nodes.at(nodes.there, () => rig.send());
      const { pinId } = await rig.record(ref);
      const verifying = rig.delivery.verify({ pinId, candidate: await rig.pinOf(pinId) });
      await rig.clock.advanceAsync(3_000);
      expect(await verifying).toMatchObject({ outcome: 'verified' });
      expect(rig.carrier.placed).toHaveLength(1);
      expect(await rig.report(ref)).toMatchObject({ cause: 'withdrawn' });
    }),
  );

  it(
    'is hung up by the node whose carrier was too slow for whoever withdrew it',
    withNodes(async nodes => {
      const { rig } = nodes;
      const answer = slow(rig.carrier);
      const ref = await nodes.at(nodes.there, () => rig.send());
      const { pinId } = await rig.record(ref);
      const verifying = rig.delivery.verify({ pinId, candidate: await rig.pinOf(pinId) });
      await rig.clock.advanceAsync(3_000);
      expect(await verifying).toMatchObject({ outcome: 'verified' });
      await answer('CA9');
      expect(rig.carrier.hungUp).toEqual(['CA9']);
    }),
  );
});

describe('a node that stops', () => {
  it(
    "leaves the other nodes' calls alone, and does not wait for them",
    withNodes(async nodes => {
      const { rig, there } = nodes;
      const talking = await rig.send();
      const ringing = await nodes.at(there, () => rig.send());
      await rig.talk(talking);
      await nodes.at(there, () =>
        rig.say('status', ringing, { events: [{ type: 'ringing' }] }, { id: 'CA2' }),
      );
      await nodes.at(there, () => rig.say('status', talking, { events: [{ type: 'ringing' }] }));
      await there.stop(60_000);
      expect(rig.carrier.hungUp).toEqual([]);
      const stream = await rig.connect(ringing, 'CA2');
      stream.ready('CA2');
      await rig.clock.advanceAsync(MESSAGE_MS + 500);
      await rig.ended(ringing, {}, 'CA2');
      expect(await rig.report(ringing)).toMatchObject({ codeHeard: 'full' });
    }),
  );

  it(
    'waits for the dialogues that it has',
    withNodes(async nodes => {
      const { rig, there } = nodes;
      const ref = await rig.send();
      await nodes.at(there, () => rig.talk(ref));
      let stopped = false;
      const stop = async (): Promise<void> => {
        await there.stop(60_000);
        stopped = true;
      };
      const stopping = stop();
      await rig.clock.advanceAsync(MESSAGE_MS - 100);
      expect(stopped).toBe(false);
      await rig.clock.advanceAsync(1_000);
      await rig.ended(ref);
      await rig.clock.advanceAsync(1_000);
      await stopping;
      expect(await rig.report(ref)).toMatchObject({ codeHeard: 'full' });
    }),
  );
});

describe('what others say on the line', () => {
  it(
    'changes nothing where it is no word of ours',
    withNodes(async nodes => {
      const { rig, hub } = nodes;
      const ref = await rig.send();
      const hostile = [
        'null',
        '{',
        '[]',
        JSON.stringify({ from: 'x', said: { type: 'ended', ref } }),
        JSON.stringify({ from: 'x', said: { type: 'withdrawn', ref: 'x'.repeat(5_000) } }),
        JSON.stringify({ from: 'x', said: { type: 'of a newer version', ref } }),
      ];
      for (const text of hostile) hub.say(text);
      await settle();
      expect(await rig.record(ref)).toMatchObject({ state: 'initiated' });
      expect(rig.carrier.hungUp).toEqual([]);
    }),
  );

  it(
    'holds no PIN, key or number',
    withNodes(async nodes => {
      const { rig, hub } = nodes;
      const ref = await rig.send();
      const stream = await nodes.at(nodes.there, () => rig.talk(ref));
      stream.press('7');
      await rig.clock.advanceAsync(MESSAGE_MS + 500);
      await rig.ended(ref);
      await settle();
      const pin = await rig.pinOf((await rig.record(ref)).pinId);
      expect(hub.said.map(text => (JSON.parse(text) as { said: { type: string } }).said.type)).toEqual([
        'admitted',
        'ended',
        'over',
      ]);
      for (const text of hub.said)
        expect(text.replaceAll(ref, '')).not.toMatch(new RegExp(`${pin}|41793026727|pinId`));
    }),
  );
});
