import assert from "node:assert/strict";
import { test } from "node:test";
import { splitStatements } from "./migrations.ts";

test("a migration splits at line ends with ';', not inside a trigger, without comment lines", () => {
  assert.deepEqual(
    splitStatements(
      "-- first\nCREATE TABLE a (x TEXT DEFAULT ';'); -- why\n\nCREATE TRIGGER t AFTER INSERT ON a BEGIN\n  DELETE FROM a;\n  SELECT 1;\nEND;\nINSERT INTO a\nVALUES ('b')",
    ),
    [
      "CREATE TABLE a (x TEXT DEFAULT ';'); -- why",
      "CREATE TRIGGER t AFTER INSERT ON a BEGIN\n  DELETE FROM a;\n  SELECT 1;\nEND;",
      "INSERT INTO a\nVALUES ('b')",
    ],
  );
});
