import type { Field } from "../../protocol/document.ts";
import { isSecretKey, type RecordingSettings } from "../../protocol/recording/encryption/settings.ts";

/** Reads `recordings`. The edge judges recipients; a secret key never gets there. Throws `invalid_config`. */
export function recordingSettings(field: Field): RecordingSettings {
  field.mapping(["recipients"]);
  const recipients = field.get("recipients").optional((one) => one.list()) ?? [];
  return { recipients: recipients.map(recipient) };
}

function recipient(field: Field): string {
  const text = field.string();
  if (!isSecretKey(text)) return text;
  return field.fail(
    "is a secret key, and nothing was sent",
    "Write its recipient, age1…, which `sallyport recordings recipients FILE` prints. The key itself belongs to the auditor alone: take it out of this file, and make a new one if others could read it.",
  );
}
