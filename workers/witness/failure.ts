/** What a failed call to AWS asks for. */
export interface Failure {
  /**
   * `exists`: something stands under the key, which is to be read. `again`: it may pass by itself. `help`: somebody must
   * change something in AWS or the settings first.
   */
  kind: "exists" | "again" | "help";
  /** For people. Holds no word of the answer: that may quote keys and names. */
  words: string;
  /** Whether other credentials may do better. */
  isStale: boolean;
}

const row = (kind: Failure["kind"], words: string, isStale = false): Failure => ({ kind, words, isStale });

const THROTTLED = row("again", "AWS throttles: the table takes fewer writes than there are");
const UNAVAILABLE = row("again", "AWS answers that it is unavailable");
const NO_ANSWER = row("again", "AWS did not answer in time");
const UNREACHABLE = row("again", "AWS could not be reached, or the connection broke");
const EXPIRED = row("again", "the credentials have expired", true);
const DENIED = row("help", "AWS denies access: the role lacks a permission, or the keys are not its own");
const WRONG_KEYS = row("help", "AWS does not know the access key, or the secret is not its own", true);
const NO_TABLE = row("help", "there is no such table in this region");
const INVALID = row(
  "help",
  "AWS takes the request for invalid: the table's keys are not those of the witness",
);

/** By the error's name: the exceptions of DynamoDB and STS, those common to AWS, and the SDK's own. */
const FAILURES: Readonly<Record<string, Failure>> = {
  ConditionalCheckFailedException: row("exists", "something stands under this key already"),
  ProvisionedThroughputExceededException: THROTTLED,
  RequestLimitExceeded: THROTTLED,
  ThrottlingException: THROTTLED,
  Throttling: THROTTLED,
  TooManyRequestsException: THROTTLED,
  LimitExceededException: THROTTLED,
  ItemCollectionSizeLimitExceededException: INVALID,
  InternalServerError: UNAVAILABLE,
  InternalFailure: UNAVAILABLE,
  ServiceUnavailable: UNAVAILABLE,
  ServiceUnavailableException: UNAVAILABLE,
  TransactionConflictException: row("again", "another transaction has the item"),
  ReplicatedWriteConflictException: row("again", "another replica of the table has the item"),
  AbortError: NO_ANSWER,
  TimeoutError: NO_ANSWER,
  RequestTimeout: NO_ANSWER,
  ExpiredTokenException: EXPIRED,
  ExpiredToken: EXPIRED,
  RequestExpired: row("again", "AWS takes the request for an old one: is the clock right?"),
  InvalidSignatureException: WRONG_KEYS,
  SignatureDoesNotMatch: WRONG_KEYS,
  UnrecognizedClientException: WRONG_KEYS,
  InvalidClientTokenId: WRONG_KEYS,
  IncompleteSignatureException: WRONG_KEYS,
  MissingAuthenticationToken: WRONG_KEYS,
  MissingAuthenticationTokenException: WRONG_KEYS,
  AccessDeniedException: DENIED,
  AccessDenied: DENIED,
  OptInRequired: DENIED,
  ResourceNotFoundException: NO_TABLE,
  ValidationException: INVALID,
  ValidationError: INVALID,
  SerializationException: INVALID,
};

/** Says what an error of the SDK asks for. Total: what is not known may pass by itself, and the lag tells of it. */
export function failureOf(error: unknown): Failure {
  const { name, $metadata } = (error ?? {}) as { name?: unknown; $metadata?: { httpStatusCode?: unknown } };
  if (typeof name === "string" && Object.hasOwn(FAILURES, name)) return FAILURES[name]!;
  const status = $metadata?.httpStatusCode;
  if (typeof status !== "number") return UNREACHABLE;
  if (status === 403 || status === 401) return DENIED;
  return status === 429
    ? THROTTLED
    : status >= 500
      ? UNAVAILABLE
      : row("again", `AWS answers with HTTP status ${status}`);
}
