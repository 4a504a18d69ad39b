/** Why a column can't be masked so; the message is for people. */
export class Unmaskable extends Error {}
