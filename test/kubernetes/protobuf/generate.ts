// Writes what Kubernetes' own Go types say of objects in protobuf:
//   node test/kubernetes/protobuf/generate.ts
// To be run once the version in test/kubernetes/cluster/binaries.ts is another one.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { kubernetesBinaries } from "../cluster/binaries.ts";

const FOLDER = join(import.meta.dirname, "../../../connector/kubernetes/protobuf");
/** Random objects of each kind: empty, full, sparse, dense. */
const VARIETIES = 4;
const SPARSE = 2;
const SEED = 1;
/** Of which kinds a sparse object is an example; an empty one, too, of the first. */
const EXAMPLES = [
  ...["v1 ConfigMap", "v1 Secret", "v1 Pod", "apps/v1 Deployment", "rbac.authorization.k8s.io/v1 Role"],
  ...["v1 Service", "v1 ServiceAccount", "v1 Namespace", "v1 Node", "v1 PersistentVolume", "v1 Event"],
  ...["v1 PersistentVolumeClaim", "v1 Binding", "v1 DeleteOptions", "v1 ResourceQuota", "v1 Endpoints"],
  ...["apps/v1 StatefulSet", "apps/v1 ControllerRevision", "batch/v1 CronJob", "policy/v1 Eviction"],
  ...["autoscaling/v1 Scale", "autoscaling/v1 HorizontalPodAutoscaler", "events.k8s.io/v1 Event"],
  ...["autoscaling/v2 HorizontalPodAutoscaler", "policy/v1 PodDisruptionBudget", "storage.k8s.io/v1 CSINode"],
  ...["rbac.authorization.k8s.io/v1 RoleBinding", "authentication.k8s.io/v1 TokenRequest"],
  ...["authorization.k8s.io/v1 SubjectAccessReview", "certificates.k8s.io/v1 CertificateSigningRequest"],
  ...["apiextensions.k8s.io/v1 CustomResourceDefinition", "apiregistration.k8s.io/v1 APIService"],
  ...["admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration", "networking.k8s.io/v1 Ingress"],
  ...[
    "networking.k8s.io/v1 NetworkPolicy",
    "coordination.k8s.io/v1 Lease",
    "resource.k8s.io/v1 ResourceClaim",
  ],
  ...["resource.k8s.io/v1 ResourceSlice", "discovery.k8s.io/v1 EndpointSlice", "node.k8s.io/v1 RuntimeClass"],
];
const WITH_EMPTY = 5;

/** An object in protobuf (Base64), and the JSON that Go's library makes of it. */
export interface Example {
  apiVersion: string;
  kind: string;
  protobuf: string;
  json: string;
}

/** The program that tells; null where it can't be had, with the reason. */
export function reference(): { program: string } | { missing: string } {
  const binaries = kubernetesBinaries();
  if ("missing" in binaries) return binaries;
  return binaries.protobuf === null
    ? { missing: "the reference for protobuf could not be built" }
    : { program: binaries.protobuf };
}

/** What should stand in these files, by name. */
export function generated(program: string): Record<string, string> {
  const table = execFileSync(program, ["table"], { encoding: "utf8" });
  const [kinds, messages] = table.replace(/^KINDS\n/, "").split("MESSAGES\n") as [string, string];
  return {
    "messages.ts": [
      "// Made by test/kubernetes/protobuf/generate.ts of the Go types of Kubernetes.",
      "",
      "/** Of each version, and the folder of its messages, the kinds. */",
      `export const KINDS = \`\n${kinds}\`;`,
      "",
      "/** Of each message the fields: name in JSON, number, type. `test/kubernetes/protobuf/reference/table.go` has the form. */",
      `export const MESSAGES = \`\n${messages}\`;`,
      "",
    ].join("\n"),
    "examples.jsonl": examples(program)
      .map((example) => `${JSON.stringify(example)}\n`)
      .join(""),
  };
}

function examples(program: string): Example[] {
  const made = randomObjects(program, SEED, VARIETIES);
  return EXAMPLES.flatMap((name, index) => {
    const all = made.filter(({ apiVersion, kind }) => `${apiVersion} ${kind}` === name);
    return index < WITH_EMPTY ? [all[0]!, all[SPARSE]!] : [all[SPARSE]!];
  });
}

/** `count` objects of each kind. */
export function randomObjects(program: string, seed: number, count: number): Example[] {
  const lines = execFileSync(program, ["objects", String(seed), String(count)], {
    encoding: "utf8",
    maxBuffer: 1 << 30,
  });
  return lines
    .trimEnd()
    .split("\n")
    .map((line) => {
      const [apiVersion, kind, protobuf, json] = line.split(" ") as [string, string, string, string];
      return { apiVersion, kind, protobuf, json: Buffer.from(json, "base64").toString().trimEnd() };
    });
}

/** What stands in a file now. */
export function committed(name: string): string {
  return readFileSync(join(FOLDER, name), "utf8");
}

if (import.meta.main) {
  const found = reference();
  if ("missing" in found) throw new Error(found.missing);
  for (const [name, text] of Object.entries(generated(found.program)))
    writeFileSync(join(FOLDER, name), text);
}
