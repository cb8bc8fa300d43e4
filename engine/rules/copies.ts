import { type Config, modelFrom } from "../mirror-configuration";
import { SIDES } from "../sides";
import {
  internalTopics,
  LONGEST_ALIAS,
  LONGEST_TOPIC_NAME,
  policyKind,
  targetTopicName,
  topicNameFault,
} from "../naming";
import { refusedByJava } from "../patterns";
import { addressesOf, sameCluster } from "./addresses";
import { refusedClass } from "./keys";
import { candidates, isRunning } from "./loop";
import { mirrored } from "./names";
import { isPlaceholder } from "./placeholder";
import { doubtfulPatternRule, meantInstead, patternsOf } from "./pattern-doubtful";
import { unacknowledged } from "./producer";
import { whyNothingIsCopied } from "./copies-nothing";
import { listed, mirrorRule, type Rule, type Saying, stackRule } from "./rule";
import { attempt, inEach } from "./unknown";
import { type MirrorView, namesIn } from "./view";

const CONNECTORS = ["source", "checkpoint", "heartbeat"] as const;
/** The operators' CRDs take no other alias. */
const ALIAS = new RegExp(`^[A-Za-z0-9._-]{1,${LONGEST_ALIAS}}$`);

/** Rules about which topics are copied and whether the copies arrive unchanged. */
export const copyRules: Rule[] = [
  stackRule(
    { name: "nothing-copied", level: "advisory", refused: true, summary: "A mirror copies something." },
    ({ mirrors, idle = [] }) => [
      ...idle.map((at) => ({
        at,
        say: {
          seen: "no entry in mirrors",
          why: "no connector runs, and nothing is copied",
          instead: "write mirrors, or remove the resource",
        },
      })),
      ...inEach(mirrors, (at) => whyNothingIsCopied(at).map((say) => ({ at, say }))),
    ],
  ),
  doubtfulPatternRule,
  stackRule(
    {
      name: "two-origins-one-topic",
      level: "advisory",
      summary: "Topics of two origins do not become one topic on the target.",
    },
    ({ mirrors, topics }) => {
      const inBoth = meeting(candidates(mirrors, topics));
      return inEach(mirrors, (at) => {
        const before = mirrors.slice(0, mirrors.indexOf(at));
        return inEach(before, (other) => {
          if (sameCluster(at, "origin", other, "origin") || !sameCluster(at, "target", other, "target")) return [];
          const both = inBoth(at, other);
          if (both.length === 0) return [];
          return [
            {
              at,
              say: {
                seen:
                  `${both.length === 1 ? "topic" : "topics like"} ${listed(both, 3)} of ` +
                  `"${other.origin.alias}" and "${at.origin.alias}" get the same name on the target`,
                why:
                  "their records are mixed in one topic: no gate can prove either copy complete, and groups " +
                  "cannot continue on it",
                instead: "use DefaultReplicationPolicy, or patterns that have no topic in common",
              },
            },
          ];
        });
      });
    },
  ),
  stackRule(
    {
      name: "copied-twice",
      level: "mandatory",
      summary: "No two mirrors copy a topic of one origin into the same topic of the target.",
    },
    ({ mirrors, topics }) => {
      const running = mirrors.filter((mirror) => attempt(() => isRunning(mirror)) === true);
      const inBoth = meeting(candidates(running, topics));
      return inEach(running, (at) =>
        // One earlier mirror is enough.
        inEach(running.slice(0, running.indexOf(at)), (other) => {
          if (!sameCopy(at, other)) return [];
          const both = inBoth(at, other);
          if (both.length === 0) return [];
          const say = {
            seen:
              `${both.length === 1 ? "topic" : "topics like"} ${listed(both, 3)} of "${at.origin.alias}" ` +
              `${both.length === 1 ? "is" : "are"} copied to "${at.target.alias}" by ` +
              `${other.entry?.name ?? other.label}, too`,
            why: "each record arrives on the target twice, and no group can be placed there",
            instead: "stop one of the two, or give them patterns that have no topic in common",
          };
          return [{ at, say }];
        }).slice(0, 1),
      );
    },
  ),
  mirrorRule(
    {
      name: "names-refused",
      level: "mandatory",
      summary: "Kafka accepts the aliases, the names of internal topics and the patterns.",
    },
    (mirror) => [...names(mirror), ...patterns(mirror)],
  ),
  mirrorRule(
    {
      name: "records-left-out",
      level: "advisory",
      refused: true,
      summary: "No setting drops records, changes them, or selects them by a class of its own.",
    },
    (mirror) =>
      inEach(CONNECTORS, (name) => {
        const config = mirror[name]?.config ?? {};
        const declared = name === "heartbeat" ? mirror.heartbeat !== undefined : mirror.declared[name];
        return declared
          ? [
              ...leftOut(`${name}Connector.config`, name, config),
              ...(name === "source" ? [...unacknowledged(mirror), ...converted(mirror)] : []),
            ]
          : [];
      }),
  ),
];

