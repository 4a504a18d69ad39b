process.env.LONG = "1";
await import("./fuzz.test.ts");
