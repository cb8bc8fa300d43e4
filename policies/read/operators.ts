import { attempt } from "../../engine/rules";
import { versionAtLeast } from "../../engine/version";
import { partsOf } from "./home";
import { type AnyResource, object, text } from "./plain";

/** Kinds that operators from Strimzi 0.46 on do not have. */
const OLD_KINDS = ["KafkaMirrorMaker", "KafkaConnectS2I"];
/** Only Strimzi 0.47 and older run Kafka versions before this one. */
const FIRST_AFTER_OLD = "4.0";
/** Only Strimzi 0.51 and later run this Kafka version. */
const FIRST_OF_NEW = "4.2";

/**
 * Returns true if the stack's user operators read the singular `operation` in ACL rules of v1beta2. Operators up to
 * Strimzi 0.48 read it, later ones do not. Undefined if the stack shows neither or both.
 * @param kafkaVersion the setting; it takes precedence over the stack
 */
export function readsSingular(
  resources: readonly AnyResource[],
  kafkaVersion: string | undefined,
): boolean | undefined {
  const told = kafkaVersion === undefined ? undefined : ageOf(kafkaVersion);
  if (told !== undefined) return told === "old";
  const ages = new Set(resources.filter(isOperators).map(ageShownBy));
  if (ages.has("old") === ages.has("new")) return undefined;
  return ages.has("old");
}

type Age = "old" | "new";

const isOperators = ({ type }: AnyResource) => /strimzi\.io|eventstreams\.ibm\.com/.test(type);

function ageOf(kafkaVersion: string): Age | undefined {
  if (!/^\d+\.\d+/.test(kafkaVersion)) return undefined;
  if (!versionAtLeast(kafkaVersion, FIRST_AFTER_OLD)) return "old";
  return versionAtLeast(kafkaVersion, FIRST_OF_NEW) ? "new" : undefined;
}

/** Detects the age from fields that only an older or only a newer operator has. */
function ageShownBy(resource: AnyResource): Age | undefined {
  const kind = resource.type.split(":").pop()!;
  if (/\/v1:/.test(resource.type)) return "new";
  if (/\/v1(alpha|beta)1:/.test(resource.type) || OLD_KINDS.includes(kind)) return "old";
  const { spec } = partsOf(resource);
  const has = (field: string) => attempt(() => spec[field] !== undefined) === true;
  if (has("zookeeper")) return "old";
  // In v1beta2 since Strimzi 0.49.
  if (kind === "KafkaMirrorMaker2" && has("target")) return "new";
  const version = attempt(() => text(spec.version) ?? text(object(spec.kafka).version));
  // The version of an EventStreams resource is not a Kafka version.
  return version === undefined || kind === "EventStreams" ? undefined : ageOf(version);
}
