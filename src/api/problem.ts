import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';

import { ServiceError, type ErrorId } from '../errors.ts';
import type { Logger } from '../log.ts';
import { isShed, retryAfterSeconds, toServiceError } from './error-handler.ts';
import { documented } from './openapi.ts';

/** Errors of our own API as problem details (RFC 9457): `application/problem+json`. */

export const PROBLEM_TYPE = 'application/problem+json';
const TYPES_PATH = '/v1/problems';

export interface ProblemType {
  readonly id: string;
  readonly status: number;
  readonly title: string;
  /** For whoever looks the type up: what happened, and what to do about it. */
  readonly description: string;
}

type Row = Omit<ProblemType, 'id' | 'status'>;

const ROWS: Readonly<Record<ErrorId, Row>> = {
  badRequest: {
    title: 'The request is not valid',
    description: '`errors` names the fields and says what is wrong with each. Nothing was done.',
  },
  malformedBody: {
    title: 'The body cannot be read',
    description: 'The body is no JSON, is nested too deeply, or its length is wrong. Nothing was done.',
  },
  unauthorized: {
    title: 'Missing or unknown credentials',
    description: 'Send `Authorization: App <API key>`, or another scheme that the API documents list.',
  },
  forbidden: {
    title: 'Not allowed',
    description: 'The credentials lack a scope of this operation, or the application is switched off.',
  },
  notFound: { title: 'Not found', description: 'There is nothing of this id, or nothing any more.' },
  denied: {
    title: 'The send was denied',
    description:
      'The operator’s hook was asked before the send and said no; `reason` is its word. Nothing was sent.',
  },
  conflict: {
    title: 'Not possible in this state',
    description: 'The verification is over, or nothing is left to be done. `reason` says which, where known.',
  },
  methodNotAllowed: { title: 'Method not allowed', description: 'The `Allow` header lists the methods.' },
  payloadTooLarge: { title: 'The body is too large', description: 'A body has at most 256 KB.' },
  unsupportedMediaType: {
    title: 'Unsupported content type',
    description: 'Bodies are `application/json`.',
  },
  tooManyRequests: {
    title: 'A limit was reached',
    description:
      'Wait for `retryAfter` seconds, which the `Retry-After` header says too. Nothing was sent, and nothing was compared.',
  },
  internal: {
    title: 'Something went wrong',
    description: 'Ours to mend. The log of the service has the cause under the id in `instance`.',
  },
  unavailable: {
    title: 'Temporarily unavailable',
    description: 'The store cannot be written to, or no carrier can be reached. Try again later.',
  },
};

/** Problems with a type of their own, by the `reason` of their error. */
const BY_REASON = {
  'idempotency-key-reused': {
    id: 'badRequest',
    title: 'The Idempotency-Key belongs to another request',
    description:
      'The key was used for another path or body within the last 24 hours. Take a new one for a new request.',
  },
  'idempotency-in-progress': {
    id: 'conflict',
    title: 'The first request with this Idempotency-Key is still running',
    description: 'Ask again after `retryAfter` seconds: you get the first one’s answer.',
  },
} as const satisfies Record<string, Row & { id: ErrorId }>;

/** Every type, in the order of the table of errors. */
export const PROBLEM_TYPES: readonly ProblemType[] = [
  ...Object.entries(ROWS).map(([id, row]) => typeOf(slug(id), id as ErrorId, row)),
  ...Object.entries(BY_REASON).map(([reason, { id, ...row }]) => typeOf(reason, id, row)),
];

function typeOf(id: string, errorId: ErrorId, { title, description }: Row): ProblemType {
  return { id, status: new ServiceError(errorId).status, title, description };
}

/** `tooManyRequests` as `too-many-requests`. */
function slug(id: string): string {
  return id.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`);
}

export const problemAnswer = documented(
  'Problem',
  z.object({
    type: z.string().describe('What kind of problem it is; a GET of it describes it.'),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string().describe('The id of this request, under which the service has logged it.'),
    reason: z
      .string()
      .optional()
      .describe('Machine-readable, where there is more to say than the type does.'),
    errors: z
      .array(z.object({ field: z.string(), message: z.string() }))
      .optional()
      .describe('The fields that are wrong.'),
    retryAfter: z.int().optional().describe('Seconds.'),
  }),
  [
    {
      type: '/v1/problems/bad-request',
      title: 'The request is not valid',
      status: 400,
      detail: 'to must be an international phone number',
      instance: 'urn:uuid:6a7c3c9e-7d2f-4f0e-9f43-3f1c3e1f2a10',
      errors: [{ field: 'to', message: 'must be an international phone number' }],
    },
  ],
);

export type Problem = z.output<typeof problemAnswer>;

/** @param requestId a UUID, under which the request is in the log */
export function problemOf(error: ServiceError, requestId: string): Problem {
  const known = PROBLEM_TYPES.find(type => type.id === error.reason && type.status === error.status);
  const { id, title, status } = known ?? PROBLEM_TYPES.find(type => type.id === slug(error.id))!;
  const errors = Object.entries(error.fields ?? {}).flatMap(([field, messages]) =>
    messages.map(message => ({ field, message })),
  );
  const waits = error.retryAfterMs !== undefined || error.status === 429 || error.status === 503;
  const retryAfter = waits ? retryAfterSeconds(error) : undefined;
  const [first] = errors;
  return {
    type: `${TYPES_PATH}/${id}`,
    title,
    status,
    detail: first ? `${first.field} ${first.message}` : error.message,
    instance: `urn:uuid:${requestId}`,
    ...(error.reason !== undefined && !known && { reason: error.reason }),
    ...(errors.length > 0 && { errors }),
    ...(retryAfter !== undefined && { retryAfter }),
  };
}

/** The error handler of a scope whose errors are problem details: as `createErrorHandler` in all but the envelope. */
export function createProblemHandler({ log }: { log: Logger }) {
  return (thrown: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const error = toServiceError(thrown);
    if (error.status >= 500 && !isShed(error)) {
      const cause = thrown instanceof ServiceError ? (thrown.cause ?? thrown) : thrown;
      log.error({ err: cause, reqId: request.id, status: error.status }, 'request failed');
    }
    sendProblem(reply, problemOf(error, request.id));
  };
}

export function sendProblem(reply: FastifyReply, problem: Problem): void {
  if (problem.retryAfter !== undefined) reply.header('retry-after', problem.retryAfter);
  if (problem.status === 401) reply.header('www-authenticate', 'App');
  // The error may come from the serializer of the route's answer, which a problem does not fit.
  reply.code(problem.status).type(PROBLEM_TYPE).serializer(JSON.stringify).send(problem);
}

/** The error answers of an operation, for its `response` schema. */
export function problemAnswers(...statuses: readonly number[]) {
  return Object.fromEntries(
    statuses.map(status => [
      status,
      {
        description: PROBLEM_TYPES.filter(type => type.status === status)
          .map(({ title }) => `${title}.`)
          .join(' '),
        content: { [PROBLEM_TYPE]: { schema: problemAnswer } },
      },
    ]),
  );
}
