import type { Command } from "../command";
import { access } from "./access";
import { connectors } from "./connectors";
import { doctor } from "./doctor";
import { fence } from "./fence";
import { gate } from "./gate";
import { inventory } from "./inventory";
import { offsets } from "./offsets";
import { plan } from "./plan";
import { rehearse } from "./rehearse";
import { replication } from "./replication";
import { report } from "./report";
import { status } from "./status";
import { verify } from "./verify";

export const COMMANDS = {
  status,
  gate,
  offsets,
  verify,
  access,
  replication,
  rehearse,
  fence,
  report,
  doctor,
  plan,
  inventory,
  connectors,
} as const satisfies Record<string, Command>;

export type CommandName = keyof typeof COMMANDS;
