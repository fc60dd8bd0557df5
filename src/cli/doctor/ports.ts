import { once } from 'node:events';
import { createServer } from 'node:net';

import type { Findings } from './finding.ts';

export interface Listening {
  readonly host: string;
  readonly port: number;
  /** What it is for, and how it is set: `the service (HOST, PORT)`. */
  readonly what: string;
  readonly variable: string;
}

/** Whether each can be listened on. */
export async function checkPorts(ports: readonly Listening[], findings: Findings): Promise<void> {
  for (const { host, port, what, variable } of ports) {
    const code = await whyNot(host, port);
    const where = `${host}:${port} for ${what}`;
    if (code === undefined) findings.ok(`${where} is free`);
    else if (code === 'EADDRINUSE') {
      findings.error(
        `${where} is taken by another program`,
        `find it with \`ss -ltnp sport = :${port}\` and stop it, or set ${variable} to a free one`,
      );
    } else if (code === 'EACCES') {
      findings.error(
        `${where} is not allowed to this user`,
        `set ${variable} to 1024 or more, and let a proxy or a port mapping do the rest`,
      );
    } else if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
      findings.error(
        `${host} is no address of this machine`,
        `set ${variable.replace('PORT', 'HOST')} to 127.0.0.1, or to 0.0.0.0 for all of them`,
      );
    } else findings.error(`${where} cannot be listened on (${code})`, `set ${variable} to another one`);
  }
}

async function whyNot(host: string, port: number): Promise<string | undefined> {
  const server = createServer();
  try {
    server.listen({ host, port, exclusive: true });
    await once(server, 'listening');
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'failed';
  } finally {
    if (server.listening) {
      server.close();
      await once(server, 'close');
    }
  }
}
