process.env.LONG = "1";
await import("./idle.test.ts");
