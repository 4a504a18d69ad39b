import { mkdirSync, rmSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Daemon, startDaemon } from "../kubernetes/cluster/daemon.ts";
import { freePort } from "../postgres-server.ts";
import { ensurePackages } from "../system-packages.ts";

export interface NginxOptions {
  /** Directives inside `server`, such as `location /events { proxy_pass http://127.0.0.1:8080; }`. */
  server?: string[];
  /** Directives inside `http`, such as `map` and `log_format`. */
  http?: string[];
  /** Files it serves, by their path below the root. */
  files?: Record<string, string | Uint8Array>;
  /** Turns TLS on. Paths of PEM files; with `clientAuthority` clients must show a certificate of that authority. */
  tls?: { certificate: string; key: string; clientAuthority?: string };
}

export interface Nginx {
  /** `http://127.0.0.1:PORT`, or `https`. */
  url: string;
  host: string;
  port: number;
  /** The folder it serves; tests may put files there. */
  root: string;
  /** A line for each request that has ended: `METHOD URI STATUS BYTES`, where bytes are those of the body. */
  accesses(): Promise<string[]>;
  /** What it said: its last lines. */
  log(): string;
  /** Ends it and removes its files. */
  stop(): Promise<void>;
}

const HOST = "127.0.0.1";
const PORT_TAKEN = /Address already in use/;

/**
 * Starts a real nginx on a free port of loopback, which serves the files of `root`, by ranges too, compressed where the
 * client takes that. It does not survive the process that started it.
 */
export async function startNginx(options: NginxOptions = {}): Promise<Nginx> {
  ensurePackages(["nginx-light"]);
  const folder = await mkdtemp(join(tmpdir(), "sallyport-nginx-"));
  const removeFiles = () => rmSync(folder, { recursive: true, force: true });
  process.on("exit", removeFiles);
  const root = join(folder, "root");
  mkdirSync(root);
  for (const [name, content] of Object.entries(options.files ?? {})) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), content);
  }
  try {
    for (let attempt = 1; attempt <= 5; attempt++) {
      const port = await freePort();
      const configuration = join(folder, "nginx.conf");
      await writeFile(configuration, configure(folder, root, port, options));
      const daemon = await startDaemon(
        "/usr/sbin/nginx",
        ["-p", folder, "-e", "stderr", "-c", configuration],
        {
          ready: /start worker process /,
          portTaken: PORT_TAKEN,
        },
      );
      if (daemon !== undefined) return running(daemon, port);
    }
    throw new Error("nginx found no free port in five attempts");
  } catch (error) {
    process.off("exit", removeFiles);
    removeFiles();
    throw error;
  }

  function running(daemon: Daemon, port: number): Nginx {
    return {
      ...{ host: HOST, port, root, log: daemon.log },
      url: `${options.tls === undefined ? "http" : "https"}://${HOST}:${port}`,
      async accesses() {
        const log = await readFile(join(folder, "access.log"), "utf8");
        return log.split("\n").filter((line) => line !== "");
      },
      async stop() {
        await daemon.stop();
        process.off("exit", removeFiles);
        await rm(folder, { recursive: true, force: true });
      },
    };
  }
}

function configure(folder: string, root: string, port: number, options: NginxOptions): string {
  const { tls, http = [], server = [] } = options;
  const encrypted =
    tls === undefined ? [] : [`ssl_certificate ${tls.certificate};`, `ssl_certificate_key ${tls.key};`];
  if (tls?.clientAuthority !== undefined) {
    encrypted.push(`ssl_client_certificate ${tls.clientAuthority};`, "ssl_verify_client on;");
  }
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${join(folder, name)};`,
  );
  return [
    "daemon off;",
    // As root its workers would be another user's, who may not read the folder.
    ...(process.getuid?.() === 0 ? ["user root;"] : []),
    `pid ${join(folder, "pid")};`,
    "worker_processes 1;",
    "error_log stderr notice;",
    "events { worker_connections 1024; }",
    "http {",
    ...temporary,
    "types { text/html html; text/plain txt; application/json json; application/octet-stream bin; }",
    "default_type application/octet-stream;",
    "log_format sallyport '$request_method $request_uri $status $body_bytes_sent';",
    `access_log ${join(folder, "access.log")} sallyport;`,
    "gzip on; gzip_min_length 0; gzip_types text/plain application/json;",
    ...http,
    "server {",
    `listen ${HOST}:${port}${tls === undefined ? "" : " ssl"};`,
    `root ${root};`,
    ...encrypted,
    ...server,
    "}",
    "}",
    "",
  ].join("\n");
}
