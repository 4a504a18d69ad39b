import { Hono } from "hono";
import { SallyportError } from "../../protocol/errors.ts";
import {
  DEFAULT_SCAN_ROWS,
  MAX_SCAN_ROWS,
  MAX_SCAN_SCHEMAS,
  type ScanLabelsRequest,
} from "../../protocol/label-scan.ts";
import { getTarget } from "../directory/targets.ts";
import { unknownTarget } from "../policy/connect.ts";
import { administrator, type SignedIn, signedIn } from "./edge.ts";
import { body, list, object, text, whole } from "./shape.ts";

/** The body of `POST /v1/targets/NAME/labels/scan`. */
const Request = object(
  {},
  { database: text(63), schemas: list(text(63), MAX_SCAN_SCHEMAS), rows: whole(1, MAX_SCAN_ROWS) },
);

/** Asks the target's connector for labels. Names of tables and columns come back, no values. */
export const labelScanRoutes = new Hono<SignedIn>().post(
  "/:name/labels/scan",
  signedIn,
  administrator,
  async (c) => {
    const { database, schemas = [], rows = DEFAULT_SCAN_ROWS } = await body(c.req.raw, Request);
    const name = c.req.param("name");
    const target = await getTarget(c.env.DIRECTORY, name);
    if (!target) throw unknownTarget(c.get("identity").principal, name);
    if (target.kind !== "postgres") {
      throw new SallyportError(
        "invalid_request",
        `${name} is a target of kind ${target.kind}: it has no columns`,
      );
    }
    const request: ScanLabelsRequest = {
      target: target.name,
      schemas,
      rows,
      ...(database !== undefined && { database }),
    };
    const answer = await c.env.HUB.getByName(target.connector).scanLabels(request);
    if (!("error" in answer)) return c.json(answer);
    const { code, message, hint } = answer.error;
    throw new SallyportError(code, message, hint);
  },
);
