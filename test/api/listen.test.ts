import { once } from 'node:events';
import { connect, createServer } from 'node:net';

import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';

import { listen } from '../../src/api/listen.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function start(app: FastifyInstance, doors?: number): Promise<number> {
  const close = await listen(app, {
    host: '127.0.0.1',
    port: 0,
    backlog: 511,
    ...(doors !== undefined && { doors }),
  });
  closers.push(close);
  return (app.server.address() as { port: number }).port;
}

/** How many of 200 connections are let in within as many turns of the event loop as `turns`. */
async function letIn(doors: number, turns: number): Promise<number> {
  const app = Fastify();
  const port = await start(app, doors);
  let count = 0;
  app.server.on('connection', () => count++);
  const sockets = Array.from({ length: 200 }, () => connect(port, '127.0.0.1'));
  for (let turn = 0; turn < turns; turn++) {
    await new Promise(resolve => setImmediate(resolve));
    // A loop with something to do: everything that can come has come before the next turn.
    const end = performance.now() + 5;
    while (performance.now() < end);
  }
  const counted = count;
  for (const socket of sockets) socket.destroy();
  return counted;
}

async function refused(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const came = await new Promise(resolve => {
      socket.on('connect', () => resolve('connect'));
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    });
    socket.destroy();
    if (came === 'ECONNREFUSED') return;
  }
}

describe('listening', () => {
  it('lets many connections in a turn of the event loop', async () => {
    expect(await letIn(1, 8)).toBeLessThanOrEqual(10);
    expect(await letIn(64, 8)).toBeGreaterThan(100);
  });

  it('answers over every door', async () => {
    const app = Fastify();
    app.get('/', () => 'here');
    const port = await start(app);
    for (let time = 0; time < 100; time++) {
      const reply = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } });
      expect(await reply.text()).toBe('here');
    }
  });

  it('says that the port is taken, by one like it too', async () => {
    const port = await start(Fastify());
    const other = Fastify();
    await expect(listen(other, { host: '127.0.0.1', port, backlog: 1 })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
    const plain = createServer().listen({ port, host: '127.0.0.1' });
    const [error] = (await once(plain, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('EADDRINUSE');
  });

  it('answers what runs before it ends, and lets nothing more in', async () => {
    const app = Fastify();
    const begun: (() => void)[] = [];
    app.get('/', async () => {
      await new Promise<void>(resolve => begun.push(resolve));
      return 'late';
    });
    const port = await start(app);
    const asked = Array.from(
      { length: 20 },
      async () => await (await fetch(`http://127.0.0.1:${port}/`)).text(),
    );
    while (begun.length < 20) await new Promise(resolve => setImmediate(resolve));
    const [close] = closers.splice(0);
    const closed = close?.();
    await refused(port);
    for (const answer of begun) answer();
    expect(await Promise.all(asked)).toStrictEqual(Array.from({ length: 20 }, () => 'late'));
    await closed;
  });
});
