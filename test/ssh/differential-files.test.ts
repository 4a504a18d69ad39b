import { after, before, describe, test } from "node:test";
import { SCP, SFTP } from "./differential/files.ts";
import { Places } from "./differential/places.ts";

describe("files go through the gateway as they go direct", { concurrency: 3, timeout: 340_000 }, () => {
  let places: Places;

  before(async () => {
    places = await Places.start();
  });

  after(() => places.stop());

  for (const one of [...SFTP, ...SCP]) test(one.name, () => places.same(one));
});
