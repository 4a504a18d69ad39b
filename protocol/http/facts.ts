/** What was proved of a request to an HTTP or Kubernetes target, beside what `HttpRequest` says. */
export type ExchangeFacts = HttpFacts | KubernetesFacts;

/** How a body was read: `none` there is none, `unread` it is streamed or of a type that isn't understood. */
export type BodyForm = "none" | "json" | "form" | "text" | "unread";

export interface HttpFacts {
  type: "http";
  /** Decoded segments of the path joined by `/`, with a leading one; every form that servers differ on was refused before. */
  path: string;
  /** Parameters of the query, decoded, in order. */
  query: readonly (readonly [name: string, value: string])[];
  bodyForm: BodyForm;
  /** Leaves of a JSON body or fields of a form: `user.roles[]`, with their values as text. In order; bounded. */
  fields: readonly (readonly [path: string, value: string])[];
  /** Why not all of the body is in `fields`, in words; empty where it is. */
  opaque: readonly string[];
}

/** What a body that the API server would store, or a patch, holds. */
export interface KubernetesFacts {
  type: "kubernetes";
  bodyForm: BodyForm;
  /** Of each object in the body: `apps/Deployment`, `Pod`. */
  kinds: readonly string[];
  /** What `spec.replicas` would be; null where the body says nothing of it. */
  replicas: number | null;
  /** Images of containers. */
  images: readonly string[];
  /** What of a pod's specification gives rights on the node or more: `privileged`, `hostPath`, `hostNetwork`, `hostPID`, `capabilities`, … */
  rights: readonly string[];
  /** Service accounts that pods would run as. */
  serviceAccounts: readonly string[];
  /** `key=value`, of the objects and of pods' templates. */
  labels: readonly string[];
  /** It changes who may do what: roles, bindings, service accounts' tokens, certificates, admission. */
  rbac: boolean;
  /** Paths of the body's leaves that change something: `spec.replicas`; bounded. */
  fields: readonly string[];
  /** `dryRun=All`: nothing is kept. */
  dryRun: boolean;
  /** The command line of `exec`, from the query. */
  command: readonly string[];
  /** Why not all of it was understood, in words; empty where it was. */
  opaque: readonly string[];
}
