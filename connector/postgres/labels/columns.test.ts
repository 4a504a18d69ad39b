import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readColumns } from "./columns.ts";

const ROW = ["public", "t", "f", "0", "c", "text", "f", "", "t", null, null, null];
const read = (...rows: (string | null)[][]) => readColumns({ query: async () => rows }, []);
const changed = (at: number, value: string | null) => ROW.map((one, index) => (index === at ? value : one));

describe("the columns of a database", () => {
  test("are read by relation, in their order", async () => {
    const { relations, complete } = await read(ROW, changed(4, "d"), changed(1, "u"));
    assert.deepEqual(
      relations.map(({ relation, columns }) => [relation, ...columns.map(({ column }) => column)]),
      [
        ["t", "c", "d"],
        ["u", "c"],
      ],
    );
    assert.equal(complete, true);
  });

  test("have a family only by PostgreSQL's own types", async () => {
    for (const [type, family] of [
      ["varchar", "text"],
      ["jsonb", "json"],
      ["mood", "other"],
      ["constructor", "other"],
    ] as const) {
      assert.equal((await read(changed(5, type))).relations[0]!.columns[0]!.family, family);
    }
  });

  test("that no PostgreSQL has are a violation", async () => {
    const bad = [
      ROW.slice(1),
      changed(0, null),
      changed(4, ""),
      changed(4, "x".repeat(64)),
      changed(1, "a\0b"),
    ];
    for (const row of [...bad, changed(11, "é".repeat(32))])
      await assert.rejects(read(row), { code: "protocol_violation" }, JSON.stringify(row));
  });

  test("are asked for with names as constants", async () => {
    let asked = "";
    const source = {
      query: async (sql: string) => {
        asked = sql;
        return [];
      },
    };
    await readColumns(source, ["a'; DROP TABLE t; --", "\\", "$&"]);
    assert.ok(asked.includes(String.raw`ARRAY[E'a''; DROP TABLE t; --',E'\\',E'$&']`), asked);
  });
});
