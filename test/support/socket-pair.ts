import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

import { WebSocket, WebSocketServer } from 'ws';

/** Two ends of one real websocket on loopback: `ours` is the service's, `theirs` the carrier's. */
export interface SocketPair {
  readonly ours: WebSocket;
  readonly theirs: WebSocket;
  close(): Promise<void>;
}

export async function socketPair(): Promise<SocketPair> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, maxPayload: 256 * 1024 });
  await once(server, 'listening');
  const accepted = new Promise<WebSocket>(resolve => server.once('connection', socket => resolve(socket)));
  const theirs = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  theirs.on('error', () => undefined);
  await once(theirs, 'open');
  const ours = await accepted;
  return {
    ours,
    theirs,
    async close() {
      theirs.terminate();
      ours.terminate();
      server.close();
      await once(server, 'close');
    },
  };
}
