import { parseArgs } from 'node:util';

import { EXIT } from './cli-error.ts';
import { baseUrl, positionals, typed } from './options.ts';
import { readSecret } from './password.ts';
import { clientOf, refusedBy } from './service-client.ts';
import type { Terminal } from './terminal.ts';

const help = `saypin verify <id> [<pin>]

Checks what the person typed. Without a PIN, or with -, it is read from the terminal or a line of input. Each check that is
compared costs one attempt. Ends with 6 when it is not right.

  --json, --url
`;

const OPTIONS = { json: { type: 'boolean' }, url: { type: 'string' } } as const;

async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals: given } = typed(() =>
    parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true }),
  );
  const [id = '', typedPin = '-'] = positionals('verify', given, ['the id of the verification', 'a PIN'], 1);
  const client = await clientOf(baseUrl(values.url), terminal);
  const pin = typedPin === '-' ? await readSecret(terminal.input, terminal.error, 'PIN') : typedPin;
  try {
    const check = await client.check(id, pin);
    const verdict = check.verified ? 'verified' : `not verified: ${check.reason ?? check.state}`;
    const left = check.verified ? '' : `, ${check.attemptsLeft} attempts left`;
    terminal.out(values.json ? `${JSON.stringify(check, null, 2)}\n` : `${verdict}${left}\n`);
    return check.verified ? EXIT.done : EXIT.notVerified;
  } catch (error) {
    throw refusedBy(error);
  }
}

export const verify = { help, run };
