/** What the tests use of dynalite, which has no types of its own. */
declare module "dynalite" {
  import type { Server } from "node:http";

  /** In memory unless `path` says where. */
  export default function dynalite(options?: {
    path?: string;
    createTableMs?: number;
    deleteTableMs?: number;
    updateTableMs?: number;
  }): Server;
}
