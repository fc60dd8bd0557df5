import { z } from 'zod';

import type { Clock } from '../../clock.ts';
import { isEmail } from '../../domain/email.ts';
import type { RandomBytes } from '../../domain/ids.ts';
import { numberCountry, numberType } from '../../domain/phone.ts';
import type { Destination, E164 } from '../../domain/types.ts';
import type { Logger } from '../../log.ts';
import { GuardedFetchError, type GuardedFetch, type WebhookSigner } from '../push/index.ts';
import type { SendGate, SendQuestion } from '../verifications.ts';

export interface SendGateDeps {
  readonly url: string;
  readonly signer: WebhookSigner;
  /** For all of it; 1 s unless told otherwise. */
  readonly timeoutMs?: number;
  /** What holds without a proper answer; `deny` unless told otherwise. */
  readonly onError?: 'deny' | 'allow';
  /** For the operator's own address, which may be private. */
  readonly fetch: Pick<GuardedFetch, 'guardedFetch'>;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Logger;
  readonly count?: (what: GateCounted) => void;
}

/** `gate-failed`: no proper answer; `gate-skipped`: not asked, since it did not answer a moment ago. */
export type GateCounted = 'gate-allowed' | 'gate-denied' | 'gate-failed' | 'gate-skipped';

const TIMEOUT_MS = 1_000;
const MAX_BODY_BYTES = 64 * 1024;
const MAX_REASON_LENGTH = 200;
/** For so long nobody asks a hook that did not answer. */
export const REST_MS = 2_000;
const ID_BYTES = 16;

/** A reason of another kind must not turn a clear no into none. */
const answerSchema = z.object({ allow: z.boolean(), reason: z.string().optional().catch(undefined) });

/**
 * Asks the operator's hook before each send: a signed POST (Standard Webhooks) with a second to answer 2xx and
 * `{"allow": true}`, or `{"allow": false, "reason": "…"}`. Anything else counts as `onError` says. A hook that does not answer at
 * all is left alone for `REST_MS`, and then asked by one send first: while it is down each send but one is decided at once.
 */
export function createSendGate(deps: SendGateDeps): SendGate {
  const { clock, log, onError = 'deny' } = deps;
  /** Monotonic: nobody asks before. */
  let restUntil = -Infinity;
  /** The one send that finds out whether the hook is back. */
  let probing = false;

  function withoutAnswer(what: 'gate-failed' | 'gate-skipped', about: object): Verdict {
    deps.count?.(what);
    log.warn({ ...about, onError }, 'the hook before sends gave no answer');
    return onError === 'allow' ? { allow: true } : { allow: false, reason: 'hook-unavailable' };
  }

  async function put(question: SendQuestion): Promise<Verdict> {
    const about = { pinId: question.pinId, channel: question.channel, carrier: question.carrier };
    let answer: Answer;
    try {
      answer = await askHook(deps, question);
    } catch (error) {
      if (!(error instanceof GuardedFetchError)) throw error;
      restUntil = clock.monotonic() + REST_MS;
      return withoutAnswer('gate-failed', { ...about, reason: error.message });
    }
    restUntil = -Infinity;
    if (typeof answer === 'string') return withoutAnswer('gate-failed', { ...about, reason: answer });
    deps.count?.(answer.allow ? 'gate-allowed' : 'gate-denied');
    if (answer.allow) return { allow: true };
    const reason = printable(answer.reason) || 'denied';
    log.info({ ...about, reason }, 'the hook denied a send');
    return { allow: false, reason };
  }

  return {
    async ask(question) {
      const { pinId, channel, carrier } = question;
      const down = restUntil !== -Infinity;
      if (down && (probing || clock.monotonic() < restUntil)) {
        return withoutAnswer('gate-skipped', { pinId, channel, carrier, reason: 'resting' });
      }
      if (!down) return await put(question);
      probing = true;
      try {
        return await put(question);
      } finally {
        probing = false;
      }
    },
  };
}

type Verdict = Awaited<ReturnType<SendGate['ask']>>;
/** What the hook said, or what was wrong with it. */
type Answer = z.output<typeof answerSchema> | string;

/** @throws GuardedFetchError without any answer */
async function askHook(deps: SendGateDeps, question: SendQuestion): Promise<Answer> {
  const { url, signer, timeoutMs = TIMEOUT_MS, clock, random } = deps;
  const now = clock.now();
  const body = JSON.stringify({
    type: 'send.requested',
    timestamp: new Date(now).toISOString(),
    data: questionData(question),
  });
  const id = `ask_${random(ID_BYTES).toString('hex')}`;
  const response = await deps.fetch.guardedFetch({
    url,
    method: 'POST',
    headers: { 'content-type': 'application/json', ...signer.headers({ id, at: now, body }) },
    body,
    timeoutMs,
    maxBytes: MAX_BODY_BYTES,
  });
  if (response.status < 200 || response.status > 299) return `status ${response.status}`;
  // It may have cost all of the time: as good as no answer.
  if (response.truncated)
    throw new GuardedFetchError('protocol', { what: 'body too long, too slow or cut off' });
  return readAnswer(response.body) ?? 'not {"allow": true or false}';
}

function questionData({ pinId, applicationId, to, channel, carrier, trigger }: SendQuestion) {
  const number = isEmail(to as Destination) ? undefined : (to as E164);
  return {
    ...(pinId !== undefined && { verificationId: pinId }),
    applicationId,
    to,
    channel,
    carrier,
    trigger,
    ...(number !== undefined && { country: numberCountry(number), numberType: numberType(number) }),
  };
}

function readAnswer(body: Buffer): z.output<typeof answerSchema> | undefined {
  try {
    return answerSchema.safeParse(JSON.parse(body.toString('utf8'))).data;
  } catch {
    return undefined;
  }
}

/** One line that a client may be shown. */
function printable(text = ''): string {
  return [...text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ').trim()].slice(0, MAX_REASON_LENGTH).join('');
}
