/** Words in the names of variables, headers and parameters whose values are secret. */
const SECRET_NAME =
  /pass(?:word|wd|phrase|code)|(?<![a-z])p(?:wd|w|ass)(?![a-z])|pwd|secret|token|credential|api[-_.]?key|access[-_.]?key|private[-_.]?key|(?:encryption|signing|master|session|service|account|auth|shared|app|ssh|gpg|pgp|hmac|license)[-_.]?key|(?<![a-z])auth(?!or)|authorization|bearer|cookie|(?<![a-z])jwt|(?<![a-z])salt(?![a-z])|(?<![a-z])seed(?![a-z])|(?<![a-z])dsn(?![a-z])|connection[-_.]?string|conn[-_.]?str|webhook|(?<![a-z])(?:sk|pat|otp|totp|pin)(?![a-z])/i;
/** … that are addresses, which often carry a password. */
const ADDRESS_NAME =
  /(?:database|db|postgres(?:ql)?|pg|mysql|maria(?:db)?|mongo(?:db)?|redis|amqp|rabbit(?:mq)?|broker|kafka|smtp|ldap|sentry|proxy)[-_.]?(?:url|uri|dsn)/i;
/** `scheme://user:password@host`. */
const WITH_PASSWORD = /[a-z][a-z0-9+.-]{0,31}:\/\/[^\s/?#@]{0,256}:[^\s/?#@]{1,256}@/i;

/** Whether what has this name is a secret, as people name them. camelCase counts as words. */
export function isSecretName(name: string): boolean {
  const words = name.replace(/([a-z0-9])([A-Z])/g, "$1_$2");
  return SECRET_NAME.test(words) || SECRET_NAME.test(name) || ADDRESS_NAME.test(words);
}

/** Whether a value has an address with a password in it. */
export function hasPassword(value: string): boolean {
  return WITH_PASSWORD.test(value);
}
