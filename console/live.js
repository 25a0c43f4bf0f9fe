// Keeps one document up to date: asks every two seconds while it is looked at, and less often when it is not, or when
// the service fails.

export const EVERY_MS = 2000;
export const HIDDEN_MS = 30_000;
const SLOWEST_MS = 30_000;
const LONGEST_WAIT_MS = 300_000;

export class Live {
  value = null;
  failure = null;
  heardAt = null;
  nextAt = null;
  #failures = 0;
  #timer = null;
  #stopped = new AbortController();

  /** `read(signal)` asks once; `changed()` is called after each answer. */
  constructor(read, changed) {
    this.read = read;
    this.changed = changed;
    const again = () => this.#wake();
    const { signal } = this.#stopped;
    document.addEventListener("visibilitychange", again, { signal });
    window.addEventListener("online", again, { signal });
    this.#ask();
  }

  stop() {
    this.#stopped.abort();
    clearTimeout(this.#timer);
  }

  /** At once, whatever was planned. */
  now() {
    if (this.#stopped.signal.aborted || this.#asking) return;
    clearTimeout(this.#timer);
    this.#ask();
  }

  #asking = false;

  async #ask() {
    this.#asking = true;
    this.nextAt = null;
    let value = null;
    let failure = null;
    try {
      value = await this.read(this.#stopped.signal);
    } catch (error) {
      failure = error;
    }
    this.#asking = false;
    // An answer to a question that nobody has any more.
    if (this.#stopped.signal.aborted) return;
    this.#take(value, failure);
    this.changed();
  }

  #take(value, failure) {
    this.failure = failure;
    this.#failures = failure ? this.#failures + 1 : 0;
    if (!failure) {
      this.value = value;
      this.heardAt = performance.now();
    } else if (failure.kind === "missing") {
      this.value = null;
    }
    // Asking again with the same token changes nothing.
    if (failure?.kind === "signed-out" || failure?.kind === "forbidden") return;
    this.#plan(this.#delay());
  }

  #delay() {
    const slowed = Math.min(EVERY_MS * 2 ** this.#failures, SLOWEST_MS);
    const asked = Math.min((this.failure?.retryAfter ?? 0) * 1000, LONGEST_WAIT_MS);
    return Math.max(slowed, asked, document.hidden ? HIDDEN_MS : 0);
  }

  #plan(delay) {
    this.nextAt = performance.now() + delay;
    this.#timer = setTimeout(() => this.#ask(), delay);
  }

  #wake() {
    // Not before the service wants to be asked again.
    if (this.nextAt === null || this.failure?.retryAfter) return;
    if (document.hidden) {
      clearTimeout(this.#timer);
      this.#plan(this.#delay());
    } else {
      this.now();
    }
  }
}
