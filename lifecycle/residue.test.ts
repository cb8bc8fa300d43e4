import { describe, expect, test } from "vitest";
import type { Residue } from "../engine/cleanup";
import { waysOut } from "./handlers/residue-causes";
import { unclaimedStep } from "./handlers/unclaimed";
import { leftInKubernetes, type ObjectsOn } from "./kubernetes/left";
import { fakeApiServer, secretPath, secretWith } from "../test/lifecycle/support/api-server";

const apiVersion = "kafka.strimzi.io/v1";
const KAFKA_USERS = `/apis/${apiVersion}/namespaces/origin-ns/kafkausers`;
const user = { apiVersion, kind: "KafkaUser" as const, namespace: "origin-ns", name: "mm2-credentials" };
const secret = { apiVersion: "v1", kind: "Secret" as const, namespace: "origin-ns", name: "mm2-credentials" };
const kubernetes: ObjectsOn[] = [
  { side: "origin", owner: "o", places: [user] },
  { side: "origin", places: [secret] },
  { side: "target", owner: "o", places: [{ ...user, namespace: "target-ns" }] },
];

const acl = (name: string, side: Residue["side"] = "origin"): Residue => ({
  kind: "acl",
  side,
  name: `${name} allow Read on topic a`,
  what: "an ACL of a user that the migration created",
});
const object = (name: string, more: Partial<Residue> = {}): Residue => ({
  kind: "object",
  side: "kubernetes",
  name,
  what: "made by the migration",
  ...more,
});

describe("the fix for residue", () => {
  test.each<[what: string, left: Residue, expected: RegExp]>([
    [
      "an ACL whose KafkaUser is gone",
      acl("User:mm2-credentials"),
      /KafkaUser origin-ns\/mm2-credentials is deleted, but the user operator of the origin \(namespace origin-ns\)/,
    ],
    [
      "an ACL of a certificate's user",
      acl("User:CN=mm2-credentials", "target"),
      /the user operator of the target \(namespace target-ns\)/,
    ],
    [
      "a credential",
      { kind: "credential", side: "target", name: "mm2-credentials", what: "a SCRAM-SHA-512 credential" },
      /the user operator of the target/,
    ],
    ["the operator's Secret", object("Secret origin-ns/mm2-credentials"), /the user operator of the origin/],
    [
      "the operator's Secret with a prefix",
      object("Secret origin-ns/team-mm2-credentials"),
      /the user operator of the origin/,
    ],
    [
      "an object that waits for a finalizer",
      object("KafkaUser origin-ns/mm2-credentials", { waitsFor: ["example.com/hold"] }),
      /is being deleted and waits for the finalizer example\.com\/hold: start the controller/,
    ],
    [
      "an object that something creates again",
      object("KafkaUser origin-ns/mm2-credentials"),
      /find out what creates KafkaUser origin-ns\/mm2-credentials again/,
    ],
    ["an ACL of a user that no operator created", acl("User:other"), /remove the ACLs of these users on the origin/],
    [
      "a topic",
      { kind: "topic", side: "target", name: "mm2-status", what: "the mirror's status topic" },
      /MirrorMaker 2 or Connect worker that still runs/,
    ],
    [
      "a throttle",
      { kind: "throttle", side: "target", name: "broker 2", what: "a replication throttle rate is set" },
      /kafka-migration replication --cancel/,
    ],
    [
      "an ACL of the fence",
      { kind: "acl", side: "origin", name: "User:* deny Write on topic a", what: "an ACL of the fence" },
      /fence --hold/,
    ],
  ])(
    "%s: names once what is down or creates it again, and never an up that creates the mirror again",
    (_what, left, expected) => {
      for (const when of ["cleanup", "destroy"] as const) {
        const said = waysOut([left, left], { when, kubernetes });
        expect(said.match(new RegExp(expected, "g"))).toHaveLength(1);
        expect(said).toMatch(when === "destroy" ? /`pulumi destroy` again$/ : /`pulumi up` with phase cleanup/);
        if (when === "destroy") expect(said).not.toContain("pulumi up");
      }
    },
  );

  test("names the namespace if the state of an older version does not tell the side", () => {
    expect(
      waysOut([acl("User:mm2-credentials")], { when: "destroy", kubernetes: [{ owner: "o", places: [user] }] }),
    ).toMatch(/namespace origin-ns/);
  });
});

describe("a Secret whose name has the user operator's prefix", () => {
  const admin = { ...user, name: "mm2-administrator" };
  const told = { metadata: { name: admin.name }, status: { secret: `team-${admin.name}` } };

  test.each<[what: string, more: Partial<ObjectsOn>]>([
    ["is given", { secretPrefix: "team-" }],
    ["is seen at the administrator's KafkaUser", { example: admin }],
    ["is seen at another KafkaUser, because the administrator is given", { example: user }],
  ])("is searched for at the end if the prefix %s", async (_what, more) => {
    const api = await fakeApiServer({
      [`${KAFKA_USERS}/${admin.name}`]: told,
      [`${KAFKA_USERS}?limit=500`]: { items: [told] },
      [secretPath("origin-ns", "team-mm2-credentials")]: secretWith({ password: "p" }),
    });
    const left = await leftInKubernetes([{ kubeconfig: api.kubeconfig, places: [secret], ...more }], 0);
    expect(left.map((r) => r.name)).toEqual(["Secret origin-ns/team-mm2-credentials"]);
  });

  test.each<[what: string, operator: object, objects: Record<string, object>]>([
    ["is given", { apiVersion, secretPrefix: "team-" }, {}],
    [
      "is seen at another KafkaUser of the namespace",
      { apiVersion },
      { [`${KAFKA_USERS}?limit=500`]: { items: [told, { metadata: { name: "new" } }] } },
    ],
  ])("is not overwritten if it belongs to somebody else and the prefix %s", async (_what, operator, objects) => {
    const taken = secretPath("origin-ns", "team-mm2-credentials");
    const api = await fakeApiServer({ ...objects, [taken]: secretWith({ mine: "v" }) });
    const inputs = { place: secret, owner: "o", ofKafkaUser: true, operator, kubeconfig: api.kubeconfig };
    await expect(unclaimedStep.create(inputs)).rejects.toThrow(/OBJECT_TAKEN: Secret origin-ns\/team-mm2-credentials/);
    api.objects.set(taken, { metadata: { labels: { "strimzi.io/kind": "KafkaUser" } } });
    await unclaimedStep.create(inputs);
  });

  test("is not expected if no operator shows its prefix", async () => {
    const api = await fakeApiServer({
      [`${KAFKA_USERS}?limit=500`]: { items: [] },
      [secretPath("origin-ns", "mm2-credentials")]: secretWith({ mine: "v" }),
    });
    const inputs = {
      place: secret,
      owner: "o",
      ofKafkaUser: true,
      operator: { apiVersion },
      kubeconfig: api.kubeconfig,
    };
    await expect(unclaimedStep.create(inputs)).rejects.toThrow(/OBJECT_TAKEN: Secret origin-ns\/mm2-credentials/);
  });
});

test("an object that is being deleted is reported with the finalizers that keep it", async () => {
  const waiting = { metadata: { deletionTimestamp: "2026-01-01T00:00:00Z", finalizers: ["example.com/hold"] } };
  const api = await fakeApiServer({ [`${KAFKA_USERS}/mm2-credentials`]: waiting });
  expect(await leftInKubernetes([{ kubeconfig: api.kubeconfig, places: [user] }], 0)).toMatchObject([
    { name: "KafkaUser origin-ns/mm2-credentials", waitsFor: ["example.com/hold"] },
  ]);
});
