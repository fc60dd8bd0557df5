import { unavailable } from './bounded.ts';
import type { Argument, Mutation, Reply, ScriptRunner } from './script.ts';

/** A file of lua/include/commit-<…>.lua. */
export type Verb = 'create' | 'attempt' | 'call' | 'text' | 'complete';
const LETTERS = { create: 'c', attempt: 'v', call: 'd', text: 'g', complete: 'k' } as const satisfies Record<
  Verb,
  string
>;

export interface Operation {
  readonly verb: Verb;
  readonly shard: string;
  /** With the verb in front, where callers may use one for two verbs. Absent: one is made for this call. */
  readonly opId?: string;
  readonly args: readonly Argument[];
  /** Of one that makes something: names below its root and texts, which hold nothing that the server must add. */
  readonly texts?: readonly string[];
}

/** So that no script keeps the server from others for longer than a millisecond or so. */
const MOST_OPERATIONS = 32;
/** Of arguments: an operation has some 20, one that arms a hundred timers 300. */
const MOST_ARGUMENTS = 2000;

interface Waiting {
  readonly operation: Operation;
  readonly resolve: (reply: Reply | PromiseLike<Reply>) => void;
  readonly reject: (error: unknown) => void;
}

interface Gathered {
  args: Argument[];
  texts: string[];
  /** What is among `texts`. */
  names: Set<string>;
  waiting: Waiting[];
}

/** What was asked for in this turn, of one shard. */
interface Lane extends Gathered {
  readonly shard: string;
}

/**
 * Group commit: all hot writes that are asked for in one turn of the event loop go as one script for each shard (lua/commit.lua), since what
 * a script costs by itself is many times what it does. Each keeps its own opId and outcome. A script that is sent twice answers the same, as each of
 * its operations does.
 */
export class GroupCommit {
  readonly #scripts: Pick<ScriptRunner, 'newOperation' | 'placeOf'>;
  readonly #commit: Mutation;
  readonly #commitMessage: Mutation;
  /** Whether texts go by themselves, in front of the script: not in a cluster, which takes no transactions from ioredis but one by one. */
  readonly #textsApart: boolean;
  readonly #lanes: ReadonlyMap<string, Lane>;
  #scheduled = false;

  constructor({ scripts }: { scripts: ScriptRunner }) {
    this.#scripts = scripts;
    this.#commit = scripts.mutation('commit');
    this.#commitMessage = scripts.mutation('commit-message');
    this.#textsApart = scripts.shards.length === 1;
    this.#lanes = new Map(scripts.shards.map(shard => [shard, { shard, ...nothing() }]));
    scripts.gatherWith(() => this.#flushAll());
  }

  /** Resolves with what the verb returns. @throws ServiceError unavailable, having changed nothing */
  run(operation: Operation): Promise<Reply> {
    return this.#gather(operation, this.#textsApart);
  }

  #gather(operation: Operation, textsApart: boolean): Promise<Reply> {
    const lane = this.#laneOf(operation.shard);
    return new Promise<Reply>((resolve, reject) => {
      this.#add(lane, operation, textsApart);
      lane.waiting.push({ operation, resolve, reject });
      if (lane.waiting.length >= MOST_OPERATIONS || lane.args.length >= MOST_ARGUMENTS) {
        this.#flush(lane);
      } else if (!this.#scheduled) {
        this.#scheduled = true;
        setImmediate(() => {
          this.#scheduled = false;
          this.#flushAll();
        });
      }
    });
  }

  /** A step of a call that brings a message of a bulk, by itself: what it takes would weigh on all others. */
  async runWithMessage(operation: Operation & { readonly verb: 'call' }): Promise<Reply> {
    const alone = nothing();
    this.#add(alone, operation, false);
    const answers = await this.#commitMessage({ shard: operation.shard, args: alone.args });
    return answerOf((answers as readonly Reply[])[0]);
  }

  #laneOf(shard: string): Lane {
    const lane = this.#lanes.get(this.#scripts.placeOf(shard));
    if (!lane) throw new Error('no such shard');
    return lane;
  }

  #add({ args: list, texts: before, names }: Gathered, operation: Operation, textsApart: boolean): void {
    const { verb, opId, args, texts = [] } = operation;
    // One name twice: the second is seen to by the script, in its turn.
    const apart = textsApart && texts.length > 0 && texts.every((text, n) => n % 2 === 1 || !names.has(text));
    const letter = texts.length > 0 && !apart ? LETTERS[verb].toUpperCase() : LETTERS[verb];
    const count = args.length + (apart ? 0 : texts.length);
    list.push(`${letter}${count}`, opId ?? this.#scripts.newOperation());
    for (const arg of args) list.push(arg);
    for (const text of texts) {
      if (!apart) list.push(text);
      else if (before.push(text) % 2 === 1) names.add(text);
    }
  }

  #flushAll(): void {
    for (const lane of this.#lanes.values()) {
      if (lane.waiting.length > 0) this.#flush(lane);
    }
  }

  #flush(lane: Lane): void {
    const { shard, args, texts, waiting } = lane;
    Object.assign(lane, nothing());
    const opId = this.#scripts.newOperation();
    const mark = texts.length > 0 && { opId, texts };
    if (mark) args[0] = opId;
    this.#commit({ shard, args, operations: waiting.length, ...mark }).then(
      answers => this.#settle(waiting, answers as readonly Reply[]),
      (error: unknown) => {
        for (const { reject } of waiting) reject(error);
      },
    );
  }

  #settle(waiting: readonly Waiting[], answers: readonly Reply[]): void {
    for (const [n, { operation, resolve, reject }] of waiting.entries()) {
      try {
        const answer = answerOf(answers[n]);
        // Done before, or beside texts that are there already: the script sees to them itself.
        if ((answer as readonly Reply[])[0] === 'whole') resolve(this.#gather(operation, false));
        else resolve(answer);
      } catch (error) {
        reject(error);
      }
    }
  }
}

/** `['!', why]` of an operation that failed. */
function answerOf(answer: Reply | undefined): Reply {
  const [word, why] = answer as readonly Reply[];
  if (word === '!') throw unavailable(new Error(`Redis: ${String(why)}`));
  return answer as Reply;
}

function nothing(): Gathered {
  // In front the mark of the texts: see lua/commit.lua.
  return { args: [''], texts: [], names: new Set(), waiting: [] };
}
