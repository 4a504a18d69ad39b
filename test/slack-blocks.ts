/** What Slack checks of a message's blocks, https://docs.slack.dev/reference/block-kit, as far as anybody here uses them. */

type Json = Record<string, unknown>;

/** Slack publishes no limit for a whole message; `msg_blocks_too_long` came from about 13,200 on. */
const MAX_BLOCKS_JSON = 13_200;
const MAX_BLOCKS = 50;

/** Limits of each kind of text, in UTF-16 units as JavaScript counts them. */
const MAX = { text: 3_000, header: 150, button: 75, value: 2_000, actionId: 255, blockId: 255, url: 3_000 };

/** What is wrong with a message, in Slack's word and ours; null for nothing. */
export function messageProblem(message: unknown): { word: string; why: string } | null {
  if (!isObject(message)) return { word: "invalid_payload", why: "the body is no JSON object" };
  const { text, blocks } = message;
  if (text !== undefined && typeof text !== "string")
    return { word: "invalid_payload", why: "text is no string" };
  if (blocks === undefined) return text ? null : { word: "no_text", why: "neither text nor blocks" };
  const problems: string[] = [];
  checkBlocks(blocks, (why) => problems.push(why));
  if (problems.length > 0) return { word: "invalid_blocks", why: problems[0]! };
  return JSON.stringify(blocks).length > MAX_BLOCKS_JSON
    ? { word: "msg_blocks_too_long", why: `the blocks are longer than ${MAX_BLOCKS_JSON} characters` }
    : null;
}

type Tell = (why: string) => void;

function checkBlocks(blocks: unknown, tell: Tell): void {
  if (!Array.isArray(blocks)) return void tell("blocks is no list");
  if (blocks.length > MAX_BLOCKS) tell(`there are more than ${MAX_BLOCKS} blocks`);
  const ids = new Set<unknown>();
  const actions = new Set<unknown>();
  for (const [index, block] of blocks.entries()) {
    const at = `blocks[${index}]`;
    if (!isObject(block)) {
      tell(`${at} is no object`);
      continue;
    }
    const { type, block_id } = block;
    if (
      block_id !== undefined &&
      (typeof block_id !== "string" || block_id.length > MAX.blockId || ids.has(block_id))
    )
      tell(`${at}.block_id is too long, or not unique`);
    ids.add(block_id ?? index);
    if (type === "header") textObject(block.text, ["plain_text"], MAX.header, `${at}.text`, tell);
    else if (type === "section") section(block, at, tell);
    else if (type === "context") context(block, at, tell);
    else if (type === "actions") actionsBlock(block, at, actions, tell);
    else if (type === "rich_text") richText(block, at, tell);
    else if (type !== "divider") tell(`${at}.type is not known`);
  }
}

function section({ text, fields }: Json, at: string, tell: Tell): void {
  if (text === undefined && fields === undefined) tell(`${at} has neither text nor fields`);
  if (text !== undefined) textObject(text, ["plain_text", "mrkdwn"], MAX.text, `${at}.text`, tell);
  if (fields === undefined) return;
  for (const [index, field] of elements(fields, 10, `${at}.fields`, tell).entries()) {
    textObject(field, ["plain_text", "mrkdwn"], 2_000, `${at}.fields[${index}]`, tell);
  }
}

function context(block: Json, at: string, tell: Tell): void {
  for (const [index, one] of elements(block.elements, 10, `${at}.elements`, tell).entries()) {
    textObject(one, ["plain_text", "mrkdwn"], MAX.text, `${at}.elements[${index}]`, tell);
  }
}

function actionsBlock(block: Json, at: string, actions: Set<unknown>, tell: Tell): void {
  for (const [index, button] of elements(block.elements, 25, `${at}.elements`, tell).entries()) {
    const path = `${at}.elements[${index}]`;
    if (!isObject(button) || button.type !== "button") {
      tell(`${path} is no button`);
      continue;
    }
    textObject(button.text, ["plain_text"], MAX.button, `${path}.text`, tell);
    const { action_id, value, style, url } = button;
    if (!shortText(action_id, MAX.actionId) || actions.has(action_id))
      tell(`${path}.action_id is wrong, or not unique`);
    actions.add(action_id);
    if (value !== undefined && !shortText(value, MAX.value)) tell(`${path}.value is too long`);
    if (url !== undefined && !shortText(url, MAX.url)) tell(`${path}.url is too long`);
    if (style !== undefined && style !== "primary" && style !== "danger") tell(`${path}.style is not known`);
  }
}

function richText(block: Json, at: string, tell: Tell): void {
  for (const [index, part] of elements(block.elements, 1_000, `${at}.elements`, tell).entries()) {
    const path = `${at}.elements[${index}]`;
    if (!isObject(part) || (part.type !== "rich_text_section" && part.type !== "rich_text_preformatted")) {
      tell(`${path} is of no known type`);
      continue;
    }
    const preformatted = part.type === "rich_text_preformatted";
    for (const [number, one] of elements(part.elements, 1_000, `${path}.elements`, tell).entries()) {
      richElement(one, preformatted, `${path}.elements[${number}]`, tell);
    }
  }
}

function richElement(one: unknown, preformatted: boolean, at: string, tell: Tell): void {
  if (!isObject(one)) return void tell(`${at} is no object`);
  if (one.type === "link") {
    if (!shortText(one.url, MAX.url) || !URL.canParse(one.url as string)) tell(`${at}.url is no URL`);
    if (one.text !== undefined && !shortText(one.text, MAX.text)) tell(`${at}.text is too long`);
    return;
  }
  if (one.type !== "text") return void tell(`${at}.type is not known`);
  if (!shortText(one.text, MAX.text)) tell(`${at}.text has not 1 to ${MAX.text} characters`);
  const style = one.style ?? {};
  const known = ["bold", "italic", "strike", "code"];
  if (!isObject(style) || Object.entries(style).some(([name, on]) => !known.includes(name) || on !== true))
    tell(`${at}.style is not known`);
  if (preformatted && one.style !== undefined) tell(`${at}.style has no place in preformatted text`);
}

function textObject(value: unknown, types: readonly string[], max: number, at: string, tell: Tell): void {
  if (!isObject(value)) return void tell(`${at} is no text object`);
  if (!types.includes(value.type as string)) tell(`${at}.type is none of ${types.join(", ")}`);
  if (!shortText(value.text, max)) tell(`${at}.text has not 1 to ${max} characters`);
  if (value.emoji !== undefined && (value.type !== "plain_text" || typeof value.emoji !== "boolean"))
    tell(`${at}.emoji has no place here`);
}

function elements(value: unknown, max: number, at: string, tell: Tell): unknown[] {
  if (Array.isArray(value) && value.length > 0 && value.length <= max) return value;
  tell(`${at} is no list of 1 to ${max}`);
  return [];
}

function shortText(value: unknown, max: number): boolean {
  return typeof value === "string" && value.length > 0 && value.length <= max;
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A message's blocks as a person reads them: one line for each block and more for texts of several. */
export function readable(blocks: unknown): string {
  if (!Array.isArray(blocks)) return "";
  return blocks.map((block: Json) => words(block)).join("\n");
}

function words(value: unknown): string {
  if (Array.isArray(value)) return value.map(words).join("");
  if (!isObject(value)) return "";
  if (value.type === "button") return `[${words(value.text)}] `;
  if (typeof value.text === "string")
    return value.type === "link" ? `${value.text} <${value.url}>` : value.text;
  if (isObject(value.text)) return words(value.text);
  return words(value.elements);
}
