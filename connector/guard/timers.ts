/** Where time comes from; a test gives its own. */
export interface Timers {
  /** Calls once after so many ms, at most 2^31 - 1; the answer stops that. */
  after(ms: number, call: () => void): () => void;
}

/** The process's own. */
export const REAL_TIMERS: Timers = {
  after(ms, call) {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};
