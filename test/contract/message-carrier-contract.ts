import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import type { RawWebhook } from '../../src/carriers/carrier.ts';
import type { MessageCarrier, SendText } from '../../src/carriers/message-carrier.ts';
import { CarrierError, ServiceError } from '../../src/errors.ts';
import type { FakeClock } from '../support/fake-clock.ts';

/**
 * What every carrier of texts must do, whatever its wire. A carrier comes under it by a harness: its API on loopback,
 * written or checked with the vendor's own library.
 */
export interface MessageCarrierHarness {
  readonly carrier: MessageCarrier;
  readonly clock: FakeClock;
  readonly requestTimeoutMs: number;
  readonly api: MessageApi;
  /** The same carrier with its API at another address. */
  carrierAt(baseUrl: string): MessageCarrier;
  /** What the operator keeps secret: in no message. */
  readonly secrets: readonly string[];
  /** The longest text that the carrier takes, in characters. */
  readonly maxText: number;
  /** A status callback of this carrier for the message, rightly signed. */
  webhook(sample: TextSample, carrierMessageId: string): RawWebhook;
  /** An id in the carrier's form. */
  unknownMessageId(): string;
  close(): Promise<void>;
}

export interface MessageApi {
  /** The next request is answered so, the ones after it as usual. */
  next(fault: 'silence' | 'reset' | 'garbage' | 'redirect' | { readonly status: number }): void;
  /** The last text, read back from the wire. */
  lastSent(): Omit<SendText, 'ref'>;
  readonly requestCount: number;
  /** What the carrier's list holds of texts, newest first; absent where it has no list. */
  readonly list?: (texts: readonly { id: string; to: string; at: number }[]) => void;
}

/** `accepted` is before anything happened; `undelivered` and `failed` carry the carrier's code 30003. */
export type TextSample = 'accepted' | 'sent' | 'delivered' | 'undelivered' | 'failed';

const TEXT: SendText = {
  ref: '0123456789abcdef0123456789abcdef',
  to: '+41793026727',
  from: '+41445551234',
  text: 'Your PIN is 481216',
  statusUrl: 'https://pin.example.com/carrier-webhooks/x/0123456789abcdef0123456789abcdef/text',
  validitySeconds: 600,
};
const WAIT = { timeout: 3000, interval: 5 };

