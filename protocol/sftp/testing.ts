import type { Attributes } from "./body.ts";
import { AttrFlag, Packet } from "./numbers.ts";
import { packet, string, u32, u64 } from "./packets.ts";
import type { SftpRequest } from "./request.ts";

/** For tests: attributes as they are sent. */
export function attributes(attrs: Attributes): Buffer {
  const { size, uid, gid, permissions, atime, mtime, extended } = attrs;
  let flags = 0;
  const parts: Buffer[] = [];
  if (size !== undefined) {
    flags += AttrFlag.SIZE;
    parts.push(u64(size));
  }
  if (uid !== undefined) {
    flags += AttrFlag.UIDGID;
    parts.push(u32(uid), u32(gid!));
  }
  if (permissions !== undefined) {
    flags += AttrFlag.PERMISSIONS;
    parts.push(u32(permissions));
  }
  if (atime !== undefined) {
    flags += AttrFlag.ACMODTIME;
    parts.push(u32(atime), u32(mtime!));
  }
  if (extended !== undefined) {
    flags += AttrFlag.EXTENDED;
    parts.push(u32(extended.length), ...extended.flatMap(({ type, data }) => [string(type), string(data)]));
  }
  return Buffer.concat([u32(flags), ...parts]);
}

const handle = (key: string) => string(Buffer.from(key, "latin1"));

/** For tests: a request as a client sends it. */
export function requestPacket(id: number, request: SftpRequest): Buffer {
  const plain = (type: number, ...parts: Buffer[]) => packet(type, id, ...parts);
  const extended = (name: string, ...parts: Buffer[]) => plain(Packet.EXTENDED, string(name), ...parts);
  switch (request.type) {
    case "open":
      return plain(Packet.OPEN, string(request.path), u32(request.flags), attributes(request.attributes));
    case "close":
      return plain(Packet.CLOSE, handle(request.handle));
    case "read":
      return plain(Packet.READ, handle(request.handle), u64(request.offset), u32(request.length));
    case "write":
      return plain(Packet.WRITE, handle(request.handle), u64(request.offset), string(request.data));
    case "fstat":
      return plain(Packet.FSTAT, handle(request.handle));
    case "readdir":
      return plain(Packet.READDIR, handle(request.handle));
    case "fsetstat":
      return plain(Packet.FSETSTAT, handle(request.handle), attributes(request.attributes));
    case "lstat":
      return plain(Packet.LSTAT, string(request.path));
    case "stat":
      return plain(Packet.STAT, string(request.path));
    case "opendir":
      return plain(Packet.OPENDIR, string(request.path));
    case "remove":
      return plain(Packet.REMOVE, string(request.path));
    case "rmdir":
      return plain(Packet.RMDIR, string(request.path));
    case "realpath":
      return plain(Packet.REALPATH, string(request.path));
    case "readlink":
      return plain(Packet.READLINK, string(request.path));
    case "setstat":
      return plain(Packet.SETSTAT, string(request.path), attributes(request.attributes));
    case "mkdir":
      return plain(Packet.MKDIR, string(request.path), attributes(request.attributes));
    case "rename":
      return plain(Packet.RENAME, string(request.path), string(request.other));
    case "symlink":
      return plain(Packet.SYMLINK, string(request.target), string(request.link));
    case "fsync":
      return extended("fsync@openssh.com", handle(request.handle));
    case "fstatvfs":
      return extended("fstatvfs@openssh.com", handle(request.handle));
    case "statvfs":
      return extended("statvfs@openssh.com", string(request.path));
    case "expand-path":
      return extended("expand-path@openssh.com", string(request.path));
    case "lsetstat":
      return extended("lsetstat@openssh.com", string(request.path), attributes(request.attributes));
    case "posix-rename":
      return extended("posix-rename@openssh.com", string(request.path), string(request.other));
    case "hardlink":
      return extended("hardlink@openssh.com", string(request.path), string(request.other));
    case "copy-data":
      return extended(
        "copy-data",
        handle(request.from),
        u64(request.fromOffset),
        u64(request.length),
        handle(request.to),
        u64(request.toOffset),
      );
    case "home-directory":
      return extended("home-directory", string(request.user));
    case "limits":
      return extended("limits@openssh.com");
    case "users-groups-by-id":
      return extended("users-groups-by-id@openssh.com", string(u32(0)), string(u32(0)));
    case "unknown":
      return extended("unknown@example.com", string("x"));
  }
}
