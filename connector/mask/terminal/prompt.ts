import { ControlSequences, LF, SPACE } from "./control-sequences.ts";

/** Characters of a line's end that are looked at. */
const LOOKED_AT = 240;
const CR = 0x0d;

/** What programs ask for when nobody should look, in the languages that sudo, ssh, PAM and passwd speak most. */
const SECRETS = [
  "pass(?:word|phrase|code|wd|wort|key)s?",
  "pwd",
  "pin(?:[- ]?code)?",
  "otp",
  "one[- ]time (?:code|pass\\w*)",
  "(?:verification|security|authenticat\\w+|auth|2fa|mfa|totp|backup|recovery|access|sms) ?(?:code|key)",
  "token(?:code)?",
  "secret(?: (?:access )?key)?",
  "api[- _]?key",
  "kennwort|passwort|passphrase|geheimzahl",
  "mot de passe|phrase (?:de passe|secrète)",
  "contraseña|contrasenya|clave|senha|palavra-passe",
  "parola d'ordine|parola|frase segreta",
  "wachtwoord|wachtzin|lösenord|lösenfras|adgangskode|adgangsfrase|passord|salasana|tunnuslause",
  "hasło|heslo|jelszó|lozinka|geslo|parolă|parolei|slaptažodis|parole",
  "şifre|parolanız|sandi|mật khẩu",
  "пароль|пароля|парола|секрет|лозинка|κωδικός|סיסמה|كلمة (?:المرور|السر)|पासवर्ड|รหัสผ่าน",
].join("|");
/** The word, some others, a colon or a question mark, and nothing behind it. */
const SECRET_PROMPT = new RegExp(
  `(?:(?<![\\p{L}\\p{N}])(?:${SECRETS})(?!\\p{L})|密码|密碼|口令|パスワード|パスフレーズ|暗証番号|비밀번호|암호)[^\\n]{0,120}[:：?？][^\\p{L}\\p{N}]{0,3}$`,
  "iu",
);

/** The end of the last line that a process has shown; whether that asks for a secret. */
export class LastLine {
  #line = "";
  readonly #sequences: ControlSequences;
  #inString = false;

  constructor(terminal: boolean) {
    this.#sequences = new ControlSequences(
      {
        text: (bytes, start, end) => this.text(bytes, start, end),
        gap: (byte) => this.gap(byte),
        back: (places) => this.back(places),
        drop: () => {},
        string: (begins) => {
          this.#inString = begins;
        },
        alternate: () => {},
      },
      terminal,
    );
  }

  shown(chunk: Uint8Array): void {
    this.#sequences.push(chunk);
  }

  text(bytes: Uint8Array, start: number, end: number): void {
    if (this.#inString) return;
    let from = Math.max(start, end - LOOKED_AT);
    for (let at = from; at < end; at += 1) {
      if (bytes[at] !== LF && bytes[at] !== CR) continue;
      this.#line = "";
      from = at + 1;
    }
    const added = Buffer.from(bytes.buffer, bytes.byteOffset + from, end - from).toString("latin1");
    this.#line = (this.#line + added).slice(-LOOKED_AT);
  }

  gap(byte: number): void {
    this.#line = byte === SPACE ? `${this.#line} `.slice(-LOOKED_AT) : "";
  }

  back(places: number): void {
    this.#line = this.#line.slice(0, Math.max(0, this.#line.length - places));
  }

  /** What was asked is answered. */
  answered(): void {
    this.#line = "";
  }

  get asksForSecret(): boolean {
    return SECRET_PROMPT.test(Buffer.from(this.#line, "latin1").toString());
  }
}
