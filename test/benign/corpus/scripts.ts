import { ACTIVE_RECORD } from "./active-record.ts";
import { AGENTS } from "./agents.ts";
import { DBEAVER } from "./dbeaver.ts";
import { DJANGO } from "./django.ts";
import { DRIZZLE } from "./drizzle.ts";
import { HIBERNATE } from "./hibernate.ts";

export { ON_LABELLED } from "./labelled.ts";

import { PGADMIN } from "./pgadmin.ts";
import { PRISMA } from "./prisma.ts";
import { SQLALCHEMY } from "./sqlalchemy.ts";
import type { Script } from "./statement.ts";

export const PLAIN_SCRIPTS: Script[] = [
  ...AGENTS,
  ...PRISMA,
  ...DRIZZLE,
  ...SQLALCHEMY,
  ...ACTIVE_RECORD,
  ...DJANGO,
  ...HIBERNATE,
  ...DBEAVER,
  ...PGADMIN,
];
