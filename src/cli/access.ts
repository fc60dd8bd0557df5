import { randomBytes } from 'node:crypto';

import { assertNever } from '../errors.ts';
import { parseArguments, type Command } from './arguments.ts';
import type { Backend } from './backend.ts';
import { EXIT } from './cli-error.ts';
import { connect } from './connect.ts';
import { readPassword } from './password.ts';
import { keyTable, printable, userTable } from './print.ts';
import type { Terminal } from './terminal.ts';

const PASSWORD_BYTES = 24;

/** What a command says: `result` on its output, `note` for the person in front of it. */
interface Outcome {
  readonly json: unknown;
  readonly result: string;
  readonly note?: string;
}

/** `keys …` and `users …`. */
export async function runAccess(argv: readonly string[], terminal: Terminal): Promise<number> {
  const { command, json, url } = parseArguments(argv);
  const { json: document, result, note } = await carryOut(command, url, terminal);
  terminal.out(json ? `${JSON.stringify(document, null, 2)}\n` : result);
  if (note !== undefined && !json) terminal.error(`${note}\n`);
  return EXIT.done;
}

async function carryOut(command: Command, url: string | undefined, terminal: Terminal): Promise<Outcome> {
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

async function perform(command: Command, password: string, backend: Backend): Promise<Outcome> {
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
