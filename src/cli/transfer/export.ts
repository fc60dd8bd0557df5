import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { CliError, EXIT } from '../cli-error.ts';
import { baseUrl, positionals, typed } from '../options.ts';
import { createProgress } from '../progress.ts';
import { findService } from '../service-client.ts';
import type { Terminal } from '../terminal.ts';
import { createCatalogApi, type CatalogApi } from './catalog-api.ts';
import {
  FORMAT_VERSION,
  isEmail,
  type ExportDocument,
  type ExportedApplication,
  type ExportedMessage,
} from './document.ts';

const help = `saypin export [-o <file>] [--app <id>]...

Writes applications with their templates and delivery plans as JSON, to the output or a file. There is no secret in it.

  --app <id>   only this application; may be repeated
  --json       what was written, in numbers (with -o)
  --url        of the service
`;

const OPTIONS = {
  output: { type: 'string', short: 'o' },
  app: { type: 'string', multiple: true },
  json: { type: 'boolean' },
  url: { type: 'string' },
} as const;

async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals: given } = typed(() =>
    parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true }),
  );
  positionals('export', given, []);
  const service = await findService(baseUrl(values.url), terminal);
  const document = await exportFrom(createCatalogApi(service, terminal), terminal, values.app);
  const text = `${JSON.stringify(document, null, 2)}\n`;
  if (values.output === undefined || values.output === '-') {
    terminal.out(text);
    return EXIT.done;
  }
  try {
    writeFileSync(values.output, text);
  } catch (error) {
    throw new CliError('failed', (error as Error).message);
  }
  const numbers = {
    file: values.output,
    applications: document.applications.length,
    messages: document.applications.flatMap(({ messages }) => messages).length,
  };
  if (values.json) terminal.out(`${JSON.stringify(numbers, null, 2)}\n`);
  else terminal.error(`${numbers.applications} applications, ${numbers.messages} templates\n`);
  return EXIT.done;
}

export const exportCommand = { help, run };

/** Everything, or the applications that are named. @throws CliError notFound */
export async function exportFrom(
  api: CatalogApi,
  terminal: Terminal,
  ids?: readonly string[],
): Promise<ExportDocument> {
  const all = await api.applications();
  const missing = ids?.find(id => all.every(({ applicationId }) => applicationId !== id));
  if (missing !== undefined) throw new CliError('notFound', `there is no application "${missing}"`);
  const wanted = all.filter(({ applicationId }) => ids === undefined || ids.includes(applicationId));
  const progress = createProgress(terminal, 'export', wanted.length);
  const applications: ExportedApplication[] = [];
  for (const application of wanted) {
    const { applicationId } = application;
    const messages: ExportedMessage[] = [];
    for (const message of await api.messages(applicationId)) {
      if (isEmail(message)) messages.push(message);
      else {
        const delivery = await api.plan({ applicationId, messageId: message.messageId });
        messages.push({ ...message, delivery });
      }
    }
    applications.push({ ...application, delivery: await api.plan({ applicationId }), messages });
    progress.step(application.name);
  }
  progress.end();
  return {
    format: 'saypin-export',
    version: FORMAT_VERSION,
    exportedAt: new Date().toISOString(),
    applications,
  };
}
