import { isMigrationError } from "../errors";
import { type Config, modelFrom } from "../mirror-configuration";
import { internalTopics, policyKind, targetTopicName } from "../naming";
import { compilePatternList } from "../patterns";
import { sameCluster } from "./cluster";
import { candidates } from "./loop";
import { mirrored } from "./names";
import { listed, mirrorRule, type Rule, type Saying, stackRule } from "./rule";
import { attempt, inEach } from "./unknown";
import { type MirrorView, namesIn } from "./view";

const CONNECTORS = ["source", "checkpoint", "heartbeat"] as const;
const PATTERNS = ["topicsPattern", "topicsExcludePattern", "groupsPattern", "groupsExcludePattern"] as const;
const TOPIC_NAME = /^[A-Za-z0-9._-]{1,249}$/;

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
      ...inEach(mirrors, (at) => nothingOf(at).map((say) => ({ at, say }))),
    ],
  ),
  stackRule(
    {
      name: "two-origins-one-topic",
      level: "advisory",
      summary: "Topics of two origins do not become one topic on the target.",
    },
    ({ mirrors, topics }) => {
      const names = candidates(mirrors, topics);
      return inEach(mirrors, (at) => {
        const before = mirrors.slice(0, mirrors.indexOf(at));
        return inEach(before, (other) => {
          if (sameCluster(at, "origin", other, "origin") || !sameCluster(at, "target", other, "target")) return [];
          const both = names.filter((name) => meet(at, other, name));
          if (both.length === 0) return [];
          return [
            {
              at,
              say: {
                seen: `${both.length === 1 ? "topic" : "topics like"} ${listed(both, 3)} of "${other.origin.alias}" and "${at.origin.alias}" get the same name on the target`,
                why: "their records are mixed in one topic, and neither copy can be proved complete or used for its groups",
                instead: "use DefaultReplicationPolicy, or patterns that have no topic in common",
              },
            },
          ];
        });
      });
    },
  ),
  mirrorRule(
    {
      name: "names-refused",
      level: "mandatory",
      summary: "Aliases, names of internal topics and patterns are ones that Kafka takes.",
    },
    (mirror) => [...names(mirror), ...patterns(mirror)],
  ),
  mirrorRule(
    {
      name: "records-left-out",
      level: "advisory",
      refused: true,
      summary: "No setting leaves records out, changes them, or chooses them where nobody can follow.",
    },
    (mirror) =>
      inEach(CONNECTORS, (name) => {
        const config = mirror[name]?.config ?? {};
        const declared = name === "heartbeat" ? mirror.heartbeat !== undefined : mirror.declared[name];
        return declared ? leftOut(`${name}Connector.config`, name, config) : [];
      }),
  ),
];

/**
 * Names of topics that both mirrors would copy into the same topic. For patterns with wildcards, the names are samples.
 */
export const commonCopies = (one: MirrorView, other: MirrorView): string[] =>
  candidates([one, other], []).filter((name) => meet(one, other, name));

const meet = (one: MirrorView, other: MirrorView, name: string): boolean =>
  copyOf(one, name) !== undefined && copyOf(one, name) === copyOf(other, name);

/**
 * The name of a mirror's copy of a topic on the target. Undefined if it is not copied, or if the policy class is not
 * known.
 */
function copyOf(mirror: MirrorView, name: string): string | undefined {
  if (!mirror.declared.source || mirrored(mirror)?.(name) !== true) return undefined;
  const model = modelFrom(mirror);
  return policyKind(model) === "unknown" ? undefined : targetTopicName(model, name);
}

