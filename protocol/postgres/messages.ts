/** The messages of PostgreSQL's protocol: what each side builds and parses. */
export * from "./backend.ts";
export * from "./frontend.ts";
export * from "./message-types.ts";
