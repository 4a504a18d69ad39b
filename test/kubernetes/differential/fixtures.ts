/** What each side of a comparison finds in its namespace. */
const CONTAINER = { name: "main", image: "registry.test/app:1" };
const pod = (name: string, labels: Record<string, string>, ...more: object[]) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, labels },
  spec: { nodeName: "node-1", terminationGracePeriodSeconds: 0, containers: [CONTAINER, ...more] },
});
const workload = (kind: string, name: string, spec: object) => ({
  apiVersion: "apps/v1",
  kind,
  metadata: { name, labels: { app: name } },
  spec: {
    ...spec,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ ...CONTAINER, env: [{ name: "MODE", value: "test" }] }] },
    },
  },
});

export const FIXTURES: readonly object[] = [
  pod("web-1", { app: "web", tier: "front" }),
  pod("web-2", { app: "web", tier: "back" }),
  pod("pair", { app: "pair" }, { name: "second", image: "registry.test/side:1" }),
  workload("Deployment", "web", { replicas: 2 }),
  workload("StatefulSet", "store", { replicas: 1, serviceName: "store" }),
  workload("DaemonSet", "agent", {}),
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "web" },
    spec: { selector: { app: "web" }, clusterIP: "None", ports: [{ port: 80, targetPort: 8080 }] },
  },
  {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "settings", annotations: { note: "naïve ☃" } },
    data: { greeting: "hello", long: "line\n".repeat(40), unusual: '♥ \u0007 "quoted" <b>&' },
    binaryData: { raw: Buffer.from([0, 255, 1, 254]).toString("base64") },
  },
  {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "db" },
    stringData: { user: "app", password: "hunter2-long-enough" },
  },
  { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "robot" } },
  {
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: { name: "nightly" },
    spec: {
      schedule: "0 3 * * *",
      jobTemplate: { spec: { template: { spec: { restartPolicy: "Never", containers: [CONTAINER] } } } },
    },
  },
  {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "Role",
    metadata: { name: "reader" },
    rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get", "list"] }],
  },
  {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: { name: "web" },
    spec: {
      rules: [
        {
          host: "web.test",
          http: {
            paths: [
              { path: "/", pathType: "Prefix", backend: { service: { name: "web", port: { number: 80 } } } },
            ],
          },
        },
      ],
    },
  },
];

export const yaml = (...items: object[]): string => JSON.stringify({ apiVersion: "v1", kind: "List", items });

export const configMap = (name: string, data: Record<string, string> = { a: "1" }) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name },
  data,
});
