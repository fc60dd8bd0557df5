import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** Between a client and a server on loopback: it can lose what the server answers, and the connection with it. */
export interface RedisProxy {
  readonly url: string;
  /** Resolves once nothing went either way for a moment: a new connection has been set up whole. */
  quiet(): Promise<void>;
  /** The next thing that the server sends is not passed on: its client is cut off instead. Resolves when that has happened. */
  cutBeforeReply(): Promise<void>;
  /** How often it cut. */
  readonly cuts: number;
  close(): Promise<void>;
}

const QUIET_MS = 60;

export async function startProxy(port: number): Promise<RedisProxy> {
  let cuts = 0;
  let lastAt = performance.now();
  let cut: (() => void) | undefined;
  const sockets = new Set<Socket>();
  const server = createServer(client => {
    const upstream = connect(port, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', data => {
      lastAt = performance.now();
      upstream.write(data);
    });
    upstream.on('data', data => {
      lastAt = performance.now();
      if (!cut) {
        client.write(data);
        return;
      }
      cuts++;
      const done = cut;
      cut = undefined;
      client.destroy();
      done();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async quiet() {
      while (performance.now() - lastAt < QUIET_MS) {
        await pause(QUIET_MS / 2);
      }
    },
    cutBeforeReply: () =>
      new Promise<void>(resolve => {
        cut = resolve;
      }),
    get cuts() {
      return cuts;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
