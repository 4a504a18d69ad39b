process.env.LONG = "1";
await import("./faults.test.ts");
