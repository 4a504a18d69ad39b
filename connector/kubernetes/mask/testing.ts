import type { RequestInfo } from "../../../protocol/kubernetes/request-info.ts";
import { info, sight } from "../../http/mask/testing.ts";

/** What none of the answers may show, in any form that is easily turned back. */
export const SECRET = "hunter2-hunter2";
export const BASE64 = Buffer.from(SECRET).toString("base64");
export const LAST = "kubectl.kubernetes.io/last-applied-configuration";
export const SEEN = sight("kubernetes", {
  labels: {
    "configmaps $.data['db.password']": "app.db",
    "configmaps $.binaryData.key": "app.db",
    "* $.metadata.annotations['internal/'*]": "app.note",
    "widgets.example.com $.spec.credential": "app.widget",
  },
  masks: {
    "app.db": { mask: "hash" },
    "app.note": { mask: "null" },
    "app.widget": { mask: "constant", value: "hidden" },
  },
});

export const secret = { metadata: { name: "s" }, data: { password: BASE64 }, type: "Opaque" };
export const whole = { kind: "Secret", apiVersion: "v1", ...secret };
export const sorted = { apiVersion: "v1", data: { password: BASE64 }, kind: "Secret", metadata: {} };
export const applied = { metadata: { name: "s", annotations: { [LAST]: `${JSON.stringify(sorted)}\n` } } };
export const env = [
  { name: "LANG", value: "C" },
  { name: "DB_PASSWORD", value: SECRET },
];
export const podSpec = { containers: [{ name: "c", image: "nginx", env }] };
export const pod = { kind: "Pod", apiVersion: "v1", metadata: { name: "p" }, spec: podSpec };

export const secrets: RequestInfo = info("secrets");
export const pods: RequestInfo = info("pods");
