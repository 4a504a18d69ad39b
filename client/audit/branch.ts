/** A second reader of what a first one reads: it takes each item before the first gets the next, so that nothing waits in memory. */
export class Branch<Item> implements AsyncIterable<Item> {
  #given = Promise.withResolvers<IteratorResult<Item>>();
  #wanted = Promise.withResolvers<void>();

  /** Resolves when the second reader has taken it. Where that one reads no more, `push` must not be called. */
  async push(item: Item): Promise<void> {
    await this.#wanted.promise;
    this.#wanted = Promise.withResolvers();
    this.#given.resolve({ done: false, value: item });
  }

  /** There is no more. */
  end(): void {
    void this.#wanted.promise.then(() => this.#given.resolve({ done: true, value: undefined }));
  }

  [Symbol.asyncIterator](): AsyncIterator<Item> {
    return {
      next: async () => {
        this.#given = Promise.withResolvers();
        this.#wanted.resolve();
        return this.#given.promise;
      },
    };
  }
}
