import type { Attributes } from "./body.ts";
import { PacketBody } from "./body.ts";
import { Packet } from "./numbers.ts";

/** A request of a client. Byte strings are views of its packet; a handle is a key, see `PacketBody.handle`. */
export type SftpRequest =
  | { type: "open"; path: Buffer; flags: number; attributes: Attributes }
  | { type: "read"; handle: string; offset: bigint; length: number }
  | { type: "write"; handle: string; offset: bigint; data: Buffer }
  | { type: "close" | "fstat" | "readdir" | "fsync" | "fstatvfs"; handle: string }
  | { type: "fsetstat"; handle: string; attributes: Attributes }
  | { type: "lstat" | "stat" | "opendir" | "remove" | "rmdir" | "realpath" | "readlink"; path: Buffer }
  | { type: "statvfs" | "expand-path"; path: Buffer }
  | { type: "setstat" | "lsetstat" | "mkdir"; path: Buffer; attributes: Attributes }
  | { type: "rename" | "posix-rename" | "hardlink"; path: Buffer; other: Buffer }
  /** In OpenSSH's order, which is not the draft's: see PROTOCOL section 4.1. */
  | { type: "symlink"; target: Buffer; link: Buffer }
  | {
      type: "copy-data";
      from: string;
      fromOffset: bigint;
      /** Bytes; 0: to the end. */
      length: bigint;
      to: string;
      toOffset: bigint;
    }
  | { type: "home-directory"; user: Buffer }
  | { type: "limits" | "users-groups-by-id" }
  /** A type or an extension that isn't known. */
  | { type: "unknown" };

type Read = (body: PacketBody) => SftpRequest;

const handleOnly =
  (type: "close" | "fstat" | "readdir" | "fsync" | "fstatvfs"): Read =>
  (body) => ({ type, handle: body.handle() });

const pathOnly =
  (
    type:
      | "lstat"
      | "stat"
      | "opendir"
      | "remove"
      | "rmdir"
      | "realpath"
      | "readlink"
      | "statvfs"
      | "expand-path",
  ): Read =>
  (body) => ({ type, path: body.string() });

const withAttributes =
  (type: "setstat" | "lsetstat" | "mkdir"): Read =>
  (body) => ({ type, path: body.string(), attributes: body.attributes() });

const twoPaths =
  (type: "rename" | "posix-rename" | "hardlink"): Read =>
  (body) => ({ type, path: body.string(), other: body.string() });

const READ: Readonly<Record<number, Read>> = {
  [Packet.OPEN]: (body) => ({
    type: "open",
    path: body.string(),
    flags: body.u32(),
    attributes: body.attributes(),
  }),
  [Packet.CLOSE]: handleOnly("close"),
  [Packet.READ]: (body) => ({
    type: "read",
    handle: body.handle(),
    offset: body.u64(),
    length: body.u32(),
  }),
  [Packet.WRITE]: (body) => ({
    type: "write",
    handle: body.handle(),
    offset: body.u64(),
    data: body.string(),
  }),
  [Packet.LSTAT]: pathOnly("lstat"),
  [Packet.FSTAT]: handleOnly("fstat"),
  [Packet.SETSTAT]: withAttributes("setstat"),
  [Packet.FSETSTAT]: (body) => ({
    type: "fsetstat",
    handle: body.handle(),
    attributes: body.attributes(),
  }),
  [Packet.OPENDIR]: pathOnly("opendir"),
  [Packet.READDIR]: handleOnly("readdir"),
  [Packet.REMOVE]: pathOnly("remove"),
  [Packet.MKDIR]: withAttributes("mkdir"),
  [Packet.RMDIR]: pathOnly("rmdir"),
  [Packet.REALPATH]: pathOnly("realpath"),
  [Packet.STAT]: pathOnly("stat"),
  [Packet.RENAME]: twoPaths("rename"),
  [Packet.READLINK]: pathOnly("readlink"),
  [Packet.SYMLINK]: (body) => ({ type: "symlink", target: body.string(), link: body.string() }),
};

const READ_EXTENDED: Readonly<Record<string, Read>> = {
  "posix-rename@openssh.com": twoPaths("posix-rename"),
  "statvfs@openssh.com": pathOnly("statvfs"),
  "fstatvfs@openssh.com": handleOnly("fstatvfs"),
  "hardlink@openssh.com": twoPaths("hardlink"),
  "fsync@openssh.com": handleOnly("fsync"),
  "lsetstat@openssh.com": withAttributes("lsetstat"),
  "limits@openssh.com": () => ({ type: "limits" }),
  "expand-path@openssh.com": pathOnly("expand-path"),
  "copy-data": (body) => ({
    type: "copy-data",
    from: body.handle(),
    fromOffset: body.u64(),
    length: body.u64(),
    to: body.handle(),
    toOffset: body.u64(),
  }),
  "home-directory": (body) => ({ type: "home-directory", user: body.string() }),
  "users-groups-by-id@openssh.com": (body) => {
    body.string();
    body.string();
    return { type: "users-groups-by-id" };
  },
};

/**
 * Reads a request by its packet's type and what follows its id. Throws `protocol_violation` for a body that is shorter
 * or longer than it says.
 */
export function readRequest(type: number, bytes: Buffer): SftpRequest {
  const body = new PacketBody(bytes);
  if (type !== Packet.EXTENDED) {
    const read = READ[type];
    return read === undefined ? { type: "unknown" } : body.end(read(body));
  }
  const name = body.string().toString("latin1");
  const read = Object.hasOwn(READ_EXTENDED, name) ? READ_EXTENDED[name] : undefined;
  return read === undefined ? { type: "unknown" } : body.end(read(body));
}
