import { nearMiss } from "../../near-miss";
import { versionAtLeast, versionUpTo } from "../../version";

/** A class of Kafka, and the first and last version that has it. Without versions: 2.7 and later have it. */
interface KafkaClass {
  name: string;
  addedIn?: string;
  until?: string;
}

interface ClassKey {
  /**
   * The beginning of the names of plugins that Kafka also takes without package and suffix: `Json` for JsonConverter.
   */
  suffix?: string;
  classes: readonly KafkaClass[];
}

const CONNECT = "org.apache.kafka.connect";

/** Read from the jars of Kafka 2.7 to 4.3. An interface or abstract class is none of them: Connect cannot create it. */
function classes(text: string): KafkaClass[] {
  return text
    .trim()
    .split(/\s+/)
    .map((word) => {
      const [, name = word, addedIn, until] = /^([^@]+)@([\d.]*)-([\d.]*)$/.exec(word) ?? [];
      return { name, ...(addedIn ? { addedIn } : {}), ...(until ? { until } : {}) };
    });
}

const VALUES = `
${CONNECT}.converters.BooleanConverter@3.7- ${CONNECT}.converters.ByteArrayConverter
${CONNECT}.converters.DoubleConverter ${CONNECT}.converters.FloatConverter ${CONNECT}.converters.IntegerConverter
${CONNECT}.converters.LongConverter ${CONNECT}.converters.ShortConverter ${CONNECT}.json.JsonConverter
${CONNECT}.storage.StringConverter`;

const converters: ClassKey = { suffix: "Converter", classes: classes(VALUES) };

/** The classes of Kafka that each key takes. Classes outside of Kafka's packages may exist anywhere. */
const KEYS: Readonly<Record<string, ClassKey>> = {
  "key.converter": converters,
  "value.converter": converters,
  "header.converter": {
    suffix: "HeaderConverter",
    classes: classes(`${VALUES} ${CONNECT}.storage.SimpleHeaderConverter`),
  },
  "connector.client.config.override.policy": {
    suffix: "ConnectorClientConfigOverridePolicy",
    classes: classes(
      ["All", "None", "Principal"]
        .map((name) => `${CONNECT}.connector.policy.${name}ConnectorClientConfigOverridePolicy`)
        .concat(`${CONNECT}.connector.policy.AllowlistConnectorClientConfigOverridePolicy@4.2-`)
        .join(" "),
    ),
  },
  "topic.filter.class": { classes: classes(`${CONNECT}.mirror.DefaultTopicFilter`) },
  "group.filter.class": { classes: classes(`${CONNECT}.mirror.DefaultGroupFilter`) },
  "config.property.filter.class": { classes: classes(`${CONNECT}.mirror.DefaultConfigPropertyFilter`) },
  "forwarding.admin.class": { classes: classes("org.apache.kafka.clients.admin.ForwardingAdmin") },
  "partitioner.class": {
    classes: classes(`
      org.apache.kafka.clients.producer.RoundRobinPartitioner
      org.apache.kafka.clients.producer.UniformStickyPartitioner@-3.9
      org.apache.kafka.clients.producer.internals.DefaultPartitioner@-3.9`),
  },
};

/**
 * Why Kafka cannot use a class, as the end of a sentence that begins with its name. Undefined if it can, or if the
 * class may be someone else's.
 * @param versions the Kafka versions that may run
 */
export function refusedClass(
  key: string,
  value: string,
  versions: readonly string[],
): { reason: string; instead: string } | undefined {
  const known = Object.hasOwn(KEYS, key) ? KEYS[key]! : undefined;
  if (known === undefined || value === "") return undefined;
  const has = (one: KafkaClass) =>
    versions.length === 0 ||
    versions.some(
      (version) =>
        (one.addedIn === undefined || versionAtLeast(version, one.addedIn)) &&
        (one.until === undefined || versionUpTo(version, one.until)),
    );
  const usable = known.classes.filter(has);
  const spellings = usable.flatMap(({ name }) => spellingsOf(name, known.suffix));
  if (spellings.includes(value)) return undefined;
  const meant = nearMiss(simpleName(value), spellings.map(simpleName));
  const written = spellings.find((name) => simpleName(name) === meant) ?? meant;
  const instead =
    written === undefined
      ? `write one of ${usable.map(({ name }) => shortName(name, known.suffix)).join(", ")}`
      : `did you mean ${written}?`;
  const result = (reason: string) => ({ reason, instead });
  if (value.startsWith("org.apache.kafka.")) return result(`is not a class of Kafka that ${key} accepts`);
  // A plugin of someone else may have any other name.
  return spellings.some((name) => name.toLowerCase() === value.toLowerCase())
    ? result("is not Kafka's spelling of the class; upper and lower case matter")
    : undefined;
}

const simpleName = (name: string) => name.slice(name.lastIndexOf(".") + 1);

/** Connect finds its plugins by their simple names, too, and without their suffix. */
function spellingsOf(name: string, suffix: string | undefined): string[] {
  return suffix === undefined ? [name] : [name, simpleName(name), shortName(name, suffix)];
}

function shortName(name: string, suffix: string | undefined): string {
  if (suffix === undefined) return name;
  const simple = simpleName(name);
  const ending = simple.endsWith(suffix) ? suffix : "Converter";
  return simple.endsWith(ending) ? simple.slice(0, -ending.length) : simple;
}
