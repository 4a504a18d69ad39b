/**
 * Each `fetch` of a process that imports this has a connection of its own. workerd closes the connection of a request
 * whose body nobody has read once that is answered, and announces it in no field: whatever `fetch` sends on it next,
 * before it hears of that, fails with "other side closed".
 */
interface Undici {
  constructor: new (options: { pipelining: number }) => object;
}

const DISPATCHER = Symbol.for("undici.globalDispatcher.1");

// Node makes its dispatcher, of a class that it exports in no other way, when any of its web classes is first used.
void Response;
const own: Undici = Reflect.get(globalThis, DISPATCHER);
Reflect.set(globalThis, DISPATCHER, new own.constructor({ pipelining: 0 }));

export {};