/**
 * Names of topics that both mirrors would copy into the same topic. For patterns with wildcards, the names are samples.
 */
export const commonCopies = (one: MirrorView, other: MirrorView): string[] =>
  meeting(candidates([one, other], []))(one, other);

/**
 * Returns a function that gives, for two mirrors, those of the names that both copy into the same topic. It compiles
 * the patterns of a mirror once, and not for each name or pair.
 */
function meeting(names: readonly string[]): (one: MirrorView, other: MirrorView) => string[] {
  const known = new Map<MirrorView, ReadonlyMap<string, string>>();
  const copies = (mirror: MirrorView) => {
    const found = known.get(mirror) ?? copiesOf(mirror, names);
    known.set(mirror, found);
    return found;
  };
  return (one, other) => [...copies(one)].flatMap(([name, copy]) => (copies(other).get(name) === copy ? [name] : []));
}

/** The names that a mirror copies, with the names of the copies. Empty if the policy class is not known. */
function copiesOf(mirror: MirrorView, names: readonly string[]): ReadonlyMap<string, string> {
  const matches = mirror.declared.source ? mirrored(mirror) : undefined;
  const own = matches === undefined ? [] : names.filter(matches);
  if (own.length === 0) return new Map();
  const model = modelFrom(mirror);
  return policyKind(model) === "unknown" ? new Map() : new Map(own.map((name) => [name, targetTopicName(model, name)]));
}

/** Returns true if two mirrors certainly copy between the same two clusters. */
function sameCopy(at: MirrorView, other: MirrorView): boolean {
  // Two texts of one resource are two versions of it. Another rule reports an entry with the aliases of an earlier one.
  if (at.resource === other.resource ? at.repeated === true : at.label === other.label) return false;
  return SIDES.every((side) => {
    const known = [at, other].every((mirror) => addressesOf(mirror, side).length > 0);
    return (known || at.resource === other.resource) && sameCluster(at, side, other, side);
  });
}

function names(mirror: MirrorView): Saying[] {
  const why = 'brokers take 1 to 249 letters, digits, ".", "_" and "-" only, and the mirror does not start';
  const sides = (["origin", "target"] as const).filter(
    (side) => attempt(() => !ALIAS.test(mirror[side].alias)) === true && mirror[side].alias !== "",
  );
  // The settings of a component, which is not a resource yet, are final.
  const later = (name: string) => mirror.resource !== "" && isPlaceholder(name);
  const written = sides.filter((side) => !later(mirror[side].alias));
  const aliases = written.map((side) => ({
    seen: `${namesIn(mirror)[side]}.alias is "${mirror[side].alias}"`,
    why: /^[\w.-]+$/.test(mirror[side].alias)
      ? `the API server takes at most ${LONGEST_ALIAS} characters, because an alias becomes part of topic names`
      : `the alias becomes part of topic names: ${why}`,
    instead: /^[\w.-]+$/.test(mirror[side].alias) ? "use a shorter alias" : "use another alias",
  }));
  const topics = internalTopics(modelFrom(mirror)).filter(
    ({ kind, name }) =>
      !later(name) &&
      topicNameFault(name) !== undefined &&
      (sides.length === 0 || !["checkpoints", "offset-syncs"].includes(kind)),
  );
  const separator = modelFrom(mirror).separator ?? "";
  return [
    ...aliases,
    ...topics.map(({ kind, name }) => ({
      seen: `the ${kind} topic would be called "${name}"`,
      why,
      instead: /^[\w.-]*$/.test(separator)
        ? "use a shorter name with only these characters"
        : `write a replication.policy.separator with only these characters, not "${separator}"`,
    })),
    ...longCopies(mirror),
  ];
}

