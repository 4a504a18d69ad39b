/** Why a statement can't be masked, in words that name the construct; and the labels that it concerns. */
export class Unmasked extends Error {
  readonly labels: readonly string[];
  readonly hint: string | undefined;

  constructor(construct: string, labels: Iterable<string>, hint?: string) {
    super(construct);
    this.labels = [...new Set(labels)].sort();
    this.hint = hint;
  }
}
