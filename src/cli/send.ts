import { parseArgs } from 'node:util';

import type { CreateVerification, SaypinClient, Verification } from '../client/index.ts';
import { PLAN_CHANNELS } from '../domain/plan.ts';
import { TEMPLATE_LANGUAGES } from '../domain/template.ts';
import { PIN_TYPES } from '../domain/types.ts';
import { maskNumber } from '../log.ts';
import { CliError, EXIT } from './cli-error.ts';
import { baseUrl, numberWithin, oneOf, placeholders, positionals, typed, usage } from './options.ts';
import { clientOf, refusedBy } from './service-client.ts';
import { sleep, type Terminal } from './terminal.ts';

const help = `saypin send --to <number> [--text <text> | --app <id> --template <id>]

Makes a PIN, starts its delivery and prints its id, which "saypin verify" wants. The PIN itself is shown to nobody.

  --to <number>         international
  --channel <channel>   ${PLAN_CHANNELS.join(', ')}; without: the delivery plan
  --text <text>         with {{pin}}; without text and template: a sentence in the language
  --app, --template     applicationId, and messageId of one of its messages
  --lang, --voice, --rate, --pin-length, --pin-type, --repeat-key, --from
  --var <name=value>    for {{name}}; may be repeated
  --wait                until it is delivered, telling how it goes on the way; ends with 1 if it is not
  --json, --url
`;

const OPTIONS = {
  to: { type: 'string' },
  channel: { type: 'string' },
  text: { type: 'string' },
  app: { type: 'string' },
  template: { type: 'string' },
  lang: { type: 'string' },
  voice: { type: 'string' },
  rate: { type: 'string' },
  'pin-length': { type: 'string' },
  'pin-type': { type: 'string' },
  'repeat-key': { type: 'string' },
  from: { type: 'string' },
  var: { type: 'string', multiple: true },
  wait: { type: 'boolean' },
  json: { type: 'boolean' },
  url: { type: 'string' },
} as const;

const POLL_MS = 500;
/** A call rings for 45 s and is read for three minutes at most; then a plan may go on. */
const WAIT_MS = 10 * 60_000;

async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals: given } = typed(() =>
    parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true }),
  );
  positionals('send', given, []);
  const order = orderOf(values);
  const client = await clientOf(baseUrl(values.url), terminal);
  try {
    const made = await client.create(order);
    if (!values.json) {
      terminal.out(`${made.id}\n`);
      terminal.error(
        `On its way to ${maskNumber(made.to)}, good until ${made.expiresAt}. Check it with: saypin verify ${made.id}\n`,
      );
    }
    const last = values.wait ? await follow(client, made, terminal, values.json === true) : made;
    if (values.json) terminal.out(`${JSON.stringify(last, null, 2)}\n`);
    if (values.wait && !isDelivered(last)) throw new CliError('failed', 'it was not delivered');
    return EXIT.done;
  } catch (error) {
    throw refusedBy(error);
  }
}

export const send = { help, run };

type Values = { readonly [Name in keyof typeof OPTIONS]?: string | boolean | string[] };

function orderOf(values: Values): CreateVerification {
  const text = (name: keyof typeof OPTIONS): string | undefined => values[name] as string | undefined;
  const to = text('to');
  if (to === undefined) throw usage('"send" needs --to');
  const number = (name: 'rate' | 'pin-length', min: number, max: number): number | undefined => {
    const given = text(name);
    return given === undefined ? undefined : numberWithin(`--${name}`, given, min, max);
  };
  const one = <Value extends string>(
    name: keyof typeof OPTIONS,
    known: readonly Value[],
  ): Value | undefined => {
    const given = text(name);
    return given === undefined ? undefined : oneOf(`--${name}`, given, known);
  };
  const items = (values.var as string[] | undefined) ?? [];
  return {
    to,
    channel: one('channel', PLAN_CHANNELS),
    text: text('text'),
    applicationId: text('app'),
    template: text('template'),
    language: one('lang', TEMPLATE_LANGUAGES),
    voice: text('voice'),
    speechRate: number('rate', 0.5, 2),
    pinLength: number('pin-length', 1, 32),
    pinType: one('pin-type', PIN_TYPES),
    repeatKey: text('repeat-key'),
    from: text('from'),
    placeholders: items.length > 0 ? placeholders(items) : undefined,
  };
}

/** Until something is delivered, or nothing can be any more. */
async function follow(
  client: SaypinClient,
  made: Verification,
  terminal: Terminal,
  quiet: boolean,
): Promise<Verification> {
  const told = new Set<string>();
  for (let waited = 0, current = made; ; waited += POLL_MS) {
    for (const [index, step] of current.timeline.entries()) {
      const line = `${step.channel} ${step.state}${step.reason === undefined ? '' : ` (${step.reason})`}`;
      if (!quiet && !told.has(`${index} ${line}`)) terminal.error(`  ${line}\n`);
      told.add(`${index} ${line}`);
    }
    if (isDelivered(current) || current.undeliverable || current.state !== 'pending') return current;
    if (waited >= WAIT_MS) return current;
    await sleep(terminal, POLL_MS);
    current = await client.get(current.id);
  }
}

function isDelivered({ state, timeline }: Verification): boolean {
  return state === 'verified' || timeline.some(step => step.state === 'delivered');
}
