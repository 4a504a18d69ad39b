/** Harmless statements that are refused all the same: which, and why. One that is no longer refused has to go. */
export const REFUSED: { why: string; fits: RegExp }[] = [
  { why: "what others send may hold any value", fits: /^LISTEN / },
  { why: "DO runs code that is not looked into", fits: /^DO / },
  { why: "an extension has a function of this name as well", fits: /gen_random_uuid/ },
];
