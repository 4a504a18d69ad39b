process.env.LONG = "1";
await import("./interrupted.test.ts");
