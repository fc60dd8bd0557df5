/** What is kept of things that are under way. */
const MOST = 4096;

/**
 * What never changes of things that this process made or read a short while ago: of calls and texts, so that each step of one need not
 * bring all of its words again. The oldest go first; nothing depends on it.
 */
export class Recent<Value> {
  readonly #values = new Map<string, Value>();

  get(ref: string): Value | undefined {
    return this.#values.get(ref);
  }

  put(ref: string, value: Value): Value {
    if (this.#values.size >= MOST) {
      const [oldest] = this.#values.keys();
      if (oldest !== undefined) this.#values.delete(oldest);
    }
    this.#values.set(ref, value);
    return value;
  }

  drop(ref: string): void {
    this.#values.delete(ref);
  }
}
