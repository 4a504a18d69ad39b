process.env.LONG = "1";
await import("./hostile-fuzz.test.ts");
