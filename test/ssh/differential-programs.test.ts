import { after, before, describe, test } from "node:test";
import { ensurePackages } from "../system-packages.ts";
import { Places } from "./differential/places.ts";
import { GIT, RSYNC } from "./differential/programs.ts";

describe("programs that work over ssh do as they do direct", { concurrency: 3, timeout: 340_000 }, () => {
  let places: Places;

  before(async () => {
    ensurePackages(["git", "rsync"]);
    places = await Places.start();
  });

  after(() => places.stop());

  for (const one of [...RSYNC, ...GIT]) test(one.name, () => places.same(one));
});
