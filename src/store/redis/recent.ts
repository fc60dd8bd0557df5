/** What is kept of things that are under way: the last so many, and up to as many before them. */
const MOST = 4096;

/**
 * What never changes of things that this process made or read a short while ago: of calls and texts, so that each step of one need not
 * bring all of its words again. The oldest go first; nothing depends on it.
 */
export class Recent<Value> {
  #latest = new Map<string, Value>();
  #before = new Map<string, Value>();

  get(ref: string): Value | undefined {
    return this.#latest.get(ref) ?? this.#before.get(ref);
  }

  /** It is not kept any longer. */
  take(ref: string): Value | undefined {
    const value = this.get(ref);
    if (value !== undefined) this.drop(ref);
    return value;
  }

  put(ref: string, value: Value): Value {
    if (this.#latest.size >= MOST) {
      this.#before = this.#latest;
      this.#latest = new Map();
    }
    this.#latest.set(ref, value);
    return value;
  }

  drop(ref: string): void {
    this.#latest.delete(ref);
    this.#before.delete(ref);
  }
}
