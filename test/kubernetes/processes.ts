import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** What a program has said so far, and how it ended. */
export class Running {
  readonly child: ChildProcess;
  stdout = "";
  stderr = "";
  readonly #ended: Promise<number | null>;
  #news = Promise.withResolvers<void>();
  #isOver = false;

  constructor(child: ChildProcess) {
    this.child = child;
    for (const name of ["stdout", "stderr"] as const) {
      child[name]!.setEncoding("utf8").on("data", (text: string) => {
        this[name] += text;
        this.#tell();
      });
    }
    child.stdin!.on("error", () => {});
    this.#ended = once(child, "close").then(([status]) => {
      this.#isOver = true;
      this.#tell();
      return status as number | null;
    });
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Waits until its standard output says this. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.stdout);
      if (match !== null) return match;
      if (this.#isOver) throw new Error(`it ended and had said: ${this.stdout}${this.stderr}`);
      await this.#news.promise;
    }
  }

  /** Its exit status. */
  get ended(): Promise<number | null> {
    return this.#ended;
  }

  async end(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    this.child.kill(signal);
    await this.#ended;
  }

  #tell(): void {
    const told = this.#news;
    this.#news = Promise.withResolvers();
    told.resolve();
  }
}

/** Waits until a process is gone; whether it went in time. */
export async function isGone(pid: number, withinMs = 60_000): Promise<boolean> {
  for (const until = performance.now() + withinMs; performance.now() < until; await sleep(50)) {
    if (!existsSync(`/proc/${pid}`)) return true;
  }
  return false;
}

/** A Pod that runs at once. */
export const podNamed = (name: string, more: object = {}) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, labels: { app: name } },
  spec: {
    nodeName: "node-1",
    terminationGracePeriodSeconds: 0,
    containers: [{ name: "main", image: "registry.test/app:1", ...more }],
  },
});

export const deploymentNamed = (name: string, replicas = 1) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: "main", image: "app:1" }] },
    },
  },
});

/** A Helm chart of one ConfigMap, in a folder of its own, whose path is the answer. */
export async function tinyChart(folder: string): Promise<string> {
  const chart = join(folder, "tiny");
  await mkdir(join(chart, "templates"), { recursive: true });
  await writeFile(join(chart, "Chart.yaml"), "apiVersion: v2\nname: tiny\nversion: 1.0.0\n");
  await writeFile(join(chart, "values.yaml"), "greeting: hello\n");
  await writeFile(
    join(chart, "templates/configmap.yaml"),
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\ndata: {greeting: {{ .Values.greeting }}}\n",
  );
  return chart;
}
