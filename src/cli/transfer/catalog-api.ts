import { z } from 'zod';

import { applicationAnswer, applicationList, templateList } from '../../api/infobip/schemas.ts';
import { plan as planSchema } from '../../api/verify/schemas.ts';
import { CliError } from '../cli-error.ts';
import { notOurs, parseJson, send } from '../service-backend.ts';
import { sleep, type Terminal } from '../terminal.ts';
import { isEmail, type ExportedApplication, type ExportedMessage, type Plan } from './document.ts';

/** Whose plan; without `messageId` that of the application. */
interface Owner {
  readonly applicationId: string;
  readonly messageId?: string;
}

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

const MAX_TRIES = 10;
const MAX_WAIT_SECONDS = 600;

/** Applications, messages and plans over the public API of a running service. Every verb @throws CliError */
export function createCatalogApi(service: { url: string; apiKey: string }, terminal: Terminal) {
  const { url, apiKey } = service;

  async function ask(
    method: Method,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; json: unknown }> {
    for (let tries = 1; ; tries++) {
      const { status, text, headers } = await send(`${url}${path}`, {
        method,
        redirect: 'error',
        headers: {
          authorization: `App ${apiKey}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        body: body === undefined ? null : JSON.stringify(body),
      });
      // Infobip's published limits, 20 new applications in ten minutes for one, hold for us too.
      const seconds = Math.max(1, Number(headers.get('retry-after') ?? 30) || 30);
      if (status !== 429 || tries === MAX_TRIES || seconds > MAX_WAIT_SECONDS)
        return { status, json: parseJson(text) };
      terminal.error(`The limit of requests is reached: going on in ${seconds} s\n`);
      await sleep(terminal, seconds * 1_000);
    }
  }

  async function want<Schema extends z.ZodType>(
    schema: Schema,
    request: readonly [method: Method, path: string, body?: unknown],
  ): Promise<z.output<Schema>> {
    const { status, json } = await ask(...request);
    if (status >= 400) throw refused(status, json);
    const answer = schema.safeParse(json);
    if (!answer.success) throw notOurs(url);
    return answer.data;
  }

  const planPath = ({ applicationId, messageId }: Owner): string => {
    const base = `/v1/applications/${encodeURIComponent(applicationId)}`;
    return messageId === undefined
      ? `${base}/delivery`
      : `${base}/templates/${encodeURIComponent(messageId)}/delivery`;
  };
  const messagesPath = (applicationId: string, message?: ExportedMessage): string =>
    `/2fa/2/applications/${encodeURIComponent(applicationId)}/${message && isEmail(message) ? 'email/' : ''}messages`;

  return {
    applications: async () => await want(applicationList, ['GET', '/2fa/2/applications']),

    async messages(applicationId: string): Promise<ExportedMessage[]> {
      const found = await want(templateList, ['GET', messagesPath(applicationId)]);
      return found.map(message => {
        if (!('messageText' in message)) return without(message, ['applicationId']);
        return without(message, ['applicationId', 'pinPlaceholder']);
      });
    },

    /** Null: it has none. Makes the built-in application, if it is asked for that one's. */
    async plan(owner: Owner): Promise<Plan | null> {
      const { status, json } = await ask('GET', planPath(owner));
      if (status === 404) return null;
      if (status >= 400) throw refused(status, json);
      return planSchema.parse(json);
    },

    async putPlan(owner: Owner, plan: Plan | null): Promise<void> {
      const { status, json } = await (plan === null
        ? ask('DELETE', planPath(owner))
        : ask('PUT', planPath(owner), plan));
      if (status >= 400) throw refused(status, json);
    },

    async createApplication({ name, enabled, configuration }: ExportedApplication): Promise<string> {
      const body = { name, enabled, configuration };
      return (await want(applicationAnswer, ['POST', '/2fa/2/applications', body])).applicationId;
    },

    async updateApplication(
      id: string,
      { name, enabled, configuration }: ExportedApplication,
    ): Promise<void> {
      const path = `/2fa/2/applications/${encodeURIComponent(id)}`;
      await want(applicationAnswer, ['PUT', path, { name, enabled, configuration }]);
    },

    async createMessage(applicationId: string, message: ExportedMessage): Promise<string> {
      const made = await want(z.object({ messageId: z.string() }), [
        'POST',
        messagesPath(applicationId, message),
        contentOf(message),
      ]);
      return made.messageId;
    },

    async updateMessage(applicationId: string, id: string, message: ExportedMessage): Promise<void> {
      const path = `${messagesPath(applicationId, message)}/${encodeURIComponent(id)}`;
      await want(z.object({ messageId: z.string() }), ['PUT', path, contentOf(message)]);
    },
  };
}

export type CatalogApi = ReturnType<typeof createCatalogApi>;

/** What a message says, without what it is called and how it is delivered. */
export function contentOf(message: ExportedMessage): Record<string, unknown> {
  return without(message, ['messageId', 'delivery']);
}

function without<Value extends object, Name extends string>(
  value: Value,
  names: readonly Name[],
): Omit<Value, Name> {
  return Object.fromEntries(
    Object.entries(value).filter(([name]) => !(names as readonly string[]).includes(name)),
  ) as Omit<Value, Name>;
}

const envelope = z.object({
  requestError: z.object({
    serviceException: z.object({
      text: z.string(),
      validationErrors: z.record(z.string(), z.array(z.string())).optional(),
    }),
  }),
});
const problem = z.object({
  detail: z.string(),
  errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
});

function refused(status: number, json: unknown): CliError {
  if (status === 401)
    return new CliError(
      'notAllowed',
      'the service does not know this API key: set API_KEY, or DATA_DIR to its folder',
    );
  if (status === 403) return new CliError('notAllowed', 'this API key needs the scope 2fa:manage');
  const classic = envelope.safeParse(json).data?.requestError.serviceException;
  const modern = problem.safeParse(json).data;
  const fields = [
    ...Object.entries(classic?.validationErrors ?? {}).map(([field, why]) => `${field} ${why.join(', ')}`),
    ...(modern?.errors ?? []).map(({ field, message }) => `${field} ${message}`),
  ].join('; ');
  return new CliError(
    'failed',
    `the service answered ${status}: ${fields || classic?.text || modern?.detail || ''}`,
  );
}
