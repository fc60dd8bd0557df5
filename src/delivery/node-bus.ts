import { z } from 'zod';

import type { CallRef } from '../domain/types.ts';
import type { Logger } from '../log.ts';
import type { EndedEvent } from './report.ts';

/**
 * What the nodes of one service tell each other. Best effort: whatever gets lost here, the store and its timers make good
 * for, later. No PIN, key or number is in it.
 */
export type NodeEvent =
  /** The carrier's last word on a call whose dialogue may run on another node. */
  | { readonly type: 'ended'; readonly ref: CallRef; readonly event: EndedEvent }
  /** Machine detection, for the node with the dialogue, now or later. */
  | {
      readonly type: 'answered-by';
      readonly ref: CallRef;
      readonly who: 'human' | 'machine' | 'unknown';
      readonly greetingEnded: boolean;
    }
  /** A node begins the dialogue: nobody else may. */
  | { readonly type: 'admitted'; readonly ref: CallRef }
  /** Nobody needs this call any more: whoever is about to place it must not. */
  | { readonly type: 'withdrawn'; readonly ref: CallRef }
  /** The call was written off: nothing about it is worth remembering. */
  | { readonly type: 'over'; readonly ref: CallRef };

export interface NodeBus {
  /** Returns at once; a bus that is away loses it. */
  publish(event: NodeEvent): void;
  /** What other nodes publish, never our own. */
  subscribe(handler: (event: NodeEvent) => void): void;
  close(): Promise<void>;
}

/**
 * Marks of work under way, with an end: another node that finds such work unfinished leaves it alone while the mark stands.
 * They lie with the store, and fail as it does.
 */
export interface Holds {
  /** Marks anew for so long. @throws when it cannot be marked */
  hold(id: string, ms: number): Promise<void>;
  /** @throws when nobody can tell */
  isHeld(id: string): Promise<boolean>;
}

/** The other nodes. Where this process is the only one there are none. */
export interface Nodes {
  readonly bus: NodeBus;
  readonly holds: Holds;
}

/** A line to the other nodes, and the marks beside it. */
export interface NodeLink extends Holds {
  send(text: string): Promise<void>;
  listen(handler: (text: string) => void): void;
  close(): Promise<void>;
}

const ref = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/)
  .transform(text => text as CallRef);
const word = z.string().max(64);
const ended = z.object({
  type: z.literal('ended'),
  carrierCallId: z.string().max(128),
  at: z.number().exactOptional(),
  sequence: z.number().exactOptional(),
  cause: z.enum(['completed', 'busy', 'no-answer', 'rejected', 'canceled', 'failed']),
  sipCode: z.number().exactOptional(),
  durationSeconds: z.number().exactOptional(),
  raw: word,
});
const nodeEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ended'), ref, event: ended }),
  z.object({
    type: z.literal('answered-by'),
    ref,
    who: z.enum(['human', 'machine', 'unknown']),
    greetingEnded: z.boolean(),
  }),
  z.object({ type: z.literal('admitted'), ref }),
  z.object({ type: z.literal('withdrawn'), ref }),
  z.object({ type: z.literal('over'), ref }),
]);
const envelope = z.object({ from: word, said: nodeEvent });

/** The other nodes over `link`. What is no event of ours (another version's, somebody else's) is passed over. */
export function createNodes(deps: {
  readonly link: NodeLink;
  /** Of this process, different in each. */
  readonly nodeId: string;
  readonly log: Logger;
}): Nodes {
  const { link, nodeId, log } = deps;
  const handlers: ((event: NodeEvent) => void)[] = [];
  link.listen(text => {
    const event = decode(text, nodeId);
    if (!event) return;
    for (const handler of handlers) handler(event);
  });
  return {
    bus: {
      publish(event) {
        link.send(JSON.stringify({ from: nodeId, said: event })).catch((error: unknown) => {
          log.debug({ err: error, type: event.type }, 'the other nodes were not told');
        });
      },
      subscribe: handler => void handlers.push(handler),
      close: async () => await link.close(),
    },
    holds: {
      hold: async (id, ms) => await link.hold(id, ms),
      isHeld: async id => await link.isHeld(id),
    },
  };
}

function decode(text: string, self: string): NodeEvent | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { success, data } = envelope.safeParse(value);
  return success && data.from !== self ? data.said : undefined;
}
