import { APACHE_DEFAULT, APACHE_IDENTITY, reader, STRIMZI_IDENTITY } from "../mirror-configuration";
import { policyKind } from "../naming";
import { versionAtLeast } from "../version";
import { isPlaceholder } from "./placeholder";
import { kafkaVersion, mirrorRule, type Rule } from "./rule";
import { inEach } from "./unknown";
import { versionOf } from "./version";
import type { MirrorView } from "./view";

const CLASS = "replication.policy.class";

/** The policy classes that the mirror's connectors set. */
const chosen = (mirror: MirrorView): string[] => [
  ...new Set(
    inEach(["source", "checkpoint", "heartbeat"] as const, (name) => [
      reader(mirror[name]?.config ?? {}).text(CLASS),
    ]).flatMap((name) => (name === undefined || isPlaceholder(name) ? [] : [name])),
  ),
];

export const policyRules: Rule[] = [
  mirrorRule(
    {
      name: "policy-class-exists",
      level: "mandatory",
      summary: "The replication policy is a class that the running MirrorMaker 2 has.",
      settings: { kafkaVersion },
    },
    (mirror) => {
      const apache = versionAtLeast(mirror.kafkaVersion, "3.0");
      return chosen(mirror)
        .filter((name) => !exists(name, mirror.kafkaVersion))
        .map((name) => ({
          seen: `${CLASS} ${name} does not exist in the MirrorMaker 2 of ${versionOf(mirror)}`,
          why: "Connect refuses the connector, and nothing is copied",
          instead:
            `use ${apache ? APACHE_IDENTITY : STRIMZI_IDENTITY}, or set the running version (spec.version, or ` +
            "the setting kafkaVersion of this rule)",
        }));
    },
  ),
  mirrorRule(
    {
      name: "policy-unknown",
      level: "advisory",
      summary: "The replication policy is one that this package knows.",
      settings: { kafkaVersion },
    },
    (mirror) =>
      chosen(mirror)
        .filter((name) => policyKind({ policyClass: name }) === "unknown" && exists(name, mirror.kafkaVersion))
        .map((name) => ({
          seen: `${CLASS} is ${name}, which this package does not know`,
          why:
            "that class decides the names of the copies and of the internal topics, so these are not checked: " +
            "loops, topics that are copied twice or mixed, names that Kafka refuses, the ACLs of the copies, " +
            "and state that is copied over the target's own",
          instead: `check them by hand, or use ${APACHE_IDENTITY} or ${APACHE_DEFAULT}`,
        })),
  ),
];

/** A custom class may be in any package. All classes in the packages of Kafka and Strimzi are known. */
function exists(policy: string, kafkaVersion: string): boolean {
  if (policy === STRIMZI_IDENTITY) return !versionAtLeast(kafkaVersion, "4.0");
  if (policy === APACHE_IDENTITY) return versionAtLeast(kafkaVersion, "3.0");
  return policy === APACHE_DEFAULT || !/^(org\.apache\.kafka|io\.strimzi\.kafka)\./.test(policy);
}
