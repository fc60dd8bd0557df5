/** Good targets whose width is kept while nothing is under way to them. */
const MAX_REMEMBERED = 1_000;

interface Target {
  underWay: number;
  /** How many may be. */
  width: number;
}

/**
 * How many pushes are under way to each target. One that has shown nothing yet may have `few`; each push that it takes
 * lets it have one more, up to `many`; one that it does not take puts it back. So a quick server gets what it can bear, and
 * one that hangs keeps few places.
 */
export class Targets {
  readonly #few: number;
  readonly #many: number;
  readonly #targets = new Map<string, Target>();

  constructor({ few, many }: { few: number; many: number }) {
    this.#few = few;
    this.#many = many;
  }

  /** Those that may have no more for now. */
  full(): readonly string[] {
    return [...this.#targets].filter(([, { underWay, width }]) => underWay >= width).map(([name]) => name);
  }

  enter(name: string): void {
    const target = this.#targets.get(name) ?? { underWay: 0, width: this.#few };
    target.underWay++;
    this.#targets.set(name, target);
  }

  leave(name: string): void {
    const target = this.#targets.get(name);
    if (!target) return;
    target.underWay--;
    const isPlain = target.width <= this.#few || this.#targets.size > MAX_REMEMBERED;
    if (target.underWay === 0 && isPlain) this.#targets.delete(name);
  }

  /** It took one. Called before `leave`, as `refused` is. */
  took(name: string): void {
    const target = this.#targets.get(name);
    if (target) target.width = Math.min(target.width + 1, this.#many);
  }

  refused(name: string): void {
    const target = this.#targets.get(name);
    if (target) target.width = this.#few;
  }
}
