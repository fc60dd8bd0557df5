import type { Clock, Timer } from '../../clock.ts';
import { parseRedisUrl } from './address.ts';
import { connectRedis, whenReady, type StoreLog } from './connection.ts';
import { RedisOpenError } from './store-open-error.ts';

export interface RedisNodeLinkOptions {
  /** As for the store. */
  readonly url: string;
  readonly clock: Clock;
  readonly log?: StoreLog;
  readonly prefix?: string;
  readonly connectWithinMs?: number;
}

/** See delivery/node-bus.ts, which puts words on it. */
export interface RedisNodeLink {
  /** To all nodes, ourselves included. @throws when Redis does not take it */
  send(text: string): Promise<void>;
  listen(handler: (text: string) => void): void;
  hold(id: string, ms: number): Promise<void>;
  isHeld(id: string): Promise<boolean>;
  close(): Promise<void>;
}

/** A node hears its own beat; one that does not for a while has lost its line, whatever the socket says. */
const BEAT_MS = 2_000;
const DEAF_MS = 7_000;
const BEAT = '';
const ANSWER_MS = 450;

/**
 * A line between the nodes: publish and subscribe on one channel, over two connections of its own, since one that listens
 * can ask nothing and the store's must not wait behind it. A cluster carries a channel to all its servers.
 * @throws RedisOpenError
 */
export async function openRedisNodeLink(options: RedisNodeLinkOptions): Promise<RedisNodeLink> {
  const { url, clock, log, prefix = 'saypin:', connectWithinMs = 5_000 } = options;
  const address = parseRedisUrl(url);
  const channel = `${prefix}nodes`;
  const holdKey = (id: string): string => `${prefix}hold:${id}`;
  const speaking = connectRedis(address, log);
  const listening = connectRedis(address, log);
  const handlers: ((text: string) => void)[] = [];
  let heardAt = clock.monotonic();
  let timer: Timer | undefined;
  let closed = false;

  const publish = async (text: string): Promise<void> => {
    await answered(clock, speaking.client.publish(channel, text));
  };
  const beat = (): void => {
    if (closed) return;
    // A lost beat is what the next look is for.
    publish(BEAT).catch(() => undefined);
    if (clock.monotonic() - heardAt > DEAF_MS) {
      heardAt = clock.monotonic();
      log?.warn({}, 'nothing is heard from the other nodes: connecting anew');
      listening.client.disconnect(true);
    }
    timer = clock.after(BEAT_MS, beat);
  };

  try {
    await Promise.all([
      whenReady(speaking.client, connectWithinMs),
      whenReady(listening.client, connectWithinMs),
    ]);
    listening.client.on('message', (_channel: string, text: string) => {
      heardAt = clock.monotonic();
      if (text === BEAT) return;
      for (const handler of handlers) handler(text);
    });
    await listening.client.subscribe(channel);
  } catch (error) {
    speaking.abandon();
    listening.abandon();
    throw new RedisOpenError(
      `no line between the nodes: ${error instanceof Error ? error.message : 'unknown'}`,
      error,
    );
  }
  timer = clock.after(BEAT_MS, beat);

  return {
    send: publish,
    listen: handler => void handlers.push(handler),
    async hold(id, ms) {
      await answered(clock, speaking.client.set(holdKey(id), '1', 'PX', Math.ceil(ms)));
    },
    isHeld: async id => (await answered(clock, speaking.client.exists(holdKey(id)))) > 0,
    async close() {
      closed = true;
      timer?.cancel();
      listening.abandon();
      await speaking.close();
    },
  };
}

/** ioredis sends again what was under way when a connection broke, and waits for that as long as it takes; we do not. */
async function answered<Result>(clock: Clock, command: Promise<Result>): Promise<Result> {
  return await new Promise<Result>((resolve, reject) => {
    const timer = clock.after(ANSWER_MS, () =>
      reject(new Error(`Redis did not answer within ${ANSWER_MS} ms`)),
    );
    command
      .then(resolve, (error: unknown) =>
        reject(new Error(error instanceof Error ? `Redis: ${error.message}` : 'Redis: unknown error')),
      )
      .finally(() => timer.cancel());
  });
}
