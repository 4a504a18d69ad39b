/** A field's name as servers compare it that make no difference between `-` and `_`, such as those of CGI and WSGI. */
export function canonicalName(name: string): string {
  return name.toLowerCase().replaceAll("_", "-");
}
