/**
 * What an audit tests. The criteria are those of the AICPA Trust Services Criteria (2017, revised points of focus 2022)
 * that a control bears on; whether it meets them is for the auditor to say.
 */
export const CONTROLS = {
  recordings: {
    title: "Recordings are complete and unchanged",
    criteria: ["CC7.2", "CC7.3"],
    tests:
      "Each session's recording is verified: its entries, hash chain, and the seals of edge and connector, by public keys.",
    items: ["recording", "recordings"],
  },
  policies: {
    title: "Every session names the policies in force, and they are known",
    criteria: ["CC8.1"],
    tests: "The text of each version that a recording names is found, and has that SHA-256.",
    items: ["policy version", "policy versions"],
  },
  conformance: {
    title: "Statements, commands and requests got the verdict that the policies give",
    criteria: ["CC6.1", "CC6.3", "CC6.8"],
    tests:
      "Each is judged anew by the policies that were in force when it was asked, or by those given, and compared with what was done.",
    items: ["statement, command or request", "statements, commands and requests"],
  },
  approvals: {
    title: "What needed people's approval had it, and nobody approved their own",
    criteria: ["CC6.1", "CC6.3", "CC8.1"],
    tests:
      "For each approval that was used: enough different people for each rule, none of whom asked; given, and used, in time; within its scope; for the request as it is recorded.",
    items: ["approval that was used", "approvals that were used"],
  },
  masking: {
    title: "Labelled data came masked to those who may not see it",
    criteria: ["CC6.1", "C1.1", "P4.1"],
    tests:
      "For each statement that read a labelled column in a session without the right to see that label, the recording tells that the target got it with masks.",
    items: ["statement that read labelled columns", "statements that read labelled columns"],
  },
  endings: {
    title: "Access ended when it had to",
    criteria: ["CC6.2", "CC6.3"],
    tests: "No session lasted longer than it might, and each ended with a reason.",
    items: ["session", "sessions"],
  },
} as const;

export type Control = keyof typeof CONTROLS;

export const CONTROL_NAMES = Object.keys(CONTROLS) as Control[];

/** One thing that is not as a control wants it, or that could not be tested. */
export interface Finding {
  control: Control;
  kind: "deviation" | "untested";
  session: string;
  /** The entry that it is about; null for the whole session. */
  entry: number | null;
  sentence: string;
}

/** Takes what the parts of an audit find out. */
export interface Audited {
  /** So many of a control's items were tested in this session, well or not. */
  tested(control: Control, session: string, items?: number): void;
  found(finding: Finding): void;
}
