import { createHash } from 'node:crypto';

import { whole, wordsNamedBy, type BearerInfo } from './bearer-info.ts';
import { Recent } from './recent.ts';
import type { ScriptRunner } from './script.ts';

const DAY_MS = 86_400_000;
/** 128 bits of SHA-256, as base64url: nobody finds two words with one. */
const DIGEST_CHARS = 22;

/** Words that were seen here before. */
interface Known {
  readonly digest: string;
  /** The day under which they lie in the store, as far as this process has been told. */
  day: number | undefined;
}

/** How a send is to carry its words. */
export interface CarriedWords {
  /** What its record names: `<day>:<digest>`, '' for nothing. */
  readonly name: string;
  /** The rest of the record (JSON). */
  readonly rest: string;
  /** The words, if they may not be there yet; else ''. */
  readonly text: string;
  /** The send is made, so its words are there. */
  readonly kept: () => void;
  /** They are not there, whatever this process believed: a server lost what it had. */
  readonly lost: () => void;
}

/**
 * The words of a template are the same in every send of it, and two thirds of what a send would have to write. So they lie in the store once a day
 * (lua/include/words.lua), and sends name them. Words that this process sees for the first time stand in their send: those of a send of its own kind would gain nothing.
 */
export class Words {
  readonly #scripts: Pick<ScriptRunner, 'placeOf' | 'now' | 'field'>;
  readonly #known = new Recent<Known>();
  /** By digest. */
  readonly #read = new Recent<string>();

  constructor(scripts: Pick<ScriptRunner, 'placeOf' | 'now' | 'field'>) {
    this.#scripts = scripts;
  }

  carry(shard: string, info: BearerInfo): CarriedWords {
    const key = `${this.#scripts.placeOf(shard)}${info.words}`;
    const known = this.#known.get(key);
    if (!known) {
      this.#known.put(key, { digest: digestOf(info.words), day: undefined });
      return { name: '', rest: whole(info), text: '', kept: nothing, lost: nothing };
    }
    const day = Math.floor(this.#scripts.now() / DAY_MS);
    return {
      name: `${day}:${known.digest}`,
      rest: info.own,
      text: known.day === day ? '' : info.words,
      kept: () => void (known.day = day),
      lost: () => void (known.day = undefined),
    };
  }

  /** The second text of what brings something, with the words that it names. */
  async complete(shard: string, info: string): Promise<string> {
    const name = wordsNamedBy(info);
    if (name === '') return info;
    const [day = '', digest = ''] = name.split(':', 2);
    const words = this.#read.get(digest) ?? (await this.#scripts.field(shard, `w:${day}`, digest));
    if (words === null) return `${info}\n{}`;
    return `${info}\n${this.#read.put(digest, words)}`;
  }
}

function digestOf(words: string): string {
  return createHash('sha256').update(words).digest('base64url').slice(0, DIGEST_CHARS);
}

function nothing(): void {}
