import { createHash } from 'node:crypto';

import type { FastifyReply, FastifyRequest } from 'fastify';

import { ServiceError } from '../../errors.ts';
import type { IdempotencyName } from '../../store/plan-store.ts';
import { toServiceError } from '../error-handler.ts';
import { PROBLEM_TYPE, problemOf } from '../problem.ts';
import type { VerifyDeps } from './context.ts';

/** How long a first answer is kept: Stripe's 24 hours. */
const KEEP_MS = 86_400_000;
/** Longer than any request takes; who comes later finds out by the subject how far the first one got. */
const LEASE_MS = 10_000;
const BUSY_RETRY_MS = 1_000;

/** What a request with an `Idempotency-Key` does, once. */
export interface Work<Subject extends string, Body extends object> {
  /** The id of what it is about to make; after a crash `run` gets the first request's. */
  readonly subject: Subject;
  readonly status: number;
  /** Called again with the same subject, it must have no second effect. */
  run(subject: Subject): Promise<Body>;
  /** What an earlier `run` has done; undefined: nothing. */
  finished(subject: Subject): Promise<Body | undefined>;
}

/** To be sent as it is. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly replayed: boolean;
}

/**
 * `Idempotency-Key` with Stripe's rules. The first answer is kept for 24 hours and comes again, an error too once the work
 * had begun. What did nothing (4xx; 503 unless something was done) is not kept: the same key may try again. 409 while
 * the first is running, 400 for another request under the key. A crash in between leaves the subject, by which the next
 * one finds what was done. Without a key the work is simply done.
 * @throws ServiceError badRequest, conflict, and what `run` throws
 */
export function createIdempotency(deps: Pick<VerifyDeps, 'store' | 'authenticate' | 'log'>) {
  const { store, authenticate, log } = deps;

  return async function once<Subject extends string, Body extends object>(
    request: FastifyRequest,
    work: Work<Subject, Body>,
  ): Promise<Answer> {
    const key = request.headers['idempotency-key'];
    if (typeof key !== 'string') return answerOf(work.status, await work.run(work.subject));
    const name = { account: await accountOf(request), keyHash: sha256(key) };
    const claim = await store.openIdempotency({
      ...name,
      fingerprint: fingerprintOf(request),
      subject: work.subject,
      leaseMs: LEASE_MS,
      keepMs: KEEP_MS,
    });
    if (claim.outcome === 'done') return { status: claim.status, body: claim.body, replayed: true };
    if (claim.outcome === 'busy') {
      throw new ServiceError('conflict', { reason: 'idempotency-in-progress', retryAfterMs: BUSY_RETRY_MS });
    }
    if (claim.outcome === 'mismatch') {
      throw new ServiceError('badRequest', {
        reason: 'idempotency-key-reused',
        fields: { 'Idempotency-Key': ['was used for another request'] },
      });
    }
    const held = { ...name, subject: claim.subject as Subject };
    const done = claim.resumed ? await work.finished(held.subject) : undefined;
    const answer = answerOf(work.status, done ?? (await begin(request, work, held)));
    await close(held, answer);
    return answer;
  };

  async function accountOf(request: FastifyRequest): Promise<string> {
    const principal = await authenticate(request.headers.authorization, { address: request.ip });
    if (!principal) throw new ServiceError('unauthorized');
    return principal.account;
  }

  async function begin<Subject extends string, Body extends object>(
    request: FastifyRequest,
    work: Work<Subject, Body>,
    held: Held<Subject>,
  ): Promise<Body> {
    try {
      return await work.run(held.subject);
    } catch (error) {
      const known = toServiceError(error);
      const doubtful = known.id === 'unavailable' ? await lookBack(work, held) : undefined;
      if (typeof doubtful === 'object') return doubtful;
      if (known.id === 'internal') await close(held, answerOf(known.status, problemOf(known, request.id)));
      else if (doubtful === undefined) await drop(held);
      throw error;
    }
  }

  /** A store that fails may have done its work all the same: a network lay in between. */
  async function lookBack<Subject extends string, Body extends object>(
    work: Work<Subject, Body>,
    { subject }: Held<Subject>,
  ): Promise<Body | 'unknown' | undefined> {
    try {
      return await work.finished(subject);
    } catch {
      return 'unknown';
    }
  }

  /** Where this or `drop` fails the lease runs out, and the next request finds by the subject what was done. */
  async function close(held: Held<string>, { status, body }: Answer): Promise<void> {
    await store
      .closeIdempotency({ ...held, status, body })
      .catch((err: unknown) => log.warn({ err }, 'an answer could not be kept for its Idempotency-Key'));
  }

  async function drop(held: Held<string>): Promise<void> {
    await store
      .dropIdempotency(held)
      .catch((err: unknown) => log.warn({ err }, 'an Idempotency-Key could not be released'));
  }
}

type Held<Subject extends string> = IdempotencyName & { readonly subject: Subject };

export type Once = ReturnType<typeof createIdempotency>;

/** Sends an answer, the bytes of the first one when it is a replay. */
export function sendAnswer(reply: FastifyReply, answer: Answer): FastifyReply {
  if (answer.replayed) reply.header('idempotent-replayed', 'true');
  return reply
    .code(answer.status)
    .type(answer.status < 400 ? 'application/json' : PROBLEM_TYPE)
    .serializer(String)
    .send(answer.body);
}

function answerOf(status: number, body: object): Answer {
  return { status, body: JSON.stringify(body), replayed: false };
}

/** Of what was understood, so that spaces and the order of fields make no other request of it. */
function fingerprintOf(request: FastifyRequest): string {
  const path = request.url.split('?', 1)[0];
  return sha256(JSON.stringify([request.method, path, canonical(request.body ?? null)]));
}

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  const sorted = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return sorted.map(([key, each]) => [key, canonical(each)]);
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
