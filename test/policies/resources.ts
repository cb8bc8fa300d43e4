import type { DialectName, ResourceText } from "../../components/dialects";
import { describeMirror, type MirrorDescription } from "../../components/mirror/text";
import { describeUser, type UserDescription } from "../../components/user/settings";
import type { MirrorModel } from "../../engine/model";
import { findings, type Settings, rules, type RuleFinding } from "../../engine/rules";
import { type AnyResource, readView } from "../../policies/read";

/** As Pulumi's analyzer would hand it over. */
export function custom(
  text: { apiVersion: string; kind: string; metadata?: any } & Record<string, any>,
  name?: string,
): AnyResource {
  const type = `kubernetes:${text.apiVersion === "v1" ? "core/v1" : text.apiVersion}:${text.kind}`;
  const own = name ?? `${text.metadata?.namespace ?? ""}-${text.metadata?.name ?? "x"}`;
  return { type, name: own, urn: `urn:pulumi:test::test::${type}::${own}`, props: text };
}

export function kafka(
  kind: "Acl" | "UserScramCredential" | "Topic",
  props: Record<string, unknown>,
  servers = "origin-kafka-bootstrap:9093",
  name = "one",
): AnyResource {
  const type = `kafka:index/${kind.toLowerCase()}:${kind}`;
  return {
    type,
    name,
    urn: `urn:pulumi:test::test::${type}::${name}`,
    props,
    provider: { name: "there", props: { bootstrapServers: JSON.stringify([servers]) } },
  };
}

export function step(kind: string, props: Record<string, unknown> = {}): AnyResource {
  const type = `pulumi-nodejs:dynamic/kafka-migration:${kind}`;
  return { type, name: `test-${kind}`, urn: `urn:pulumi:test::test::${type}::test-${kind}`, props };
}

export const gate = (props: object = {}) => step("Gate", { phase: "mirror", abandon: false, ...props });

export interface Sketch {
  dialect?: DialectName;
  mirror?: Partial<MirrorDescription>;
  user?: Partial<UserDescription>;
  /** Changes the texts before they are looked at. */
  change?: (parts: { mirror: any; origin: any; target: any }) => void;
  more?: AnyResource[];
  /** The setting `kafkaVersion`. */
  version?: string;
}

/** Both users and the mirror of a migration, as the components would write them, and a gate. */
export function stack({
  dialect = "strimzi-v1",
  mirror = {},
  user = {},
  change,
  more = [],
}: Sketch = {}): AnyResource[] {
  const profile = mirror.profile ?? "least";
  const described = describeMirror({
    dialect,
    ...mirror,
    origin: { bootstrapServers: "origin-kafka-bootstrap:9093", ...mirror.origin },
    target: { bootstrapServers: "target-kafka-bootstrap:9093", ...mirror.target },
  });
  const [origin, target] = (["origin", "target"] as const).map((role) =>
    userText(dialect, role, profile, described.model, user),
  );
  const parts = structuredClone({ mirror: described.text, origin: origin!, target: target! });
  change?.(parts);
  return [custom(parts.mirror), custom(parts.origin), custom(parts.target), gate(), ...more];
}

function userText(
  dialect: DialectName,
  role: "origin" | "target",
  profile: "guide" | "least" | "tuned",
  mirror: MirrorModel,
  user: Partial<UserDescription>,
): ResourceText {
  return describeUser({ dialect, role, profile, mirror, cluster: role, namespace: `${role}-ns`, ...user }).text;
}

/** What one rule finds. */
export function found(rule: string, resources: AnyResource[], settings?: Settings): RuleFinding[] {
  const one = rules.find((r) => r.name === rule);
  if (one === undefined) throw new Error(`no rule ${rule}`);
  return one.check(readView(resources, settings), settings);
}

export const all = (resources: AnyResource[]): RuleFinding[] => findings(readView(resources));
