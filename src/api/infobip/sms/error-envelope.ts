import { z } from 'zod';

import { ServiceError, type ErrorId } from '../../../errors.ts';
import { documented } from '../../openapi.ts';
import { BULK_NOT_FOUND } from './decisions.ts';

/** The error body of `/sms/3/*`: exactly these five keys (infobip-api.md 1.3). */
export interface SmsErrorEnvelope {
  errorCode: string;
  description: string;
  action: string;
  violations: { property: string; violation: string }[];
  resources: { name: string; url: string }[];
}

type Row = Pick<SmsErrorEnvelope, 'errorCode' | 'description' | 'action'>;

const BAD_REQUEST: Row = {
  errorCode: 'E400',
  description: 'Request cannot be processed.',
  action: 'Check the syntax, violations and adjust the request.',
};
const INTERNAL: Row = {
  errorCode: 'E500',
  description: 'Something went wrong.',
  action: 'Try again later; if it stays, contact whoever runs this service.',
};

/** E400, E401, E403, E429 and E500 are all the codes that there are. */
const ROWS: Readonly<Record<ErrorId, Row>> = {
  badRequest: BAD_REQUEST,
  malformedBody: BAD_REQUEST,
  unauthorized: {
    errorCode: 'E401',
    description: 'The request lacks valid authentication credentials.',
    action: 'Check the Authorization header.',
  },
  forbidden: {
    errorCode: 'E403',
    description: 'The credentials do not allow this request.',
    action: 'Use credentials with a scope of this operation.',
  },
  denied: {
    errorCode: 'E403',
    description: 'The send was denied.',
    action: 'Ask whoever runs this service.',
  },
  notFound: BAD_REQUEST,
  conflict: BAD_REQUEST,
  methodNotAllowed: BAD_REQUEST,
  payloadTooLarge: { ...BAD_REQUEST, description: 'Request body is too large.' },
  unsupportedMediaType: { ...BAD_REQUEST, description: 'Unsupported content type.' },
  tooManyRequests: {
    errorCode: 'E429',
    description: 'Too many requests.',
    action: 'Wait for as long as the Retry-After header says.',
  },
  internal: INTERNAL,
  unavailable: { ...INTERNAL, description: 'Service temporarily unavailable.' },
};

export function smsErrorEnvelope(error: ServiceError): SmsErrorEnvelope {
  const violations = Object.entries(error.fields ?? {}).flatMap(([property, messages]) =>
    messages.map(violation => ({ property, violation })),
  );
  return { ...ROWS[error.id], violations, resources: [] };
}

/** 404 with the text that Infobip's SMS bulks have, and no other. */
export class BulkNotFound extends ServiceError {
  constructor() {
    super('notFound');
    this.message = BULK_NOT_FOUND;
  }
}

const smsError = documented(
  'SmsApiError',
  z.object({
    errorCode: z.string().describe('E400, E401, E403, E429 or E500.'),
    description: z.string(),
    action: z.string(),
    violations: z.array(z.object({ property: z.string(), violation: z.string() })),
    resources: z.array(z.object({ name: z.string(), url: z.string() })),
  }),
  [
    {
      ...BAD_REQUEST,
      violations: [{ property: 'messages[0].destinations', violation: 'must not be empty' }],
      resources: [],
    },
  ],
);

const DESCRIPTIONS: Readonly<Record<number, string>> = {
  400: 'Bad request; `violations` names the properties.',
  401: 'Missing or unknown credentials.',
  403: 'The credentials lack the scope.',
  429: 'A limit was reached; `Retry-After` says for how many seconds.',
  500: 'Something went wrong.',
  503: 'The store is unavailable; nothing was done.',
};

/** As `errorAnswers` of openapi.ts, in this envelope. */
export function smsErrorAnswers(...statuses: readonly number[]) {
  return Object.fromEntries(
    statuses.map(status => [
      status,
      {
        description: DESCRIPTIONS[status] ?? 'Error',
        content: { 'application/json': { schema: smsError } },
      },
    ]),
  );
}
