import { randomBytes } from 'node:crypto';

import { assertNever } from '../errors.ts';
import { HELP, parseArguments, type Command } from './arguments.ts';
import type { Backend } from './backend.ts';
import { CliError, EXIT } from './cli-error.ts';
import { connect, type Environment } from './connect.ts';
import { readPassword, type Input } from './password.ts';
import { keyTable, printable, userTable } from './print.ts';

export interface Terminal {
  readonly environment: Environment;
  readonly input: Input;
  readonly out: (text: string) => void;
  readonly error: (text: string) => void;
}

const PASSWORD_BYTES = 24;

/** What a command says: `result` on its output, `note` for the person in front of it. */
interface Outcome {
  readonly json: unknown;
  readonly result: string;
  readonly note?: string;
}

/** One command, from its arguments to its exit code. */
export async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const { command, json, url } = parseArguments(argv);
    if (command.name === 'help') {
      terminal.out(HELP);
      return EXIT.done;
    }
    const { json: document, result, note } = await carryOut(command, url, terminal);
    terminal.out(json ? `${JSON.stringify(document, null, 2)}\n` : result);
    if (note !== undefined && !json) terminal.error(`${note}\n`);
    return EXIT.done;
  } catch (error) {
    terminal.error(`saypin: ${error instanceof CliError ? error.message : String(error)}\n`);
    return error instanceof CliError ? error.exit : EXIT.failed;
  }
}

async function carryOut(
  command: Exclude<Command, { name: 'help' }>,
  url: string | undefined,
  terminal: Terminal,
): Promise<Outcome> {
  const password = command.name === 'users add' ? await passwordFor(command, terminal) : '';
  const backend = await connect(url, terminal.environment);
  try {
    return await perform(command, password, backend);
  } finally {
    await backend.close();
  }
}

async function passwordFor(
  command: Extract<Command, { name: 'users add' }>,
  terminal: Terminal,
): Promise<string> {
  if (command.generatePassword) return randomBytes(PASSWORD_BYTES).toString('base64url');
  return await readPassword(terminal.input, terminal.error);
}

async function perform(
  command: Exclude<Command, { name: 'help' }>,
  password: string,
  backend: Backend,
): Promise<Outcome> {
  switch (command.name) {
    case 'keys create': {
      const made = await backend.createKey(command.key);
      return {
        json: made,
        result: `${made.key}\n`,
        note: `Made "${printable(made.name)}", id ${made.id}, scopes ${made.scopes.join(' ')}. The key is shown this once.`,
      };
    }
    case 'keys list': {
      const keys = await backend.listKeys();
      return { json: { keys }, result: keyTable(keys) };
    }
    case 'keys revoke': {
      const revoked = await backend.revokeKey(command.id);
      return { json: revoked, result: '', note: `Revoked "${printable(revoked.name)}", id ${revoked.id}.` };
    }
    case 'users add': {
      const { username, scopes, generatePassword } = command;
      const user = await backend.addUser({ username, password, ...(scopes && { scopes }) });
      return {
        json: generatePassword ? { ...user, password } : user,
        result: generatePassword ? `${password}\n` : '',
        note:
          `Added "${user.username}", scopes ${user.scopes.join(' ')}.` +
          (generatePassword ? ' The password is shown this once.' : ''),
      };
    }
    case 'users list': {
      const users = await backend.listUsers();
      return { json: { users }, result: userTable(users) };
    }
    case 'users remove': {
      const removed = await backend.removeUser(command.username);
      return { json: removed, result: '', note: `Removed "${removed.username}".` };
    }
    default:
      return assertNever(command);
  }
}
