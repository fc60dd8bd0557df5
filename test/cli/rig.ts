import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';

import { run } from '../../src/cli/run.ts';
import { AuthServer } from '../api/auth/rig.ts';

export interface Ended {
  code: number;
  out: string;
  error: string;
}

/** One command in this process; what it is told on its input is `input`. */
export async function saypin(
  argv: readonly string[],
  environment: Record<string, string>,
  input = '',
): Promise<Ended> {
  const ended = { code: -1, out: '', error: '' };
  ended.code = await run(argv, {
    environment,
    input: Readable.from([Buffer.from(input)]),
    out: text => void (ended.out += text),
    error: text => void (ended.error += text),
  });
  return ended;
}

/** The service on a port of its own, and the environment that it was started with. */
export async function listening(): Promise<{ server: AuthServer; environment: Record<string, string> }> {
  const server = await AuthServer.start();
  await server.api.app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = server.api.app.server.address() as AddressInfo;
  return { server, environment: { PORT: String(port), DATA_DIR: server.api.folder } };
}
