import { bytesPerSecond, type Bridge, type Part, type Plan, type PlanFacts, sumOf, type Wave } from "../../engine/plan";
import { shellWord } from "../../engine/shell";
import { bytesText, countText, durationText, someOf } from "../../engine/units";
import { table } from "../table";
import { configurationOf, yamlOf } from "./configuration";

const ROWS = 30;
const LINES = 10;
const UNKNOWN = "?";

/** The plan for a person: what belongs together, what looks unused, the waves, and the time of the copy. */
export function planLines(plan: Plan, all: boolean): string[] {
  const { facts, parts, waves, copy, problems, unknown } = plan;
  const most = all ? Infinity : LINES;
  return [
    overview(facts),
    ...section("topics that belong together:", couplings(parts, most)),
    ...section("idle topics:", listed(idleTopics(facts), most)),
    ...section("unused groups:", listed(unusedGroups(facts), most)),
    ...section("groups that do not move:", leftOut(facts)),
    ...section("unknown:", unknown),
    ...section("waves, smallest and quietest first:", waveTable(waves, all)),
    ...section("the copy:", [copy.text]),
    ...section("problems:", problems),
    "",
    ...configuration(plan),
  ];
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ["", title, ...lines.map((line) => `  ${line}`)];
}

function listed(lines: readonly string[], most: number): string[] {
  return lines.length <= most ? [...lines] : [...lines.slice(0, most), `and ${lines.length - most} more (--all)`];
}

const sizeText = (bytes: number | undefined) => (bytes === undefined ? UNKNOWN : bytesText(bytes));
const rateText = (rate: number | undefined) => (rate === undefined ? UNKNOWN : `${bytesText(rate)}/s`);

function overview(facts: PlanFacts): string {
  const { topics, groups } = facts;
  const partitions = topics.reduce((total, t) => total + t.partitions, 0);
  const size = sizeText(sumOf(topics, (t) => t.bytes));
  const rate = rateText(sumOf(topics, bytesPerSecond));
  return (
    `${countText(topics.length, "topic")}, ${countText(partitions, "partition")}, ${size} on the origin, ` +
    `${countText(groups.length, "group")}; ${rate} written now (two looks, ${durationText(facts.measuredMs)} apart)`
  );
}

/** What holds each part together, largest part first, and where a person could split it. */
function couplings(parts: readonly Part[], most: number): string[] {
  const coupled = parts.filter((p) => p.topics.length > 1).sort((a, b) => b.topics.length - a.topics.length);
  const shown = coupled.slice(0, most).flatMap((part) => {
    const bridges = new Set(part.bridges.map((b) => `${b.kind}:${b.name}`));
    const others = part.links.filter((l) => !bridges.has(`${l.kind}:${l.name}`));
    return [
      `${someOf(part.topics, 5)}:`,
      ...listed(
        part.bridges.map((bridge) => bridgeText(bridge, most)),
        most,
      ).map((line) => `  ${line}`),
      ...listed(
        others.map((l) => `${who(l)} ${doesWhat(l)} ${someOf(l.topics, 5)}; others connect these, too`),
        most,
      ).map((line) => `  ${line}`),
    ];
  });
  const single = parts.length - coupled.length;
  return [
    ...shown,
    ...(coupled.length > most ? [`and ${coupled.length - most} more (--all)`] : []),
    ...(single === 0 ? [] : [`${countText(single, "topic")} that nothing connects with another`]),
  ];
}

const who = ({ kind, name }: Pick<Bridge, "kind" | "name">) =>
  kind === "group" ? `group "${name}"` : kind === "streams" ? `Streams application "${name}"` : `"${name}"`;

const doesWhat = ({ kind }: Pick<Bridge, "kind">) =>
  kind === "transactions" ? "writes in transactions" : kind === "streams" ? "uses" : "reads";

/** At most this number of pieces: one group may connect thousands of topics. */
function bridgeText(bridge: Bridge, most: number): string {
  const left = Math.max(0, bridge.pieces.length - most);
  const pieces = bridge.pieces.slice(0, most).map((p) => {
    const more = p.topics > p.some.length ? ` and ${p.topics - p.some.length} more` : "";
    return `${p.some.join(", ")}${more}${p.bytes === undefined ? "" : ` (${bytesText(p.bytes)})`}`;
  });
  const split =
    bridge.kind === "streams"
      ? "one application, not to be split"
      : `--split ${shellWord(bridge.name)} plans them apart`;
  const others = left === 0 ? "" : ` and ${countText(left, "more piece")} (--all)`;
  return `${who(bridge)} ${doesWhat(bridge)} ${pieces.join(" | ")}${others}; nothing else connects these: ${split}`;
}

function idleTopics({ topics }: PlanFacts): string[] {
  return topics
    .filter((t) => t.idle === true)
    .map((t) => {
      const last =
        t.records === 0
          ? "holds no records"
          : t.lastRecordAt === undefined
            ? "the time of its last record is unknown"
            : `last record ${new Date(t.lastRecordAt).toISOString()}`;
      return `${t.name}: ${last}, ${sizeText(t.bytes)}`;
    });
}

function unusedGroups({ groups }: PlanFacts): string[] {
  return groups.filter((g) => g.unused !== undefined).map((g) => `${g.name}: ${g.unused}`);
}

function leftOut({ leftOut: names, share }: PlanFacts): string[] {
  return [
    ...(names.length === 0
      ? []
      : [`not selected by mirror.groupsPattern, but they read these topics: ${someOf(names)}`]),
    ...(share.length === 0 ? [] : [`share groups, which never move, and whose topics are unknown: ${someOf(share)}`]),
  ];
}

function waveTable(waves: readonly Wave[], all: boolean): string[] {
  const rows = waves.map((w, i) => [
    String(i + 1),
    w.name,
    String(w.topics.length),
    String(w.idle),
    String(w.groups.length),
    sizeText(w.bytes),
    rateText(w.bytesPerSecond),
    w.copyMs === undefined ? UNKNOWN : durationText(w.copyMs),
    someOf(w.topics, 3),
  ]);
  const head = ["", "wave", "topics", "idle", "groups", "size", "written", "copy alone", "which"];
  return table(head, rows, all ? Infinity : ROWS);
}

/** Configuration to paste. */
function configuration(plan: Plan): string[] {
  return [
    "# The waves as configuration of this stack, to paste into Pulumi.STACK.yaml. One mirror copies all of them. Then",
    "# set the phase of one wave after the other to consumers or cutover (docs/waves.md).",
    ...plan.splitGroups.map(
      (group) => `# Group "${group}" reads topics of several waves: each wave moves its offsets on the wave's topics.`,
    ),
    ...yamlOf(configurationOf(plan)),
  ];
}
