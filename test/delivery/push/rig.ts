import { execFileSync } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import {
  createServer as createTcpServer,
  type AddressInfo,
  type Server as TcpServer,
  type Socket,
} from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { onTestFinished } from 'vitest';

/** Starts a server on loopback, stopped with the test. */
async function listen(server: TcpServer): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', socket => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise(resolve => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

export async function httpServer(onRequest: RequestListener): Promise<{ port: number; server: Server }> {
  const server = createHttpServer(onRequest);
  return { server, port: await listen(server) };
}

export async function httpsServer(
  certificate: { key: string; cert: string },
  onRequest: RequestListener,
): Promise<{ port: number }> {
  return { port: await listen(createHttpsServer(certificate, onRequest)) };
}

/** Speaks no protocol but what `onConnection` does. */
export async function tcpServer(onConnection: (socket: Socket) => void): Promise<{ port: number }> {
  return { port: await listen(createTcpServer(onConnection)) };
}

/** A port of loopback on which nobody listens. */
export async function deadPort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise(resolve => server.close(resolve));
  return port;
}

/** Counts every TCP or TLS client socket that this process makes, wherever it goes. */
export function countSockets(): { readonly count: number } {
  return countEvents('net.client.socket');
}

/** Counts what Node reports on a diagnostics channel. */
export function countEvents(channel: string): { readonly count: number } {
  const counter = { count: 0 };
  const onEvent = (): void => void counter.count++;
  subscribe(channel, onEvent);
  onTestFinished(() => void unsubscribe(channel, onEvent));
  return counter;
}

/** A self-signed certificate of these names (`DNS:…`, `IP:…`), made for this run. */
export function selfSigned(names: readonly string[]): { key: string; cert: string } {
  const directory = mkdtempSync(join(tmpdir(), 'saypin-tls-'));
  try {
    const [key, cert] = ['key.pem', 'cert.pem'].map(name => join(directory, name)) as [string, string];
    const options = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test
      -addext subjectAltName=${names.join(',')} -keyout ${key} -out ${cert}`;
    execFileSync('openssl', options.split(/\s+/), { stdio: 'pipe' });
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Waits until real sockets have brought `condition` about. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise<void>(resolve => setImmediate(resolve));
}
