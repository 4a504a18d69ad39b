import type { SessionEffect } from "../facts.ts";
import type { NodeBody } from "../tree.ts";

export const TRANSACTION_TAGS: Readonly<Record<string, string>> = {
  TRANS_STMT_BEGIN: "BEGIN",
  TRANS_STMT_START: "START TRANSACTION",
  TRANS_STMT_COMMIT: "COMMIT",
  TRANS_STMT_ROLLBACK: "ROLLBACK",
  TRANS_STMT_ROLLBACK_TO: "ROLLBACK",
  TRANS_STMT_SAVEPOINT: "SAVEPOINT",
  TRANS_STMT_RELEASE: "RELEASE",
  TRANS_STMT_PREPARE: "PREPARE TRANSACTION",
  TRANS_STMT_COMMIT_PREPARED: "COMMIT PREPARED",
  TRANS_STMT_ROLLBACK_PREPARED: "ROLLBACK PREPARED",
};

export function transactionSession({ kind, chain }: NodeBody<"TransactionStmt">): SessionEffect[] {
  const next: SessionEffect[] = chain ? [{ kind: "begin" }] : [];
  switch (kind) {
    case "TRANS_STMT_BEGIN":
    case "TRANS_STMT_START":
      return [{ kind: "begin" }];
    case "TRANS_STMT_COMMIT":
      return [{ kind: "commit" }, ...next];
    // The transaction leaves the session: what was local to it ends as with COMMIT.
    case "TRANS_STMT_PREPARE":
      return [{ kind: "commit" }];
    case "TRANS_STMT_ROLLBACK":
      return [{ kind: "rollback" }, ...next];
    case "TRANS_STMT_ROLLBACK_TO":
      return [{ kind: "rollback-to" }];
    default:
      return [];
  }
}
