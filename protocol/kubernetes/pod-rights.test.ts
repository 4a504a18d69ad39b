import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { APPLY, create, DEPLOYMENT, facts, MERGE, operations, STRATEGIC } from "./testing.ts";

/** A pod template where resources have one. */
const IN: Record<string, (spec: object) => object> = {
  Pod: (spec) => ({ apiVersion: "v1", kind: "Pod", spec }),
  Deployment: (spec) => ({ apiVersion: "apps/v1", kind: "Deployment", spec: { template: { spec } } }),
  CronJob: (spec) => ({
    apiVersion: "batch/v1",
    kind: "CronJob",
    spec: { jobTemplate: { spec: { template: { spec } } } },
  }),
  PodTemplate: (spec) => ({ apiVersion: "v1", kind: "PodTemplate", template: { spec } }),
  ControllerRevision: (spec) => ({
    apiVersion: "apps/v1",
    kind: "ControllerRevision",
    data: { spec: { template: { spec } } },
  }),
  List: (spec) => ({ apiVersion: "v1", kind: "List", items: [{ apiVersion: "v1", kind: "Pod", spec }] }),
  "a resource that isn't known": (spec) => ({
    apiVersion: "acme.com/v1",
    kind: "Farm",
    spec: { pools: [{ workers: { podSpec: spec } }] },
  }),
};

describe("what a pod would be given", () => {
  const container = (securityContext: object) => ({ containers: [{ name: "a", securityContext }] });
  const volume = (source: object) => ({ volumes: [{ name: "v", ...source }] });
  const rights: [right: string, spec: object][] = [
    ["privileged", container({ privileged: true })],
    ["privileged", { initContainers: [{ securityContext: { privileged: true } }] }],
    ["privileged", { ephemeralContainers: [{ securityContext: { privileged: true } }] }],
    ["allowPrivilegeEscalation", container({ allowPrivilegeEscalation: true })],
    ["hostNetwork", { hostNetwork: true }],
    ["hostPID", { hostPID: true }],
    ["hostIPC", { hostIPC: true }],
    ["hostPath", volume({ hostPath: { path: "/" } })],
    ["hostPort", { containers: [{ ports: [{ containerPort: 80, hostPort: 80 }] }] }],
    ["capabilities", container({ capabilities: { add: ["SYS_ADMIN"] } })],
    ["capabilities", container({ capabilities: { add: ["CHOWN", "ALL"] } })],
    ["capabilities", container({ capabilities: { add: ["sys_admin"] } })],
    ["runAsRoot", container({ runAsUser: 0 })],
    ["runAsRoot", { securityContext: { runAsUser: 0 } }],
    ["runAsRoot", container({ runAsNonRoot: false })],
    ["procMount", container({ procMount: "Unmasked" })],
    ["sysctls", { securityContext: { sysctls: [{ name: "kernel.msgmax", value: "1" }] } }],
    ["seLinux", container({ seLinuxOptions: { type: "spc_t" } })],
    ["unconfined", container({ seccompProfile: { type: "Unconfined" } })],
    ["unconfined", container({ appArmorProfile: { type: "Unconfined" } })],
    ["hostProcess", { securityContext: { windowsOptions: { hostProcess: true } } }],
    ["serviceAccountToken", volume({ projected: { sources: [{ serviceAccountToken: { path: "t" } }] } })],
    ["flexVolume", volume({ flexVolume: { driver: "x" } })],
    ["nodeName", { nodeName: "control-plane" }],
    ["hostProbe", { containers: [{ livenessProbe: { httpGet: { host: "169.254.169.254", port: 80 } } }] }],
  ];
  for (const [right, spec] of rights) {
    test(`is ${right} by ${JSON.stringify(spec)}, wherever it stands`, () => {
      for (const [kind, object] of Object.entries(IN)) {
        const told = create(object(spec));
        assert.deepEqual(told.rights, [right], kind);
        assert.deepEqual(told.opaque, []);
      }
    });
    test(`is ${right} by ${JSON.stringify(spec)} in every kind of patch`, () => {
      const object = { spec: { template: { spec } } };
      for (const type of [MERGE, STRATEGIC, APPLY])
        assert.deepEqual(facts("PATCH", DEPLOYMENT, type, object).rights, [right]);
      for (const op of ["add", "replace"]) {
        assert.deepEqual(operations({ op, path: "/spec/template/spec", value: spec }).rights, [right]);
        assert.deepEqual(operations({ op, path: "", value: object }).rights, [right]);
      }
    });
  }

  test("is seen where a JSON patch sets that value alone", () => {
    const at = "/spec/template/spec/containers";
    const cases: [path: string, value: unknown, right: string][] = [
      [`${at}/0/securityContext/privileged`, true, "privileged"],
      [`${at}/-`, { securityContext: { privileged: true } }, "privileged"],
      [`${at}/0/securityContext/capabilities/add`, ["SYS_PTRACE"], "capabilities"],
      [`${at}/0/securityContext/capabilities/add/0`, "SYS_PTRACE", "capabilities"],
      [`${at}/0/securityContext/capabilities/add/-`, "SYS_PTRACE", "capabilities"],
      [`${at}/0/ports/0/hostPort`, 80, "hostPort"],
      ["/spec/template/spec/volumes/0/hostPath/path", "/", "hostPath"],
      ["/spec/template/spec/hostNetwork", true, "hostNetwork"],
      ["/spec/template/spec/host~0Network".replace("~0", ""), true, "hostNetwork"],
      ["/spec/template/spec/securityContext/sysctls/0", { name: "a" }, "sysctls"],
      [`${at}/0/securityContext/seccompProfile/type`, "Unconfined", "unconfined"],
      [`${at}/0/livenessProbe/httpGet/host`, "10.0.0.1", "hostProbe"],
      [
        "/spec/template/metadata/annotations/container.apparmor.security.beta.kubernetes.io~1a",
        "unconfined",
        "unconfined",
      ],
    ];
    for (const [path, value, right] of cases) {
      assert.deepEqual(operations({ op: "add", path, value }).rights, [right], path);
    }
  });

  test("is nothing where it is none of that", () => {
    const spec = {
      hostNetwork: false,
      nodeName: "",
      containers: [
        {
          image: "a",
          securityContext: {
            privileged: false,
            allowPrivilegeEscalation: false,
            runAsUser: 1000,
            runAsNonRoot: true,
            procMount: "Default",
            capabilities: { add: ["NET_BIND_SERVICE"], drop: ["ALL"] },
            seccompProfile: { type: "RuntimeDefault" },
          },
          ports: [{ containerPort: 80, hostPort: 0 }],
          livenessProbe: { httpGet: { port: 80 } },
        },
      ],
    };
    for (const object of Object.values(IN)) assert.deepEqual(create(object(spec)).rights, []);
    const config = {
      apiVersion: "v1",
      kind: "ConfigMap",
      data: { hostPID: "true", privileged: "true", runAsUser: "0" },
    };
    assert.deepEqual(create(config).rights, []);
    const labels = {
      metadata: { labels: { nodeName: "x", image: "y" }, annotations: { serviceAccountName: "z" } },
    };
    assert.deepEqual(create(labels).rights, []);
    assert.deepEqual(create(labels).images, []);
    assert.deepEqual(create(labels).serviceAccounts, []);
  });

  test("is not hidden by how a number is written", () => {
    for (const zero of ["0", "-0", "0.0", "0e5"]) {
      assert.deepEqual(create(`{"spec":{"securityContext":{"runAsUser":${zero}}}}`).rights, ["runAsRoot"]);
    }
  });
});
