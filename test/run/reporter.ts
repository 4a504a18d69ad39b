import type { TestEvent } from "node:test/reporters";

/** What became of one test, as one line of JSON of the reporter. */
export interface TestResult {
  outcome: "passed" | "failed" | "skipped";
  name: string;
  /** Of a failure: the error with its stack. Of a skipped test: why. */
  detail: string;
}

/** A reporter for node:test: one line of JSON a test. Suites do not count; that hooks of theirs fail, does. */
export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const path: string[] = [];
  for await (const { type, data } of events) {
    if (type === "test:start") {
      path.length = data.nesting;
      path.push(data.name);
    } else if (type === "test:pass" && data.details.type !== "suite") {
      const why = data.skip ?? data.todo;
      const skipped = why !== undefined && why !== false;
      yield line(skipped ? "skipped" : "passed", data, typeof why === "string" ? why : "");
    } else if (type === "test:fail") {
      const { error } = data.details;
      // The tests that made this one fail have their own lines.
      if ("failureType" in error && error.failureType === "subtestsFailed") continue;
      yield line("failed", data, describe(error));
    }
  }

  function line(
    outcome: TestResult["outcome"],
    data: { name: string; nesting: number },
    detail: string,
  ): string {
    const name = [...path.slice(0, data.nesting), data.name].join(" › ");
    return `${JSON.stringify({ outcome, name, detail } satisfies TestResult)}\n`;
  }
}

/** node:test wraps what a test threw; the cause is what one wants to read. */
function describe(error: Error): string {
  const cause = error.cause ?? error;
  if (!(cause instanceof Error)) return String(cause);
  return cause.stack?.includes(cause.message) ? cause.stack : `${cause.message}\n${cause.stack ?? ""}`;
}
