import type { Problem } from '../api/problem.ts';

/** An answer that was no success, or none at all (`status` 0). The text of the error holds nothing that was sent. */
export class SaypinError extends Error {
  /** Of HTTP; 0 when no answer came. */
  readonly status: number;
  /** The kind of problem, such as `/v1/problems/too-many-requests`; undefined when the answer was no problem details. */
  readonly type: string | undefined;
  /** Machine-readable, where there is more to say than the type does. */
  readonly reason: string | undefined;
  /** The fields that are wrong. */
  readonly errors: readonly { readonly field: string; readonly message: string }[];
  /** When it may be tried again. */
  readonly retryAfterSeconds: number | undefined;
  /** The id under which the service has logged the request. */
  readonly instance: string | undefined;

  constructor(
    message: string,
    detail: { status: number; problem?: Problem; retryAfterSeconds?: number | undefined; cause?: unknown },
  ) {
    super(message, { cause: detail.cause });
    const { problem } = detail;
    this.name = 'SaypinError';
    this.status = detail.status;
    this.type = problem?.type;
    this.reason = problem?.reason;
    this.errors = problem?.errors ?? [];
    this.retryAfterSeconds = problem?.retryAfter ?? detail.retryAfterSeconds;
    this.instance = problem?.instance;
  }

  /** Whether it is this kind of problem: `error.is('too-many-requests')`. */
  is(kind: string): boolean {
    return this.type?.endsWith(`/problems/${kind}`) ?? false;
  }
}

/** @param body the text of an answer that was no success */
export function errorOf(response: Response, body: string): SaypinError {
  const problem = problemIn(response, body);
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
  return new SaypinError(
    problem ? `${problem.title}: ${problem.detail}` : `the service answered ${response.status}`,
    {
      status: response.status,
      ...(problem && { problem }),
      retryAfterSeconds: Number.isFinite(retryAfter) ? retryAfter : undefined,
    },
  );
}

function problemIn(response: Response, body: string): Problem | undefined {
  if (!response.headers.get('content-type')?.startsWith('application/problem+json')) return undefined;
  try {
    return JSON.parse(body) as Problem;
  } catch {
    return undefined;
  }
}
