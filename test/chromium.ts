import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import WebSocket from "ws";

const PROGRAMS = ["chromium-headless-shell", "chromium", "google-chrome"];
/** How long a page may take, ms. */
const PATIENCE_MS = 120_000;

/** A real browser with one page, driven by the DevTools protocol. */
export interface Chromium {
  /** Opens an address as a person who types it. Resolves when the page has loaded. */
  open(url: string): Promise<void>;
  /** Clicks what the selector finds first, and waits for the page that it leads to. */
  click(selector: string): Promise<void>;
  /** Puts the cursor into a field and types there; `\r` is Enter. */
  type(selector: string, text: string): Promise<void>;
  /** The value of an expression in the page. */
  read<T>(expression: string): Promise<T>;
  /** A PNG of the page, this many pixels wide. */
  screenshot(width: number, dark: boolean): Promise<Buffer>;
  /** What the browser complained of, such as a Content-Security-Policy that it enforced. */
  readonly complaints: string[];
  stop(): Promise<void>;
}

interface Message {
  id?: number;
  method?: string;
  params?: Record<string, unknown>;
  result?: Record<string, unknown>;
  error?: { message: string };
}

export async function startChromium(): Promise<Chromium> {
  const program = PROGRAMS.find((name) => spawnSync(name, ["--version"], { stdio: "ignore" }).status === 0);
  if (program === undefined) throw new Error(`none of ${PROGRAMS.join(", ")} is installed`);
  const profile = mkdtempSync(join(tmpdir(), "sallyport-chromium-"));
  const child = spawn(
    program,
    [
      ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"],
      ...["--remote-debugging-port=0", `--user-data-dir=${profile}`, "about:blank"],
    ],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  const exited = once(child, "exit");
  let endpoint = "";
  for await (const line of createInterface({ input: child.stderr! })) {
    endpoint = /^DevTools listening on (\S+)/.exec(line)?.[1] ?? "";
    if (endpoint !== "") break;
  }
  child.stderr!.resume();
  if (endpoint === "") throw new Error(`${program} did not start`);
  const targets = (await (await fetch(`http://${new URL(endpoint).host}/json/list`)).json()) as {
    type: string;
    webSocketDebuggerUrl: string;
  }[];
  const socket = new WebSocket(targets.find(({ type }) => type === "page")!.webSocketDebuggerUrl);
  await once(socket, "open");

  const complaints: string[] = [];
  const waiting = new Map<number, (message: Message) => void>();
  let loaded: (() => void) | undefined;
  socket.on("message", (data) => {
    const message = JSON.parse(String(data)) as Message;
    if (message.id !== undefined) waiting.get(message.id)?.(message);
    if (message.method === "Page.loadEventFired") loaded?.();
    if (message.method === "Log.entryAdded") complaints.push(JSON.stringify(message.params));
  });
  let last = 0;
  const send = (method: string, params: object = {}): Promise<Record<string, unknown>> => {
    const id = ++last;
    const { promise, resolve, reject } = Promise.withResolvers<Record<string, unknown>>();
    waiting.set(id, ({ result, error }) => {
      waiting.delete(id);
      if (error) reject(new Error(`${method}: ${error.message}`));
      else resolve(result ?? {});
    });
    socket.send(JSON.stringify({ id, method, params }));
    return promise;
  };
  const loading = async (act: () => Promise<unknown>): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => reject(new Error("the page did not load")), PATIENCE_MS);
    loaded = resolve;
    await act();
    await promise.finally(() => clearTimeout(timer));
  };
  const read = async <T>(expression: string): Promise<T> => {
    const { result, exceptionDetails } = (await send("Runtime.evaluate", {
      expression,
      returnByValue: true,
      awaitPromise: true,
    })) as { result: { value: T }; exceptionDetails?: object };
    if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails));
    return result.value;
  };
  /** The middle of what a selector finds, where a person would put the pointer. */
  const place = (selector: string) =>
    read<{ x: number; y: number }>(`(() => {
      const element = document.querySelector(${JSON.stringify(selector)});
      element.scrollIntoView({ block: "center" });
      const { x, y, width, height } = element.getBoundingClientRect();
      return { x: x + width / 2, y: y + height / 2 };
    })()`);
  const press = async (selector: string) => {
    const at = { ...(await place(selector)), button: "left", clickCount: 1 };
    await send("Input.dispatchMouseEvent", { type: "mousePressed", ...at });
    await send("Input.dispatchMouseEvent", { type: "mouseReleased", ...at });
  };
  for (const domain of ["Page", "Runtime", "Log", "Network"]) await send(`${domain}.enable`);
  return {
    complaints,
    read,
    open: (url) => loading(() => send("Page.navigate", { url })),
    click: (selector) => loading(() => press(selector)),
    async type(selector, text) {
      await press(selector);
      for (const character of text) {
        const key = character === "\r" ? { key: "Enter", code: "Enter", windowsVirtualKeyCode: 13 } : {};
        await send("Input.dispatchKeyEvent", { type: "keyDown", text: character, ...key });
        await send("Input.dispatchKeyEvent", { type: "keyUp", ...key });
      }
    },
    async screenshot(width, dark) {
      const features = [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }];
      await send("Emulation.setEmulatedMedia", { features });
      await send("Emulation.setDeviceMetricsOverride", {
        width,
        height: 900,
        deviceScaleFactor: 1,
        mobile: width < 600,
      });
      const { data } = await send("Page.captureScreenshot", { captureBeyondViewport: true });
      return Buffer.from(String(data), "base64");
    },
    async stop() {
      // Killed, it would leave processes of its own behind, which hold on to our pipe.
      await send("Browser.close");
      await exited;
      socket.terminate();
      child.stderr!.destroy();
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
