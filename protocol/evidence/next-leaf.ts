import type { Findings } from "../recording/findings.ts";
import { layoutFaultOf } from "./source.ts";

/**
 * Takes parts of an export until one of them is a leaf, and answers that; null at the end (`ended` is called), and where the
 * rest can't be read: both are said of its layout. Throws what reading throws.
 */
export async function nextLeaf<Part>(
  parts: AsyncIterator<Part, void, undefined>,
  findings: Pick<Findings<"layout">, "ok" | "fail">,
  take: (part: Part) => Promise<Uint8Array | null>,
  ended: () => void,
): Promise<Uint8Array | null> {
  try {
    for (;;) {
      const { done, value } = await parts.next();
      if (done) {
        findings.ok("layout", "the file is whole, and in the one spelling it has");
        ended();
        return null;
      }
      const leaf = await take(value);
      if (leaf) return leaf;
    }
  } catch (error) {
    findings.fail("layout", layoutFaultOf(error));
    return null;
  }
}
