process.env.LONG = "1";
await import("./killed.test.ts");
