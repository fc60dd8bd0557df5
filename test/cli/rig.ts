import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';

import { run, type Terminal } from '../../src/cli/run.ts';
import { AuthServer } from '../api/auth/rig.ts';

export interface Ended {
  code: number;
  out: string;
  error: string;
}

export interface EndedWithBytes extends Ended {
  /** All that was written to the output that was no text. */
  bytes: Buffer;
}

/** One command in this process; what it is told on its input is `input`. */
export async function saypin(
  argv: readonly string[],
  environment: Record<string, string>,
  input = '',
): Promise<Ended> {
  const { bytes: _, ...ended } = await saypinAt(argv, { environment, input: inputOf(input) });
  return ended;
}

/** The same at a terminal of one's own, files and colours included. */
export async function saypinAt(
  argv: readonly string[],
  terminal: Partial<Terminal> & Pick<Terminal, 'environment'>,
): Promise<EndedWithBytes> {
  const ended: EndedWithBytes = { code: -1, out: '', error: '', bytes: Buffer.alloc(0) };
  ended.code = await run(argv, {
    input: inputOf(''),
    out(chunk) {
      if (typeof chunk === 'string') ended.out += chunk;
      else ended.bytes = Buffer.concat([ended.bytes, chunk]);
    },
    error: text => void (ended.error += text),
    ...terminal,
  });
  return ended;
}

export function inputOf(text: string): Readable {
  return Readable.from([Buffer.from(text)]);
}

/** The service on a port of its own, and the environment that it was started with. */
export async function listening(): Promise<{ server: AuthServer; environment: Record<string, string> }> {
  const server = await AuthServer.start();
  await server.api.app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = server.api.app.server.address() as AddressInfo;
  return { server, environment: { PORT: String(port), DATA_DIR: server.api.folder } };
}
