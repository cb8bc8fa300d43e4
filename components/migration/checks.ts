import { MigrationError, Mistakes } from "../../engine/errors";
import { didYouMean } from "../../engine/near-miss";
import type { MigrationArgs } from "./args";

const KNOWN = [
  "phase", "abandon", "profile", "dialect", "origin", "target", "mirror", "gate", "verify", "offsets", "replication", "fence", "checkpoints", "preflight",
];
const PHASES = ["mirror", "cutover", "cleanup"];

/** @throws MigrationError MIGRATION_SETTINGS with every mistake */
export function checkMigration(args: MigrationArgs): void {
  const mistakes = new Mistakes();
  for (const key of Object.keys(args)) if (!KNOWN.includes(key)) mistakes.add(`${key} is no setting${didYouMean(key, KNOWN)}`);
  if (args.phase !== undefined && !PHASES.includes(args.phase)) mistakes.add(`phase is "${args.phase}"${didYouMean(args.phase, PHASES)}: it has to be one of ${PHASES.join(", ")}`);
  for (const side of ["origin", "target"] as const) {
    const cluster = args[side];
    if (cluster === undefined) {
      mistakes.add(`${side} is missing`);
      continue;
    }
    if (!cluster.bootstrapServers) mistakes.add(`${side}.bootstrapServers is missing: give host:port, comma separated`);
    const makers = (["operator", "kafka", "given"] as const).filter((maker) => cluster[maker] !== undefined);
    if (makers.length !== 1) {
      mistakes.add(`${side} has ${makers.length === 0 ? "none" : makers.join(" and ")} of operator, kafka, given: say with exactly one who makes its users`);
    }
    if (cluster.operator === undefined && cluster.administrator === undefined) {
      mistakes.add(`${side}.administrator is missing: without an operator the migration's administrator has to be given`);
    }
    if (cluster.operator !== undefined) {
      if (!cluster.operator.cluster) mistakes.add(`${side}.operator.cluster is missing: name the Kafka resource`);
      if (!cluster.operator.namespace) mistakes.add(`${side}.operator.namespace is missing: name the namespace of the Kafka resource`);
    }
  }
  const count = mistakes.list.length;
  if (count > 0) {
    throw new MigrationError("MIGRATION_SETTINGS", `the migration's settings have ${count} mistake${count === 1 ? "" : "s"}`, {
      fix: "correct them; nothing has been created",
      details: mistakes.list,
    });
  }
}
