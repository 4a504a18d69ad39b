/** Packet types of SFTP version 3 (draft-ietf-secsh-filexfer-02 section 3). */
export const Packet = {
  INIT: 1,
  VERSION: 2,
  OPEN: 3,
  CLOSE: 4,
  READ: 5,
  WRITE: 6,
  LSTAT: 7,
  FSTAT: 8,
  SETSTAT: 9,
  FSETSTAT: 10,
  OPENDIR: 11,
  READDIR: 12,
  REMOVE: 13,
  MKDIR: 14,
  RMDIR: 15,
  REALPATH: 16,
  STAT: 17,
  RENAME: 18,
  READLINK: 19,
  SYMLINK: 20,
  STATUS: 101,
  HANDLE: 102,
  DATA: 103,
  NAME: 104,
  ATTRS: 105,
  EXTENDED: 200,
  EXTENDED_REPLY: 201,
} as const;

/** The one version that is spoken, as by OpenSSH. */
export const SFTP_VERSION = 3;

/** Codes of SSH_FXP_STATUS (section 7). */
export const Status = {
  OK: 0,
  EOF: 1,
  NO_SUCH_FILE: 2,
  PERMISSION_DENIED: 3,
  FAILURE: 4,
  BAD_MESSAGE: 5,
  NO_CONNECTION: 6,
  CONNECTION_LOST: 7,
  OP_UNSUPPORTED: 8,
} as const;

/** `pflags` of SSH_FXP_OPEN (section 6.3). */
export const OpenFlag = {
  READ: 0x01,
  WRITE: 0x02,
  APPEND: 0x04,
  CREAT: 0x08,
  TRUNC: 0x10,
  EXCL: 0x20,
} as const;
export const ALL_OPEN_FLAGS = 0x3f;

/** Which attributes are there (section 5). */
export const AttrFlag = {
  SIZE: 0x01,
  UIDGID: 0x02,
  PERMISSIONS: 0x04,
  ACMODTIME: 0x08,
  EXTENDED: 0x80000000,
} as const;

/** Longest packet without its length word: OpenSSH's SFTP_MAX_MSG_LENGTH. Bytes. */
export const MAX_PACKET = 256 * 1024;
/** Longest request but for SSH_FXP_WRITE: room for two paths, attributes and lists of user ids. Bytes. */
export const MAX_REQUEST = 32 * 1024;
/** Most data of one read or write, as OpenSSH's server has it. Bytes. */
export const MAX_DATA = MAX_PACKET - 1024;
/** Longest handle (section 6.2). Bytes. */
export const MAX_HANDLE = 256;
/** Most pairs of extended attributes. */
export const MAX_EXTENDED = 64;
/** Most extensions of an INIT or VERSION. */
export const MAX_EXTENSIONS = 64;

/**
 * Extensions that are understood, with the version that each is announced with (OpenSSH's PROTOCOL, section 4 and
 * draft-ietf-secsh-filexfer-extensions-00 for `copy-data` and `home-directory`).
 */
export const EXTENSIONS: Readonly<Record<string, string>> = {
  "posix-rename@openssh.com": "1",
  "statvfs@openssh.com": "2",
  "fstatvfs@openssh.com": "2",
  "hardlink@openssh.com": "1",
  "fsync@openssh.com": "1",
  "lsetstat@openssh.com": "1",
  "limits@openssh.com": "1",
  "expand-path@openssh.com": "1",
  "copy-data": "1",
  "home-directory": "1",
  "users-groups-by-id@openssh.com": "1",
};
