import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';

const EVERY_MS = 1_000;
/** Of every Linux that Node runs on: USER_HZ. */
const TICKS_PER_SECOND = 100;

/**
 * What everybody else had of the machine's processors while something was measured: all that they worked, by /proc/stat, less what
 * the given processes did. Where there is no /proc, nothing is known.
 */
export class Others {
  /** Parts of the machine, 0 to 1, second by second. */
  readonly bySecond: number[] = [];
  readonly #pids: readonly number[];
  #begin: Sample | undefined;
  #last: Sample | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(pids: readonly number[]) {
    this.#pids = pids;
  }

  start(): void {
    this.#begin = this.#last = sample(this.#pids);
    if (this.#begin) this.#timer = setInterval(() => this.#look(), EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    if (this.#begin) this.#look();
  }

  /** Over all of the time; undefined: nobody knows. */
  get share(): number | undefined {
    return this.#begin && this.#last && between(this.#begin, this.#last);
  }

  #look(): void {
    const now = sample(this.#pids);
    if (now && this.#last) this.bySecond.push(between(this.#last, now));
    this.#last = now;
  }
}

interface Sample {
  readonly at: number;
  /** Ticks. */
  readonly others: number;
}

function between(from: Sample, to: Sample): number {
  const seconds = (to.at - from.at) / 1_000;
  return Math.max(0, (to.others - from.others) / TICKS_PER_SECOND / seconds / cpus().length);
}

function sample(pids: readonly number[]): Sample | undefined {
  try {
    const [, user, nice, system, , , irq, softIrq, steal] = readFileSync('/proc/stat', 'utf8').split(
      /\s+/,
      9,
    );
    const all = [user, nice, system, irq, softIrq, steal].map(Number).reduce((sum, ticks) => sum + ticks);
    const ours = pids.map(ticksOf).reduce((sum, ticks) => sum + ticks);
    return { at: performance.now(), others: all - ours };
  } catch {
    return undefined;
  }
}

/** What a process has worked so far; 0 where there is no /proc. */
export function processorSeconds(pid: number): number {
  try {
    return ticksOf(pid) / TICKS_PER_SECOND;
  } catch {
    return 0;
  }
}

/** utime and stime, proc(5); the name before them may hold anything. */
function ticksOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}
