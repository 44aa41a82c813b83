/** Remembers values for a short while, a bounded number of them: the oldest make room. */
export class Recent<V> {
  readonly #kept = new Map<string, { readonly value: V; readonly untilMs: number }>();

  constructor(
    private readonly keepMs: number,
    private readonly entriesMax: number,
  ) {}

  /** What was remembered under exactly this key and is not over at `nowMs`. */
  get(key: string, nowMs: number): V | undefined {
    const found = this.#kept.get(key);
    // A clock that was set back must not keep anything for longer.
    const fresh = found && nowMs < found.untilMs && nowMs >= found.untilMs - this.keepMs;
    return fresh ? found.value : undefined;
  }

  set(key: string, value: V, nowMs: number): void {
    // Set anew: a Map gives its keys in the order in which they came.
    this.#kept.delete(key);
    this.#kept.set(key, { value, untilMs: nowMs + this.keepMs });
    if (this.#kept.size <= this.entriesMax) return;
    for (const oldest of this.#kept.keys()) return void this.#kept.delete(oldest);
  }

  delete(key: string): boolean {
    return this.#kept.delete(key);
  }
}
