export interface MediaType {
  /** `type/subtype` in lower case. */
  essence: string;
  /** Names in lower case; the first of a name counts. */
  parameters: ReadonlyMap<string, string>;
  /** It has a parameter twice. */
  ambiguous: boolean;
}

const PARAMETER = /[ \t]*;[ \t]*(?:([\w!#$%&'*+.^`|~-]+)=(?:([\w!#$%&'*+.^`|~-]+)|"((?:[^"\\]|\\.)*)"))?/gsy;

/** Reads a content type (RFC 9110 section 8.3.1); null for what is none. */
export function readMediaType(value: string): MediaType | null {
  const essence = /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+/.exec(value)?.[0];
  if (essence === undefined) return null;
  const parameters = new Map<string, string>();
  let ambiguous = false;
  let at = essence.length;
  while (at < value.length) {
    PARAMETER.lastIndex = at;
    const match = PARAMETER.exec(value);
    if (match === null) return null;
    at += match[0].length;
    const [, name, token, quoted] = match;
    if (name === undefined) continue;
    const key = name.toLowerCase();
    if (parameters.has(key)) ambiguous = true;
    else parameters.set(key, token ?? quoted!.replace(/\\(.)/gs, "$1"));
  }
  return { essence: essence.toLowerCase(), parameters, ambiguous };
}

/** Whether its text is in UTF-8, as far as it says. */
export function isUtf8({ parameters, ambiguous }: MediaType): boolean {
  const charset = parameters.get("charset");
  return !ambiguous && (charset === undefined || /^(?:utf-?8|us-ascii)$/i.test(charset));
}