/** Topics that the pattern names and whose copies would have names that are too long. */
function longCopies(mirror: MirrorView): Saying[] {
  const model = modelFrom(mirror);
  if (!mirror.declared.source || policyKind(model) === "unknown") return [];
  const copies = mirror.topicsPattern
    .split(",")
    .map((part) => part.trim().replaceAll("\\.", "."))
    .filter((name) => topicNameFault(name) === undefined)
    .map((name) => targetTopicName(model, name))
    .filter((copy) => copy.length > LONGEST_TOPIC_NAME);
  return copies.map((copy) => ({
    seen: `the copy "${copy}" would have a name of ${copy.length} characters`,
    why: `brokers take at most ${LONGEST_TOPIC_NAME}, so the topic is not copied although the mirror reports RUNNING`,
    instead: `use a shorter ${namesIn(mirror).origin}.alias, or the identity policy`,
  }));
}

/** Only reports patterns that Java refuses, too. */
function patterns(mirror: MirrorView): Saying[] {
  return inEach(patternsOf(mirror), ({ field, read }): Saying[] => {
    const pattern = read();
    if (pattern === undefined) return [];
    const error = isPlaceholder(pattern) ? undefined : refusedByJava(pattern, field);
    if (error === undefined) return [];
    return [
      {
        seen: error.seen,
        why: "MirrorMaker 2 cannot read it either, and the connector does not run",
        instead: meantInstead(field, pattern) ?? error.fix,
      },
    ];
  });
}

/** The operators set this converter. A converter of the connector comes before one of the workers. */
const UNCHANGED = /^(org\.apache\.kafka\.connect\.converters\.)?ByteArray(Converter)?$/;

function converted(mirror: MirrorView): Saying[] {
  return ["key.converter", "value.converter", "header.converter"].flatMap((key) => {
    const own = attempt(() => mirror.source.config[key]);
    const value = String(own ?? attempt(() => mirror.target.config[key]) ?? "").trim();
    // Another rule reports a class that does not exist.
    if (value === "" || UNCHANGED.test(value) || refusedClass(key, value, []) !== undefined) return [];
    const path = own === undefined ? `${namesIn(mirror).workers}.config` : "sourceConnector.config";
    const why = "MirrorMaker 2 hands over plain bytes, and any other converter writes something else than it read";
    return [{ seen: `"${key}" in ${path} is "${value}"`, why, instead: "remove it" }];
  });
}

function leftOut(path: string, connector: (typeof CONNECTORS)[number], config: Config): Saying[] {
  const value = (key: string) => attempt(() => config[key]);
  const text = (key: string) => String(value(key) ?? "").trim();
  const said = (key: string, why: string, instead: string): Saying => ({
    seen: `"${key}" in ${path} is "${text(key)}"`,
    why,
    instead,
  });
  const sayings: Saying[] = [];
  if (text("errors.tolerance") === "all")
    sayings.push(said("errors.tolerance", "some records would not be copied, without an error", "remove it"));
  if (text("transforms") !== "")
    sayings.push(said("transforms", "it is impossible to prove that a changed copy is complete", "remove it"));
  if (connector !== "source") return sayings;
  for (const key of ["consumer.auto.offset.reset", "source.consumer.auto.offset.reset"]) {
    const reset = text(key);
    if (/^(latest|none|by_duration:.*)$/i.test(reset))
      sayings.push(said(key, "existing records would not be copied", "remove it"));
  }
  const filters = {
    "topic.filter.class": ["the class decides what is copied, so the patterns do not show it", "patterns"],
    "config.property.filter.class": [
      "the class decides which settings the topics keep on the target, for example their retention",
      "config.properties.exclude",
    ],
  } as const;
  for (const [key, [why, instead]] of Object.entries(filters)) {
    if (text(key) === "" || text(key).startsWith("org.apache.kafka.")) continue;
    sayings.push(said(key, why, `remove it and use ${instead}`));
  }
  return sayings;
}
