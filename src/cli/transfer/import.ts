import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs, styleText } from 'node:util';

import type { z } from 'zod';

import { CliError, EXIT } from '../cli-error.ts';
import { baseUrl, positionals, typed } from '../options.ts';
import { printable } from '../print.ts';
import { createProgress } from '../progress.ts';
import { findService } from '../service-client.ts';
import { hasColour, type Terminal } from '../terminal.ts';
import { createCatalogApi, type CatalogApi } from './catalog-api.ts';
import { DEFAULT_APPLICATION, exportDocument, idMap, isEmail, type IdMap } from './document.ts';
import { exportFrom } from './export.ts';
import { planImport, type Action, type ApplicationPlan } from './matching.ts';

const help = `saypin import <file> [--dry-run] [--map <file>]

Brings applications, templates and delivery plans of an export into a service. What is there already and the same stays as it is,
so that a second import does nothing; nothing is ever removed. - reads the export from the input.

  --dry-run      only says what would change
  --map <file>   remembers which id of the export has become which id here, and finds what was imported before by it, even when
                 its text has changed since; made when it is not there
  --json         what was done, and the ids, as JSON
  --url          of the service

Ids are given by the service: templates have other ids in another service, and so have its clients' requests. Without a map a
record is found again by its id, an application by its name too, a template by its content.
`;

const OPTIONS = {
  'dry-run': { type: 'boolean' },
  map: { type: 'string' },
  json: { type: 'boolean' },
  url: { type: 'string' },
} as const;

async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals: given } = typed(() =>
    parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true }),
  );
  const [path = ''] = positionals('import', given, ['the file of an export']);
  const file = checked(path, exportDocument, await contentOf(path, terminal));
  const { map: mapPath } = values;
  const known =
    mapPath !== undefined && existsSync(mapPath) ? checked(mapPath, idMap, readText(mapPath)) : {};
  const service = await findService(baseUrl(values.url), terminal);
  const api = createCatalogApi(service, terminal);
  const plans = planImport(file, await exportFrom(api, terminal), known);
  const actions = plans.flatMap(({ action, messages }) => [action, ...messages.map(each => each.action)]);
  const isDry = values['dry-run'] === true;
  const ids: Record<string, string> = { ...known };
  try {
    if (!isDry) await carryOut(plans, api, ids, terminal);
  } finally {
    // What was made so far is known to the next try, even if this one broke off.
    if (!isDry && mapPath !== undefined) writeMap(mapPath, ids);
  }
  if (values.json)
    terminal.out(`${JSON.stringify({ dryRun: isDry, actions, ...(!isDry && { ids }) }, null, 2)}\n`);
  else terminal.out(report(actions, ids, isDry, terminal));
  return EXIT.done;
}

export const importCommand = { help, run };

async function carryOut(
  plans: readonly ApplicationPlan[],
  api: CatalogApi,
  ids: Record<string, string>,
  terminal: Terminal,
): Promise<void> {
  const total = plans.reduce((sum, { messages }) => sum + 1 + messages.length, 0);
  const progress = createProgress(terminal, 'import', total);
  try {
    for (const { action, wanted, messages } of plans) {
      const applicationId = await putApplication(api, action, wanted);
      ids[action.id] = applicationId;
      if (action.deliveryChanges) await api.putPlan({ applicationId }, wanted.delivery ?? null);
      progress.step(wanted.name);
      for (const message of messages) {
        const { target, does, changes, deliveryChanges, id } = message.action;
        const messageId = target ?? (await api.createMessage(applicationId, message.wanted));
        ids[id] = messageId;
        if (does === 'update' && changes.length > 0)
          await api.updateMessage(applicationId, messageId, message.wanted);
        if (deliveryChanges && !isEmail(message.wanted))
          await api.putPlan({ applicationId, messageId }, message.wanted.delivery ?? null);
        progress.step();
      }
    }
  } finally {
    progress.end();
  }
}

async function putApplication(
  api: CatalogApi,
  { id, target, does, changes }: Action,
  wanted: ApplicationPlan['wanted'],
): Promise<string> {
  if (target === undefined && id !== DEFAULT_APPLICATION) return await api.createApplication(wanted);
  const known = target ?? DEFAULT_APPLICATION;
  // To ask for its plan makes it.
  if (target === undefined) await api.plan({ applicationId: known });
  if (does === 'create' || changes.length > 0) await api.updateApplication(known, wanted);
  return known;
}

function report(actions: readonly Action[], ids: IdMap, isDry: boolean, terminal: Terminal): string {
  const colour = hasColour(terminal);
  const mark = (action: Action): string => {
    if (action.does === 'unchanged') return '  same  ';
    const style = action.does === 'create' ? 'green' : 'yellow';
    return colour ? styleText(style, `  ${action.does}`, { validateStream: false }) : `  ${action.does}`;
  };
  const lines = actions.map(action => {
    const fields = [...action.changes, ...(action.deliveryChanges ? ['delivery'] : [])].join(', ');
    const becomes = ids[action.id] ?? action.target;
    return [
      mark(action),
      action.what.padEnd(11),
      JSON.stringify(printable(action.label).slice(0, 60)),
      ...(action.does === 'update' ? [`(${fields})`] : []),
      ...(becomes === undefined || becomes === action.id ? [] : [`${action.id} → ${becomes}`]),
      ...(action.kept.length > 0 ? [`(keeps its ${action.kept.join(', ')}: the API cannot remove it)`] : []),
    ].join('  ');
  });
  const count = (does: Action['does']): number => actions.filter(action => action.does === does).length;
  const verb = isDry ? 'Would create' : 'Created';
  return [
    ...lines,
    `${verb} ${count('create')}, ${isDry ? 'update' : 'updated'} ${count('update')}, ${count('unchanged')} the same.`,
    '',
  ].join('\n');
}

async function contentOf(path: string, { input }: Terminal): Promise<string> {
  if (path !== '-') return readText(path);
  const chunks: Buffer[] = [];
  for await (const chunk of input) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new CliError('failed', (error as Error).message);
  }
}

function checked<Schema extends z.ZodType>(path: string, schema: Schema, text: string): z.output<Schema> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new CliError('failed', `${path} is no JSON`);
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new CliError(
    'failed',
    `${path}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'is not readable'}`,
  );
}

function writeMap(path: string, ids: IdMap): void {
  try {
    writeFileSync(path, `${JSON.stringify(ids, null, 2)}\n`);
  } catch (error) {
    throw new CliError('failed', (error as Error).message);
  }
}
