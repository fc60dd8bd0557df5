import { scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

import type { RandomBytes } from '../../domain/ids.ts';
import { ServiceError } from '../../errors.ts';

/** As OWASP's password storage cheat sheet has it for 32 MB: N = 2^logN. */
export interface ScryptCost {
  readonly logN: number;
  readonly r: number;
  readonly p: number;
}

const COST: ScryptCost = { logN: 15, r: 8, p: 3 };
const SALT_BYTES = 16;
const HASH_BYTES = 32;

/** At a time: half of libuv's threads stay free for files and DNS. */
const MAX_RUNNING = 2;
const MAX_WAITING = 32;
const BUSY_RETRY_MS = 2_000;

export interface Passwords {
  /** As a PHC string: `$scrypt$ln=15,r=8,p=3$<salt>$<hash>`, base64 without padding. */
  hash(password: string): Promise<string>;
  /** Takes the same time, and is false, for an undefined hash: of a user that does not exist. */
  verify(password: string, hash: string | undefined): Promise<boolean>;
}

const derive = promisify<string, Buffer, number, object, Buffer>(scrypt);

/**
 * Passwords by scrypt, a few at a time. Unicode is compared in composed form (RFC 8265 4.2).
 * @throws (from its verbs) ServiceError tooManyRequests when too many are waiting already
 */
export function createPasswords(options: { random: RandomBytes; cost?: ScryptCost }): Passwords {
  const { random, cost = COST } = options;
  const limited = createQueue();
  const decoy = format(cost, random(SALT_BYTES), random(HASH_BYTES));

  async function run(password: string, salt: Buffer, cost: ScryptCost): Promise<Buffer> {
    const { logN, r, p } = cost;
    const N = 2 ** logN;
    const text = password.normalize('NFC');
    return await limited(() => derive(text, salt, HASH_BYTES, { N, r, p, maxmem: 256 * N * r }));
  }

  return {
    async hash(password) {
      const salt = random(SALT_BYTES);
      return format(cost, salt, await run(password, salt, cost));
    },
    async verify(password, hash) {
      const { salt, expected, cost } = parse(hash ?? decoy);
      const equal = timingSafeEqual(await run(password, salt, cost), expected);
      return equal && hash !== undefined;
    },
  };
}

function format({ logN, r, p }: ScryptCost, salt: Buffer, hash: Buffer): string {
  const encode = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');
  return `$scrypt$ln=${logN},r=${r},p=${p}$${encode(salt)}$${encode(hash)}`;
}

function parse(text: string): { cost: ScryptCost; salt: Buffer; expected: Buffer } {
  const match = /^\$scrypt\$ln=(\d+),r=(\d+),p=(\d+)\$([^$]+)\$([^$]+)$/.exec(text);
  if (!match) throw new Error('a stored password hash is damaged');
  const [, logN, r, p, salt = '', hash = ''] = match;
  return {
    cost: { logN: Number(logN), r: Number(r), p: Number(p) },
    salt: Buffer.from(salt, 'base64'),
    expected: Buffer.from(hash, 'base64'),
  };
}

/** First come, first served; a flood is turned away rather than kept. */
function createQueue() {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async <Result>(work: () => Promise<Result>): Promise<Result> => {
    if (running >= MAX_RUNNING) {
      if (waiting.length >= MAX_WAITING)
        throw new ServiceError('tooManyRequests', { retryAfterMs: BUSY_RETRY_MS });
      await new Promise<void>(resolve => waiting.push(resolve));
    } else running++;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };
}
