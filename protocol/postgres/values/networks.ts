/** Network addresses of PostgreSQL's binary format, written as the server's text format writes them. */

const IPV4 = 2;
const IPV6 = 3;

/** `inet` and `cidr`: family, bits of the mask, whether it is a cidr, length of the address, address. */
export function inet(bytes: Buffer): string | null {
  const [family, bits, cidr, length] = bytes;
  const address = bytes.subarray(4);
  if (address.length !== length || length !== (family === IPV4 ? 4 : family === IPV6 ? 16 : -1)) return null;
  const text = family === IPV4 ? address.join(".") : ipv6(address);
  return cidr || bits !== length * 8 ? `${text}/${bits}` : text;
}

export function macaddr(bytes: Buffer): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}

/** RFC 5952, with the dotted form for mapped addresses as PostgreSQL has it. */
function ipv6(address: Buffer): string {
  const words = Array.from({ length: 8 }, (_, index) => address.readUInt16BE(index * 2));
  let best = { start: 0, length: 0 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (start + length < 8 && words[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  const mapped = best.start === 0 && (best.length === 6 || (best.length === 5 && words[5] === 0xffff));
  const tail = mapped ? [...words.slice(0, 6).map(hex), address.subarray(12).join(".")] : words.map(hex);
  if (best.length < 2) return tail.join(":");
  const end = Math.min(best.start + best.length, tail.length);
  return `${tail.slice(0, best.start).join(":")}::${tail.slice(end).join(":")}`;
}

function hex(word: number): string {
  return word.toString(16);
}
