import { parseArgs } from 'node:util';

import { baseUrl, usage } from './options.ts';

export type Command =
  | { readonly name: 'keys create'; readonly key: { name: string; scopes?: string[] } }
  | { readonly name: 'keys revoke'; readonly id: string }
  | {
      readonly name: 'users add';
      readonly username: string;
      readonly scopes?: string[];
      readonly generatePassword: boolean;
    }
  | { readonly name: 'users remove'; readonly username: string }
  | { readonly name: 'keys list' | 'users list' };

export interface Arguments {
  readonly command: Command;
  readonly json: boolean;
  /** Where the service is; undefined: where this machine's configuration says. */
  readonly url: string | undefined;
}

const OPTIONS = {
  name: { type: 'string' },
  scope: { type: 'string', multiple: true },
  'generate-password': { type: 'boolean' },
  json: { type: 'boolean' },
  url: { type: 'string' },
} as const;

/** Options that all commands take; the others belong to the commands that name them. */
const COMMON = ['json', 'url'];
const OWN: Readonly<Record<string, readonly string[]>> = {
  'keys create': ['name', 'scope'],
  'users add': ['scope', 'generate-password'],
};

/** @throws CliError usage */
export function parseArguments(argv: readonly string[]): Arguments {
  const { values, positionals } = parse(argv);
  const [group = '', verb = '', ...rest] = positionals;
  const json = values.json ?? false;
  const name = `${group} ${verb}`.trimEnd();
  const foreign = Object.keys(values).find(key => ![...COMMON, ...(OWN[name] ?? [])].includes(key));
  const command = commandOf(name, rest, values);
  if (!command) throw usage(`there is no command "${name}"`);
  if (foreign !== undefined) throw usage(`"${name}" takes no --${foreign}`);
  return { command, json, url: baseUrl(values.url) };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw usage((error as Error).message);
  }
}

function commandOf(
  name: string,
  rest: readonly string[],
  values: { name?: string; scope?: string[]; 'generate-password'?: boolean },
): Command | undefined {
  const scopes = values.scope && { scopes: values.scope };
  const only = (what: string): string => {
    if (rest.length !== 1) throw usage(`"${name}" needs one ${what}`);
    return rest[0]!;
  };
  switch (name) {
    case 'keys create':
      none(name, rest);
      if (values.name === undefined) throw usage('"keys create" needs --name, to know the key by');
      return { name, key: { name: values.name, ...scopes } };
    case 'keys revoke':
      return { name, id: only('id, as "keys list" shows it') };
    case 'users add':
      return {
        name,
        username: only('username'),
        ...scopes,
        generatePassword: values['generate-password'] ?? false,
      };
    case 'users remove':
      return { name, username: only('username') };
    case 'keys list':
    case 'users list':
      none(name, rest);
      return { name };
    default:
      return undefined;
  }
}

function none(name: string, rest: readonly string[]): void {
  if (rest.length > 0) throw usage(`"${name}" takes nothing more, and was given "${rest[0]}"`);
}
