import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';

import { CliError } from './cli-error.ts';

export interface Input extends NodeJS.ReadableStream {
  readonly isTTY?: boolean;
}

/** Asks twice and shows nothing of it at a terminal; else the first line of input. @throws CliError usage */
export async function readPassword(input: Input, prompt: (text: string) => void): Promise<string> {
  if (!input.isTTY) return (await lineOf(input, false)) ?? '';
  const ask = async (question: string): Promise<string> => {
    prompt(question);
    const line = await lineOf(input, true);
    prompt('\n');
    if (line === undefined) throw new CliError('usage', 'no password was given, and nothing was done');
    return line;
  };
  const password = await ask('Password: ');
  if ((await ask('Again: ')) !== password) throw new CliError('usage', 'the two passwords differ');
  return password;
}

/** Asks once, and shows nothing of it at a terminal; else the first line of input. @throws CliError usage */
export async function readSecret(
  input: Input,
  prompt: (text: string) => void,
  question: string,
): Promise<string> {
  if (input.isTTY) prompt(`${question}: `);
  const line = await lineOf(input, input.isTTY === true);
  if (input.isTTY) prompt('\n');
  if (line === undefined || line === '') throw new CliError('usage', `no ${question} was given`);
  return line;
}

/** Undefined at the end of input, or at Ctrl-C. */
async function lineOf(input: Input, terminal: boolean): Promise<string | undefined> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input, output: silent, terminal, historySize: 0 });
  try {
    return await new Promise(resolve => {
      lines.once('line', resolve);
      lines.once('SIGINT', () => resolve(undefined));
      lines.once('close', () => resolve(undefined));
    });
  } finally {
    lines.close();
  }
}
