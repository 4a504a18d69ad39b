import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { clusterUnavailable } from "./cluster/cluster.ts";
import { configMap } from "./differential/fixtures.ts";
import { type Sides, startSides, titleOf } from "./differential/sides.ts";
import { WRITES } from "./differential/writes.ts";

describe("kubectl changes the same directly and through the edge", {
  skip: clusterUnavailable(),
  timeout: 300_000,
}, () => {
  let sides: Sides;

  before(async () => {
    sides = await startSides();
    for (const { folder } of [sides.direct, sides.edge]) {
      const kustom = join(folder, "kustom");
      await mkdir(kustom);
      const settings = {
        namePrefix: "kustom-",
        resources: ["settings.json"],
        commonAnnotations: { by: "test" },
      };
      await writeFile(join(kustom, "kustomization.yaml"), JSON.stringify(settings));
      await writeFile(join(kustom, "settings.json"), JSON.stringify(configMap("settings")));
    }
  });

  after(() => sides?.stop());

  for (const row of WRITES) test(titleOf(row), () => sides.compare(row));
});
