process.env.LONG = "1";
await import("./slow-reader.test.ts");
