process.env.LONG = "1";
await import("./edge-killed.test.ts");
