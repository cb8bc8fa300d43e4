import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { dialects, type DialectName } from "../components/dialects";
import type { AnyResource } from "./read";
import { asPulumiHandsOver, others, type Path, pathsOf, put, valueAt } from "../test/policies/places";
import { all, kafka, stack } from "../test/policies/resources";
import { UNKNOWN } from "../test/support/unknown";
import { part, runs } from "../test/support/runs";

const mandatory = (resources: readonly AnyResource[]) =>
  all(asPulumiHandsOver(resources))
    .filter((f) => f.level === "mandatory")
    .map((f) => f.rule);

/** The mirror's users log in with certificates under custom names. */
function withCertificates({ mirror, origin, target }: any): void {
  for (const [cluster, user, name] of [
    [mirror.spec.mirrors[0].source, origin, "reader"],
    [mirror.spec.target, target, "writer"],
  ]) {
    cluster.authentication = {
      type: "tls",
      certificateAndKey: { secretName: "some-certificate", certificate: "user.crt", key: "user.key" },
    };
    user.metadata.name = name;
    user.spec.authentication = { type: "tls" };
  }
}

function estate(dialect: DialectName, change: (parts: any) => void): AnyResource[] {
  const guide = dialect === "event-streams-v1beta1";
  return stack({
    dialect,
    mirror: { topicsPattern: "orders,payments-.*", groupsPattern: "app-.*", exactlyOnce: !guide },
    change,
    more: [
      ...others(),
      // A mirror of another owner, without a user in the stack.
      ...stack({
        dialect,
        mirror: {
          name: "other",
          topicsPattern: "invoices",
          origin: { alias: "third", bootstrapServers: "third-kafka-bootstrap.third.svc:9093" },
          target: {
            alias: "fourth",
            bootstrapServers: "fourth-kafka-bootstrap.fourth.svc:9093",
            groupId: "g",
            offsetStorageTopic: "a",
            configStorageTopic: "b",
            statusStorageTopic: "c",
          },
          checkpointConnector: { config: { "sync.group.offsets.enabled": "true" } },
        },
      }).slice(0, 1),
    ],
  });
}

/** The paths without those of elements that have the same value in the same place of their list. */
function distinct(resources: readonly AnyResource[]): Path[] {
  const like = ([i, ...path]: Path) => [i, ...path.map((key) => (typeof key === "number" ? "" : key))].join(".");
  const alike = (path: Path) => `${like(path)} ${JSON.stringify(valueAt(resources, path))}`;
  return [...new Map(pathsOf(resources).map((path) => [alike(path), path])).values()];
}

const estates = (Object.keys(dialects) as DialectName[]).map(
  (dialect) => [dialect, dialect, () => {}] as [string, DialectName, (parts: any) => void],
);

describe.each([...estates, ["strimzi-v1 with certificates", "strimzi-v1", withCertificates] as const])(
  "%s: values that are unknown before the update cause no mandatory finding",
  (_what, dialect, change) => {
    const resources = estate(dialect, change);
    // The other resources are the same in every dialect, so checking them once is enough. With certificates, those
    // that belong to a user or hold a certificate are checked again.
    const isChecked = ({ type }: AnyResource, i: number) =>
      i < 3 || (dialect === "strimzi-v1" && (change !== withCertificates || type.startsWith("kubernetes:")));
    const everywhere = distinct(resources).filter(([i]) => isChecked(resources[Number(i)]!, Number(i)));

    test("if all values are known", () => {
      expect(mandatory(resources)).toEqual([]);
      expect(everywhere.length).toBeGreaterThan(80);
    });

    test("if any one value is unknown", () => {
      const wrong = part(everywhere).flatMap((path) => {
        const set = structuredClone(resources);
        put(set, path, UNKNOWN);
        return mandatory(set).map((rule) => `${rule} without ${path.join(".")}`);
      });
      expect(wrong).toEqual([]);
    });

    test("if any few values are unknown", () => {
      fc.assert(
        fc.property(
          fc.subarray(
            everywhere.map((_path, i) => i),
            { minLength: 2, maxLength: 12 },
          ),
          (chosen) => {
            const set = structuredClone(resources);
            for (const i of chosen) put(set, everywhere[i]!, UNKNOWN);
            expect(
              mandatory(set).map((rule) => `${rule} without ${chosen.map((i) => everywhere[i]!.join(".")).join(", ")}`),
            ).toEqual([]);
          },
        ),
        { numRuns: runs(100) },
      );
    });
  },
);

test(
  "what is known is still said: as on the first preview of a stack whose addresses and login are another " +
    "resource's outputs",
  () => {
    const resources = stack({
      change: ({ mirror, origin }) => {
        for (const cluster of [mirror.spec.target, mirror.spec.mirrors[0].source]) {
          cluster.bootstrapServers = UNKNOWN;
          cluster.authentication.username = UNKNOWN;
          cluster.authentication.passwordSecret.secretName = UNKNOWN;
          cluster.tls.trustedCertificates = UNKNOWN;
        }
        mirror.spec.mirrors[0].sourceConnector.config["tasks.max"] = 4;
        origin.spec.authorization.acls.push({ operations: ["Write"], resource: { type: "topic", name: "*" } });
      },
    });
    expect(mandatory(resources)).toEqual(["origin-write-everything", "dropped-options"]);
  },
);

test("a KafkaUser with an unknown name is not treated as the mirror's", () => {
  const resources = stack({ change: ({ origin }) => Object.assign(origin.metadata, { name: UNKNOWN }) });
  resources[1]!.name = "mm2-credentials";
  (resources[1]!.props.spec as any).authorization.acls = [];
  expect(mandatory(resources)).toEqual([]);
});

test("nobody is reported as lacking rights while the owner of an ACL is unknown", () => {
  const right = (aclPrincipal: string, name: string) =>
    kafka(
      "Acl",
      {
        aclPrincipal,
        aclResourceType: "Topic",
        aclResourceName: "*",
        aclOperation: "Read",
        resourcePatternTypeFilter: "Literal",
      },
      undefined,
      name,
    );
  const [mirror] = stack();
  expect(mandatory([mirror!, right("User:mm2-credentials", "one")])).toEqual(["acl-missing"]);
  expect(mandatory([mirror!, right("User:mm2-credentials", "one"), right(UNKNOWN, "two")])).toEqual([]);
});
