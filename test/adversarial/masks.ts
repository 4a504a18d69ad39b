import { DETECTOR_NAMES } from "../../connector/mask/detectors/modes.ts";

/** Only the first net is tried: what a detector would have hidden counts as leaked. */
const NO_DETECTORS = `    detectors: {${DETECTOR_NAMES.map((name) => `${name}: "off"`).join(", ")}}`;

/** Masks that show the same of both worlds. */
export const SAME_FOR_BOTH = `
    masks:
      pii.email: {mask: partial, as: email}
      pii.phone: {mask: constant, value: hidden}
      pii.card: {mask: partial, as: card}
      hr.salary: {mask: range, step: 1000000}
      hr.bonus: {mask: range, step: 1000000}
      hr.birthday: {mask: range, unit: year}
${NO_DETECTORS}`;

/** Masks that tell the worlds apart, and show no value. */
export const HASHES = `
    masks:
      pii.email: {mask: hash, scope: target}
      pii.phone: {mask: hash, scope: target}
      pii.ssn: {mask: hash, scope: target}
      pii.card: {mask: hash, scope: target}
      pii.handle: {mask: partial, as: text}
      hr.salary: {mask: range, step: 1000000}
      phi.name: {mask: hash, scope: target}
    maskKey: {env: SALLYPORT_TEST_MASK_KEY}
${NO_DETECTORS}`;

/** The same for both, where exact values may be asked for. */
export const LOOKUPS = SAME_FOR_BOTH.replace("as: email}", "as: email, lookup: 10000}")
  .replace("value: hidden}", "value: hidden, lookup: 10000}")
  .replaceAll("step: 1000000}", "step: 1000000, lookup: 10000}")
  .replace(
    "    masks:",
    "    masks:\n      pii.ssn: {mask: 'null', lookup: 10000}\n      secret: {mask: 'null', lookup: 10000}",
  );
