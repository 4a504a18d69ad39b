import type { JsonValue } from "../http/json.ts";
import { hasFreeNames, memberAt, type Place, wholeNumber } from "./walk.ts";

/** A right of pods that a member gives, wherever it stands: its value, and the names that lead to it. */
type Rule = (value: JsonValue, place: Place) => boolean;

const isTrue: Rule = (value) => value === true;
const isText: Rule = (value) => typeof value === "string" && value !== "";
const isSet: Rule = (value) => value !== null;
const isFilled: Rule = (value) => Array.isArray(value) && value.length > 0;
const isZero: Rule = (value) => wholeNumber(value) === 0;

/** What container runtimes grant anyway (the baseline of Kubernetes' Pod Security Standards). */
const USUAL_CAPABILITIES: ReadonlySet<JsonValue> = new Set([
  ...["AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE"],
  ...["SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"],
]);

/** Names of members, and the rights that they give. */
const RULES: Readonly<Record<string, { right: string; gives: Rule }>> = {
  privileged: { right: "privileged", gives: isTrue },
  allowPrivilegeEscalation: { right: "allowPrivilegeEscalation", gives: isTrue },
  hostNetwork: { right: "hostNetwork", gives: isTrue },
  hostPID: { right: "hostPID", gives: isTrue },
  hostIPC: { right: "hostIPC", gives: isTrue },
  hostProcess: { right: "hostProcess", gives: isTrue },
  hostPath: { right: "hostPath", gives: isSet },
  // A persistent volume on a node's own disk.
  local: { right: "hostPath", gives: (value) => typeof memberAt(value, "path") === "string" },
  hostPort: { right: "hostPort", gives: (value) => isSet(value, []) && !isZero(value, []) },
  add: { right: "capabilities", gives: addsCapabilities },
  runAsUser: { right: "runAsRoot", gives: isZero },
  runAsNonRoot: { right: "runAsRoot", gives: (value) => value === false },
  procMount: { right: "procMount", gives: (value) => isText(value, []) && value !== "Default" },
  sysctls: { right: "sysctls", gives: isFilled },
  seLinuxOptions: { right: "seLinux", gives: isSet },
  seccompProfile: { right: "unconfined", gives: isUnconfined },
  appArmorProfile: { right: "unconfined", gives: isUnconfined },
  serviceAccountToken: { right: "serviceAccountToken", gives: isSet },
  flexVolume: { right: "flexVolume", gives: isSet },
  nodeName: { right: "nodeName", gives: (value, place) => isText(value, place) && !hasFreeNames(place) },
  adminAccess: { right: "adminAccess", gives: isTrue },
  // Of probes and hooks: the node asks that address.
  host: {
    right: "hostProbe",
    gives: (value, place) => isText(value, place) && PROBES.has(place.at(-1) ?? ""),
  },
  externalIPs: { right: "externalIPs", gives: isFilled },
};

/** Every right that `rightOf` tells, once. */
export const POD_RIGHTS: readonly string[] = [...new Set(Object.values(RULES).map(({ right }) => right))];

const PROBES: ReadonlySet<string> = new Set(["httpGet", "tcpSocket"]);

/** The right that a member of an object gives a pod on its node, or beyond; null for none. */
export function rightOf(name: string, value: JsonValue, place: Place): string | null {
  if (!Object.hasOwn(RULES, name)) {
    return name.startsWith("container.apparmor.security.beta.kubernetes.io/") && value === "unconfined"
      ? "unconfined"
      : null;
  }
  const { right, gives } = RULES[name]!;
  return gives(value, place) ? right : null;
}

function addsCapabilities(value: JsonValue, place: Place): boolean {
  if (place.at(-1) !== "capabilities") return false;
  const added = Array.isArray(value) ? (value as readonly JsonValue[]) : [value];
  return added.some((one) => !USUAL_CAPABILITIES.has(one));
}

function isUnconfined(value: JsonValue): boolean {
  return memberAt(value, "type") === "Unconfined";
}