function nothingOf(mirror: MirrorView): Saying[] {
  if (!mirror.declared.source) {
    const instead = "write sourceConnector, at least {}, unless another resource copies";
    return [
      {
        seen: "there is no sourceConnector",
        why: "a connector without its block does not run, so no record is copied",
        instead,
      },
    ];
  }
  const empty = (pattern: string) => pattern.split(",").every((part) => part.trim() === "");
  const sayings: Saying[] = [];
  if (empty(mirror.topicsPattern)) {
    sayings.push({
      seen: "topicsPattern is empty",
      why: "it matches no topic, so no record is copied",
      instead: 'name the topics, or write ".*" for all',
    });
  } else if (allExcluded(mirror)) {
    const seen = `${namesIn(mirror).topicsExclude} leaves out all of topicsPattern "${mirror.topicsPattern}"`;
    sayings.push({
      seen,
      why: "no topic is left, so no record is copied",
      instead: `narrow ${namesIn(mirror).topicsExclude}`,
    });
  }
  if (mirror.declared.checkpoint && empty(mirror.groupsPattern)) {
    const instead = 'name the groups, write ".*" for all, or leave checkpointConnector out';
    sayings.push({ seen: "groupsPattern is empty", why: "it matches no group, so no checkpoint is written", instead });
  }
  return sayings;
}

/** Only applies to a pattern that lists the topics one by one. */
function allExcluded(mirror: MirrorView): boolean {
  const named = mirror.topicsPattern
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  const matches = mirrored(mirror);
  return (
    mirror.topicsExcludePattern !== undefined &&
    matches !== undefined &&
    named.every((name) => /^[\w-]+$/.test(name) && !matches(name))
  );
}

function names(mirror: MirrorView): Saying[] {
  const why = 'brokers take 1 to 249 letters, digits, ".", "_" and "-" only, and the mirror does not come to work';
  const sides = (["origin", "target"] as const).filter(
    (side) => attempt(() => !TOPIC_NAME.test(mirror[side].alias)) === true && mirror[side].alias !== "",
  );
  const aliases = sides.map((side) => ({
    seen: `${namesIn(mirror)[side]}.alias is "${mirror[side].alias}"`,
    why: `it becomes part of topic names: ${why}`,
    instead: "write another alias",
  }));
  const topics = internalTopics(modelFrom(mirror)).filter(
    ({ kind, name }) =>
      !TOPIC_NAME.test(name) && (sides.length === 0 || !["checkpoints", "offset-syncs"].includes(kind)),
  );
  return [
    ...aliases,
    ...topics.map(({ kind, name }) => ({
      seen: `the ${kind} topic would be called "${name}"`,
      why,
      instead: "write a shorter name without other characters",
    })),
  ];
}

/** Only reports patterns that Java refuses, too. */
function patterns(mirror: MirrorView): Saying[] {
  return inEach(PATTERNS, (field): Saying[] => {
    const pattern = mirror[field];
    if (pattern === undefined) return [];
    const excludes = namesIn(mirror).topicsExclude;
    const names = {
      topicsExcludePattern: excludes,
      groupsExcludePattern: excludes.replace("topics", "groups"),
    } as Record<string, string>;
    try {
      compilePatternList(pattern, names[field] ?? field);
    } catch (error) {
      if (!isMigrationError(error)) throw error;
      if (pattern.split(",").every((part) => isExpression(part.trim()))) return [];
      return [
        {
          seen: error.seen,
          why: "MirrorMaker 2 can't read it either, and the connector does not run",
          instead: error.fix,
        },
      ];
    }
    return [];
  });
}

/**
 * Returns false for texts that both JavaScript and Java refuse, such as open brackets or a quantifier with nothing to
 * repeat.
 */
function isExpression(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return /\(\?|[+*?}]\+|\\[pPQGRXhHZzA]|\[\^?\]|&&/.test(text);
  }
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
  if (text("errors.tolerance").toLowerCase() === "all")
    sayings.push(said("errors.tolerance", "records would be left out unnoticed", "take it away"));
  if (text("transforms") !== "")
    sayings.push(said("transforms", "a copy that is changed on its way can't be proved complete", "take it away"));
  if (connector !== "source") return sayings;
  for (const key of ["consumer.auto.offset.reset", "source.consumer.auto.offset.reset"]) {
    const reset = text(key);
    if (/^(latest|none|by_duration:.*)$/i.test(reset))
      sayings.push(said(key, "what is in the topics already would not be copied", "take it away"));
  }
  for (const key of ["topic.filter.class", "config.property.filter.class"]) {
    if (text(key) === "" || text(key).startsWith("org.apache.kafka.")) continue;
    sayings.push(
      said(
        key,
        "what is copied is decided by that class, and nothing that reads the patterns can tell",
        "take it away, and say it with patterns",
      ),
    );
  }
  return sayings;
}
