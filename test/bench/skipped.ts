/** This machine has not what a part of the bench needs; the message says what. */
export class Skipped extends Error {}
