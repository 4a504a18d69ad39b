/** Something with a beginning whose items come in the order of their times. */
export interface Track<Item extends { time: number }> {
  /** Ms since 1970; no item is earlier, but for a clock that was set back. */
  start: number;
  open(): AsyncIterator<Item>;
}

interface Opened<T> {
  track: T;
  items: AsyncIterator<{ time: number }>;
  next: { time: number };
}

/**
 * The items of all tracks in the order of their times; of each track in its own order. A track is opened when the
 * others have come to its beginning, and let go at its end: what is open at a time is what was open at that time.
 */
export async function* mergeTracks<Item extends { time: number }, T extends Track<Item>>(
  tracks: T[],
): AsyncGenerator<{ track: T; item: Item }> {
  const waiting = tracks.toSorted((one, other) => one.start - other.start);
  const open = new Set<Opened<T>>();
  for (;;) {
    let first: Opened<T> | undefined;
    for (const one of open) if (!first || one.next.time < first.next.time) first = one;
    const coming = waiting[0];
    if (coming && (!first || coming.start <= first.next.time)) {
      waiting.shift();
      const items = coming.open();
      const { done, value } = await items.next();
      if (!done) open.add({ track: coming, items, next: value });
      continue;
    }
    if (!first) return;
    yield { track: first.track, item: first.next as Item };
    const { done, value } = await first.items.next();
    if (done) open.delete(first);
    else first.next = value;
  }
}
