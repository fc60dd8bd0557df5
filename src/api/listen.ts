import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

import type { FastifyInstance } from 'fastify';

export interface ListenOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** Connections that the kernel may hold for each door. */
  readonly backlog: number;
  /** Ways in. */
  readonly doors?: number;
}

/** What each turn of the event loop can let in: at 50 ms a turn, more than a thousand connections a second. */
const DOORS = 256;
const IDLE_CHECK_MS = 25;
/** No SO_REUSEPORT that shares connections out: macOS, Windows. */
const NOT_HERE = new Set(['ENOTSUP', 'EINVAL', 'ENOPROTOOPT']);

/**
 * Listens with several sockets on one port (SO_REUSEPORT). libuv accepts one connection of a socket per turn of the
 * event loop. A turn of a loop with too much to do takes tens of milliseconds, so that with one socket whoever opens a
 * connection for each request, as carriers' webhooks and media streams do, waits for seconds behind those who keep theirs.
 *
 * The port is taken alone for a moment first: a second service on it is an error, as ever.
 *
 * @returns what ends it: nothing more is let in, what runs is answered first
 * @throws the error of the system, EADDRINUSE for one
 */
export async function listen(app: FastifyInstance, options: ListenOptions): Promise<() => Promise<void>> {
  const { doors = DOORS, ...address } = options;
  if (address.port !== 0) await probe(address);
  let shared = true;
  try {
    await app.listen({ ...address, reusePort: true } as typeof address);
  } catch (error) {
    if (!NOT_HERE.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    shared = false;
    await app.listen(address);
  }
  const further = Array.from({ length: shared ? doors - 1 : 0 }, () => doorTo(app.server));
  try {
    await Promise.all(further.map(async door => await open(door, app.server, address.backlog)));
  } catch (error) {
    for (const door of further) door.close();
    await app.close();
    throw error;
  }
  return async () => {
    const closed = further.map(door => new Promise(resolve => door.close(resolve)));
    // A connection whose last request ran until now would be kept for the next one.
    const idle = setInterval(() => app.server.closeIdleConnections(), IDLE_CHECK_MS);
    try {
      await app.close();
      await Promise.all(closed);
    } finally {
      clearInterval(idle);
    }
  };
}

/** Nobody else has it. */
async function probe({ host, port }: Pick<ListenOptions, 'host' | 'port'>): Promise<void> {
  const server = createServer();
  server.listen({ host, port, exclusive: true });
  await once(server, 'listening');
  server.close();
  await once(server, 'close');
}

/** As Node's HTTP server has its own sockets; it takes these as its own. */
function doorTo(server: Server): Server {
  return createServer({ allowHalfOpen: true, noDelay: true }, (socket: Socket) => {
    server.emit('connection', socket);
  });
}

async function open(door: Server, main: Server, backlog: number): Promise<void> {
  const { address, port } = main.address() as AddressInfo;
  door.listen({ host: address, port, backlog, reusePort: true });
  await once(door, 'listening');
}
