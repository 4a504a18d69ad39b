/**
 * Characters that show nothing, look like a blank, or change how others show: controls, marks of direction, format
 * characters, what Unicode lets a font ignore, private and unassigned ones, lone surrogates, blanks but the space. An
 * invisible character in a name is another name. Line feed and tab show as themselves and are not among them.
 *
 * The match is its own group, so that `split` keeps it.
 */
export const HIDDEN =
  /((?![\n\t])[\p{Cc}\p{Cf}\p{Cn}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs})/gu;

/** The name of one character's code point: `U+202E`. */
export function codePointName(character: string): string {
  return `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`;
}
