import type { SessionView } from './wire.ts';

export interface FieldProblem {
  readonly field: string;
  readonly message: string;
}

/** What the service said no with, in its own words. */
export class ApiError extends Error {
  readonly status: number;
  readonly fields: readonly FieldProblem[];

  constructor(status: number, message: string, fields: readonly FieldProblem[] = []) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.fields = fields;
  }
}

/** Told when a session is over. */
export const signedOut = new EventTarget();

const UNREACHABLE = 'The service cannot be reached.';

interface Manner {
  /** Nobody asked, and it keeps nobody signed in. */
  readonly byItself?: boolean;
  /** What is not there is undefined, and no error. */
  readonly optional?: boolean;
}

/** One request through the console to the public API. @throws ApiError */
export async function api<Body = unknown>(
  method: string,
  path: string,
  body?: unknown,
  manner: Manner = {},
): Promise<Body> {
  const answer = await ask(method, `/console/api${path}`, body, manner);
  if (answer.status === 204) return undefined as Body;
  return (await answer.json()) as Body;
}

/** The sound of a preview. @throws ApiError */
export async function apiSound(path: string, body: unknown): Promise<Blob> {
  return await (await ask('POST', `/console/api${path}`, body)).blob();
}

export const session = {
  /** @throws ApiError */
  async begin(key: string): Promise<SessionView> {
    return (await (await ask('POST', '/console/session', { key })).json()) as SessionView;
  },
  /** Undefined: nobody is signed in. @throws ApiError */
  async current(): Promise<SessionView | undefined> {
    const answer = await ask('GET', '/console/session', undefined);
    return answer.status === 204 ? undefined : ((await answer.json()) as SessionView);
  },
  async end(): Promise<void> {
    await ask('DELETE', '/console/session', undefined);
  },
};

function headerOf({ byItself = false, optional = false }: Manner): string {
  if (optional) return 'optional';
  return byItself ? 'poll' : '1';
}

async function ask(method: string, url: string, body: unknown, manner: Manner = {}): Promise<Response> {
  const answer = await fetch(url, {
    method,
    headers: {
      'x-saypin-console': headerOf(manner),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  }).catch(() => {
    throw new ApiError(0, UNREACHABLE);
  });
  if (answer.ok) return answer;
  const error = await errorOf(answer);
  if (error.status === 401 && !url.endsWith('/session')) signedOut.dispatchEvent(new Event('change'));
  throw error;
}

/** Of a problem (RFC 9457), or of Infobip's envelope. */
async function errorOf(answer: Response): Promise<ApiError> {
  const body = (await answer.json().catch(() => ({}))) as {
    title?: string;
    detail?: string;
    reason?: string;
    retryAfter?: number;
    errors?: FieldProblem[];
    requestError?: {
      serviceException?: { text?: string; validationErrors?: Record<string, string[]> };
    };
  };
  const classic = body.requestError?.serviceException;
  const fields =
    body.errors ??
    Object.entries(classic?.validationErrors ?? {}).flatMap(([field, messages]) =>
      messages.map(message => ({ field, message })),
    );
  const [first] = fields;
  const said = first
    ? `${first.field} ${first.message}`
    : (body.title ?? classic?.text ?? `Error ${answer.status}`);
  const reason = body.reason === undefined ? '' : ` (${body.reason})`;
  const wait = answer.status === 429 ? ` Wait ${answer.headers.get('retry-after') ?? 'a few'} s.` : '';
  return new ApiError(answer.status, `${said}${reason}${/[.!]$/.test(said) ? '' : '.'}${wait}`, fields);
}
