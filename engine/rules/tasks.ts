import { mirrored } from "./names";
import { type Rule, type Saying, stackRule } from "./rule";
import { inEach } from "./unknown";
import { type MirrorView, type Subject, type View, wholeOf } from "./view";
import { sideFor } from "./sides";

export const taskRules: Rule[] = [
  stackRule(
    {
      name: "tasks-and-partitions",
      level: "advisory",
      summary: "There are no more tasks than partitions, and no more workers than tasks.",
      settings: {
        partitions: {
          type: "integer",
          minimum: 1,
          description:
            "Number of partitions to migrate. Default: those of the origin's topics in the stack; unknown otherwise.",
        },
      },
    },
    (view, settings) =>
      inEach(view.mirrors, (mirror) => {
        const partitions = (settings.partitions as number | undefined) ?? partitionsOf(mirror, view);
        const tasks = mirror.source.tasksMax ?? 1;
        const sayings: { at: Subject; say: Saying }[] = [];
        if (partitions !== undefined && tasks > partitions) {
          const say = {
            seen: `tasksMax is ${tasks} for ${partitions} partition${partitions === 1 ? "" : "s"}`,
            why: "a task without a partition only uses memory",
            instead: `write ${partitions} or less`,
          };
          sayings.push({ at: mirror, say });
        }
        const [first, ...others] = view.mirrors.filter(({ resource }) => resource === mirror.resource);
        const all = [first!, ...others].reduce((sum, entry) => sum + tasksOf(entry), 0);
        // If `replicas` is a default, nobody chose to have more workers than tasks, and a spare worker can take over.
        const copies = [first!, ...others].some(({ declared }) => declared.source);
        if (first === mirror && copies && mirror.replicas === 0) {
          const say = {
            seen: "replicas is 0",
            why: "no worker runs, so nothing is copied and no checkpoint is written",
            instead: "write 1 or more when the mirror should copy",
          };
          sayings.push({ at: wholeOf(mirror), say });
        }
        if (first === mirror && copies && mirror.replicasAssumed !== true && (mirror.replicas ?? 1) > all) {
          const seen = `replicas is ${mirror.replicas ?? 1} for ${all} task${all === 1 ? "" : "s"} at most`;
          const say = {
            seen,
            why: "a worker without a task does nothing",
            instead: "raise sourceConnector.tasksMax, or lower replicas",
          };
          sayings.push({ at: wholeOf(mirror), say });
        }
        return sayings;
      }),
  ),
];

/** The maximum number of tasks of an entry of `mirrors`. */
const tasksOf = ({ declared, source, checkpoint, heartbeat }: MirrorView): number =>
  (declared.source ? (source.tasksMax ?? 1) : 0) +
  (declared.checkpoint ? (checkpoint.tasksMax ?? 1) : 0) +
  (heartbeat === undefined ? 0 : 1);

/** Known if the pattern lists topics one by one and the stack has all of them. */
function partitionsOf(mirror: MirrorView, { topics }: View): number | undefined {
  const matches = mirrored(mirror);
  const named = mirror.topicsPattern
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  if (matches === undefined || named.length === 0 || !named.every((name) => /^[\w-]+$/.test(name))) return undefined;
  const counts = named
    .filter(matches)
    .map((name) => topics.find((t) => sideFor(t, mirror) === "origin" && t.name === name))
    .map((topic) => (topic === undefined ? undefined : (topic.partitions ?? 1)));
  return counts.length === 0 || counts.includes(undefined)
    ? undefined
    : counts.reduce<number>((sum, count) => sum + count!, 0);
}
