/**
 * Every error that a caller of the service can meet, one row each: HTTP status, the public code of Infobip's
 * classic envelope (infobip-api.md 1.2) and its text. Thrown by id, rendered by the face that answers.
 */
const table = {
  badRequest: { status: 400, code: 'BAD_REQUEST', text: 'Bad request' },
  malformedBody: { status: 400, code: 'BAD_REQUEST', text: 'Bad request' },
  unauthorized: { status: 401, code: 'UNAUTHORIZED', text: 'Invalid login details' },
  forbidden: { status: 403, code: 'FORBIDDEN', text: 'Forbidden' },
  notFound: { status: 404, code: 'NOT_FOUND', text: 'Requested resource not found' },
  /** The operator's hook said no; `reason` is its word. */
  denied: { status: 403, code: 'FORBIDDEN', text: 'The send was denied' },
  conflict: { status: 409, code: 'CONFLICT', text: 'Not possible in this state' },
  methodNotAllowed: { status: 405, code: 'METHOD_NOT_ALLOWED', text: 'Method not allowed' },
  payloadTooLarge: { status: 413, code: 'BAD_REQUEST', text: 'Request body is too large' },
  unsupportedMediaType: { status: 415, code: 'BAD_REQUEST', text: 'Unsupported content type' },
  tooManyRequests: { status: 429, code: 'TOO_MANY_REQUESTS', text: 'Too many requests' },
  internal: { status: 500, code: 'GENERAL_ERROR', text: 'Something went wrong. Please contact support.' },
  unavailable: { status: 503, code: 'SERVICE_UNAVAILABLE', text: 'Service temporarily unavailable' },
} as const;

export type ErrorId = keyof typeof table;

/** Field path (`messages[0].to`) to the messages about it, as `validationErrors` of the classic envelope. */
export type FieldErrors = Readonly<Record<string, readonly string[]>>;

/** An error with a row in the table. `cause` is for the log, never for the caller. */
export class ServiceError extends Error {
  readonly id: ErrorId;
  readonly fields: FieldErrors | undefined;
  readonly retryAfterMs: number | undefined;
  /** For the caller, machine-readable; not every face can show it. */
  readonly reason: string | undefined;

  constructor(
    id: ErrorId,
    detail: { fields?: FieldErrors; retryAfterMs?: number; reason?: string; cause?: unknown } = {},
  ) {
    super(table[id].text, { cause: detail.cause });
    this.name = 'ServiceError';
    this.id = id;
    this.fields = detail.fields;
    this.retryAfterMs = detail.retryAfterMs;
    this.reason = detail.reason;
  }

  get status(): number {
    return table[this.id].status;
  }

  get code(): string {
    return table[this.id].code;
  }
}

/** A 400 that names one field. */
export function fieldError(field: string, message: string): ServiceError {
  return new ServiceError('badRequest', { fields: { [field]: [message] } });
}

/** A 429 that says when to come again: a send limit, or one of checks. */
export function overLimit({ retryAfterMs }: { readonly retryAfterMs: number }): ServiceError {
  return new ServiceError('tooManyRequests', { retryAfterMs });
}

/** Why a carrier did not take or finish a request; `retryable` only where a second try cannot double a call. */
export class CarrierError extends Error {
  readonly reason:
    | 'rejected'
    | 'unreachable'
    | 'timeout'
    | 'rate-limited'
    | 'unauthorized'
    | 'server'
    | 'protocol';
  readonly retryable: boolean;
  readonly carrierCode: string | undefined;

  constructor(
    reason: CarrierError['reason'],
    detail: { message?: string; retryable?: boolean; carrierCode?: string; cause?: unknown } = {},
  ) {
    super(detail.message ?? `carrier: ${reason}`, { cause: detail.cause });
    this.name = 'CarrierError';
    this.reason = reason;
    this.retryable = detail.retryable ?? false;
    this.carrierCode = detail.carrierCode;
  }
}

/** Proves at compile time that a switch covers its union. */
export function assertNever(value: never): never {
  throw new Error(`unexpected value: ${JSON.stringify(value)}`);
}
