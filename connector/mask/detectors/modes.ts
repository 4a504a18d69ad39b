/** What detectors look for, by the names that the settings use. */
export const DETECTOR_NAMES = [
  "email",
  "card",
  "iban",
  "ssn",
  "phone",
  "private-key",
  "token",
  "jwt",
  "secret",
] as const;

export type DetectorName = (typeof DETECTOR_NAMES)[number];

/** What comes of a value that was found: nothing (it isn't looked for), it is counted, or it is overwritten too. */
export type DetectorMode = "off" | "report" | "mask";

export type Detectors = Readonly<Record<DetectorName, DetectorMode>>;

/**
 * What is certain is masked, the rest counted, so that harmless results stay as they are. A social security number is
 * certain only beside a word that says so; without one it is counted even where the mode is `mask`.
 */
export const DEFAULT_DETECTORS: Detectors = {
  email: "report",
  card: "mask",
  iban: "report",
  ssn: "mask",
  phone: "report",
  "private-key": "mask",
  token: "mask",
  jwt: "mask",
  secret: "report",
};