export function messageCarrierContract(
  name: string,
  makeHarness: () => Promise<MessageCarrierHarness>,
): void {
  describe(`${name} as a carrier of texts`, () => {
    let harness: MessageCarrierHarness;
    beforeEach(async () => (harness = await makeHarness()));
    afterEach(async () => await harness.close());

    describe('sending', () => {
      test('every field', async () => {
        const { carrierMessageId } = await harness.carrier.sendText(TEXT);
        expect(carrierMessageId).toMatch(/\S/);
        const { ref: _, ...fields } = TEXT;
        expect(harness.api.lastSent()).toEqual(fields);
      });

      test.each([
        'Ваш код 123',
        '100 % & more = ok? #1+1',
        'line\nbreak\tand "quotes"',
        '暗証番号は🔑1234です',
        '<b>&amp;</b>',
      ])('the text arrives as it is: %j', async text => {
        await harness.carrier.sendText({ ...TEXT, text });
        expect(harness.api.lastSent().text).toBe(text);
      });

      test('the longest text goes out; one character more is refused without asking the carrier', async () => {
        // Outside the basic plane: a character is a character.
        await harness.carrier.sendText({ ...TEXT, text: '𝟙'.repeat(harness.maxText) });
        const long = await refusal(
          harness.carrier.sendText({ ...TEXT, text: '1'.repeat(harness.maxText + 1) }),
        );
        expect(long).toMatchObject({ reason: 'rejected', retryable: false });
        const empty = await refusal(harness.carrier.sendText({ ...TEXT, text: '' }));
        expect(empty).toMatchObject({ reason: 'rejected', retryable: false });
        expect(harness.api.requestCount).toBe(1);
      });

      test('two texts have two ids', async () => {
        const ids = await Promise.all([harness.carrier.sendText(TEXT), harness.carrier.sendText(TEXT)]);
        expect(new Set(ids.map(id => id.carrierMessageId)).size).toBe(2);
      });

      test.each([
        [400, 'rejected', false],
        [401, 'unauthorized', false],
        [429, 'rate-limited', true],
        [500, 'server', false],
        [503, 'server', false],
      ] as const)('answer %i is %s', async (status, reason, retryable) => {
        harness.api.next({ status });
        expect(await refusal(harness.carrier.sendText(TEXT))).toMatchObject({ reason, retryable });
        expect(harness.api.requestCount).toBe(1);
      });

      test.each(['garbage', 'redirect'] as const)(
        '%s is a protocol error, not to be retried',
        async fault => {
          harness.api.next(fault);
          const error = await refusal(harness.carrier.sendText(TEXT));
          expect(error).toMatchObject({ reason: 'protocol', retryable: false });
          expect(harness.api.requestCount).toBe(1);
        },
      );

      test('a connection cut after sending may not be retried, nor is it', async () => {
        harness.api.next('reset');
        const error = await refusal(harness.carrier.sendText(TEXT));
        expect(error).toMatchObject({ reason: 'unreachable', retryable: false });
        expect(harness.api.requestCount).toBe(1);
      });

      test('nobody listening may be retried', async () => {
        const carrier = harness.carrierAt(`http://127.0.0.1:${await closedPort()}`);
        const error = await refusal(carrier.sendText(TEXT));
        expect(error).toMatchObject({ reason: 'unreachable', retryable: true });
      });

      test('silence ends at the time limit and may not be retried; no timer is left', async () => {
        harness.api.next('silence');
        const outcome = refusal(harness.carrier.sendText(TEXT));
        await vi.waitFor(() => expect(harness.api.requestCount).toBe(1), WAIT);
        harness.clock.advance(harness.requestTimeoutMs);
        expect(await outcome).toMatchObject({ reason: 'timeout', retryable: false });
        await harness.carrier.sendText(TEXT);
        expect(harness.clock.pending).toBe(0);
      });

      test('the caller can give up; nothing is sent if it already has', async () => {
        harness.api.next('silence');
        const abort = new AbortController();
        const outcome = refusal(harness.carrier.sendText(TEXT, abort.signal));
        await vi.waitFor(() => expect(harness.api.requestCount).toBe(1), WAIT);
        abort.abort();
        expect(await outcome).toMatchObject({ reason: 'timeout', retryable: false });
        const late = await refusal(harness.carrier.sendText(TEXT, AbortSignal.abort()));
        expect(late).toMatchObject({ retryable: true });
        expect(harness.api.requestCount).toBe(1);
      });

      test('no message holds a secret, a number or the text', async () => {
        const faults = [{ status: 400 }, { status: 401 }, { status: 500 }, 'reset', 'garbage'] as const;
        const never = [...harness.secrets, TEXT.to.slice(1), TEXT.from.slice(1), '481216'];
        for (const fault of faults) {
          harness.api.next(fault);
          const error = await refusal(harness.carrier.sendText(TEXT));
          for (const secret of never) expect(`${error.message} ${String(error.cause)}`).not.toContain(secret);
        }
      });
    });

    describe('status callbacks', () => {
      const parsed = (sample: TextSample) => {
        const id = harness.unknownMessageId();
        const request = harness.webhook(sample, id);
        expect(harness.carrier.verifyWebhook(request)).toBe(true);
        const { carrierMessageId, events } = harness.carrier.parseTextWebhook(request);
        expect(carrierMessageId).toBe(id);
        for (const event of events) expect(event.carrierMessageId).toBe(id);
        return events.map(event => ({ ...event, carrierMessageId: 'its', at: undefined }));
      };

      test('accepted is no event', () => expect(parsed('accepted')).toEqual([]));
      test.each(['sent', 'delivered'] as const)('%s', type =>
        expect(parsed(type)).toEqual([{ carrierMessageId: 'its', type }]),
      );
      test.each(['undelivered', 'failed'] as const)('%s, with the carrier’s code', type => {
        expect(parsed(type)).toEqual([{ carrierMessageId: 'its', type, carrierCode: '30003' }]);
      });

      test('nothing but the exact request is accepted', () => {
        const { carrier } = harness;
        const request = harness.webhook('delivered', harness.unknownMessageId());
        const more = Buffer.concat([request.rawBody, Buffer.from('&a=b')]);
        expect(carrier.verifyWebhook({ ...request, headers: {} })).toBe(false);
        expect(carrier.verifyWebhook({ ...request, url: `${request.url}x` })).toBe(false);
        expect(carrier.verifyWebhook({ ...request, rawBody: more })).toBe(false);
        const other = harness.webhook('delivered', harness.unknownMessageId());
        expect(carrier.verifyWebhook({ ...request, rawBody: other.rawBody })).toBe(false);
      });

      test.each([
        ['nothing', ''],
        ['binary', '\u0000\u00ff\ufffd'],
        ['a broken escape', 'MessageSid=%'],
        ['prototype names', '__proto__=1&constructor=2&MessageStatus=toString'],
        ['half a document', '{"event":'],
      ])('hostile body: %s', (_, body) => {
        const sample = harness.webhook('delivered', harness.unknownMessageId());
        const request = { ...sample, rawBody: Buffer.from(body) };
        expect(harness.carrier.verifyWebhook(request)).toBe(false);
        expect(() => harness.carrier.parseTextWebhook(request)).toThrow(ServiceError);
      });
    });

    describe('looking for a text whose fate is unknown', () => {
      const SINCE = Date.UTC(2026, 10, 21, 8, 0, 0) + 300;
      const wanted = { ref: TEXT.ref, to: TEXT.to, from: TEXT.from, since: SINCE };
      const find = async (...texts: { to?: string; at: number }[]) => {
        const ids = texts.map(() => harness.unknownMessageId());
        harness.api.list?.(texts.map(({ to = TEXT.to, at }, index) => ({ id: ids[index]!, to, at })));
        return { ids, found: await harness.carrier.findText?.(wanted) };
      };

      test('is found where it is the only one, by its time and number', async ({ skip }) => {
        skip(!harness.api.list || !harness.carrier.findText, 'this carrier has no list');
        const { ids, found } = await find({ at: SINCE + 100 }, { at: SINCE - 60_000 });
        expect(found).toEqual({ match: 'one', carrierId: ids[0] });
        expect((await find({ at: SINCE - 60_000 })).found).toEqual({ match: 'none' });
        expect((await find({ at: SINCE + 900, to: '+41790000000' })).found).toEqual({ match: 'none' });
        expect((await find()).found).toEqual({ match: 'none' });
        expect((await find({ at: SINCE + 2000 }, { at: SINCE + 900 })).found).toEqual({ match: 'several' });
      });

      test('a failure to look is told, never taken for none', async ({ skip }) => {
        skip(!harness.carrier.findText, 'this carrier has no list');
        for (const [fault, reason] of [
          [{ status: 500 }, 'server'],
          [{ status: 401 }, 'unauthorized'],
          ['garbage', 'protocol'],
          ['reset', 'unreachable'],
        ] as const) {
          harness.api.next(fault);
          expect(await refusal(harness.carrier.findText!(wanted))).toMatchObject({ reason });
        }
      });
    });
  });
}

async function refusal(work: Promise<unknown>): Promise<CarrierError> {
  const error = await work.then(
    () => expect.fail('was accepted'),
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(CarrierError);
  return error as CarrierError;
}

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
