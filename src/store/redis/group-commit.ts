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
  /** With the verb in front, where callers may use one for two verbs. Absent: one is made for this call. '': the record itself tells a repeated one. */
  readonly opId?: string;
  readonly args: readonly Argument[];
}

/** Operations one after the other of the same verb, with as many arguments each. */
interface Row {
  readonly letter: string;
  readonly size: number;
  count: number;
}

/** So that no script keeps the server from others for longer than a millisecond or so. */
const MOST_OPERATIONS = 32;
/** Of arguments: an operation has some 20, one that arms a hundred timers 300. */
const MOST_ARGUMENTS = 2000;

interface Waiting {
  readonly resolve: (reply: Reply | PromiseLike<Reply>) => void;
  readonly reject: (error: unknown) => void;
}

interface Gathered {
  rows: Row[];
  args: Argument[];
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
  readonly #lanes: ReadonlyMap<string, Lane>;
  #scheduled = false;

  constructor({ scripts }: { scripts: ScriptRunner }) {
    this.#scripts = scripts;
    this.#commit = scripts.mutation('commit');
    this.#commitMessage = scripts.mutation('commit-message');
    this.#lanes = new Map(scripts.shards.map(shard => [shard, { shard, ...nothing() }]));
    scripts.gatherWith(() => this.#flushAll());
  }

  /** Resolves with what the verb returns. @throws ServiceError unavailable, having changed nothing */
  run(operation: Operation): Promise<Reply> {
    const lane = this.#laneOf(operation.shard);
    return new Promise<Reply>((resolve, reject) => {
      this.#add(lane, operation);
      lane.waiting.push({ resolve, reject });
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
    const gathered = nothing();
    this.#add(gathered, operation);
    const answers = await this.#commitMessage({ shard: operation.shard, args: argumentsOf(gathered) });
    return answerOf((answers as readonly Reply[])[0]);
  }

  #laneOf(shard: string): Lane {
    const lane = this.#lanes.get(this.#scripts.placeOf(shard));
    if (!lane) throw new Error('no such shard');
    return lane;
  }

  #add({ rows, args: list }: Gathered, { verb, opId, args }: Operation): void {
    const letter = LETTERS[verb];
    const named = opId !== '';
    const size = args.length + (named ? 1 : 0);
    const row = rows.at(-1);
    if (row?.letter === letter && row.size === size) row.count++;
    else rows.push({ letter, size, count: 1 });
    if (named) list.push(opId ?? this.#scripts.newOperation());
    for (const arg of args) list.push(arg);
  }

  #flushAll(): void {
    for (const lane of this.#lanes.values()) {
      if (lane.waiting.length > 0) this.#flush(lane);
    }
  }

  #flush(lane: Lane): void {
    const { shard, waiting } = lane;
    const args = argumentsOf(lane);
    Object.assign(lane, nothing());
    this.#commit({ shard, args, operations: waiting.length }).then(
      answers => settle(waiting, answers as readonly Reply[]),
      (error: unknown) => {
        for (const { reject } of waiting) reject(error);
      },
    );
  }
}

function settle(waiting: readonly Waiting[], answers: readonly Reply[]): void {
  for (const [n, { resolve, reject }] of waiting.entries()) {
    try {
      resolve(answerOf(answers[n]));
    } catch (error) {
      reject(error);
    }
  }
}

/** `['!', why]` of an operation that failed. */
function answerOf(answer: Reply | undefined): Reply {
  const [word, why] = answer as readonly Reply[];
  if (word === '!') throw unavailable(new Error(`Redis: ${String(why)}`));
  return answer as Reply;
}

function argumentsOf({ rows, args }: Gathered): Argument[] {
  args.unshift(rows.map(({ letter, size, count }) => `${letter}${size}x${count}`).join(' '));
  return args;
}

function nothing(): Gathered {
  return { rows: [], args: [], waiting: [] };
}
