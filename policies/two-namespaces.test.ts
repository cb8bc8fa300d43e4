import { expect, test } from "vitest";
import { readView } from "./read";
import { aToB, kafkaUser, mirrorMakerV1 } from "../test/policies/manifests";
import { all, found } from "../test/policies/resources";

const mirror = (namespace: string, pattern: string) =>
  mirrorMakerV1(
    {},
    [{ topicsPattern: pattern, source: { alias: "a", bootstrapServers: "central-kafka-bootstrap.central:9092" } }],
    { namespace },
  );

test("a user belongs to the mirror whose short address means a Kafka in the user's namespace", () => {
  const user = (namespace: string) => kafkaUser("writer", "b", [], { namespace });
  const { mirrors, users } = readView([
    mirror("east", "orders"),
    mirror("west", "payments"),
    user("east"),
    user("west"),
  ]);
  const places = users.map((one) => (one.places ?? []).map((place) => `${place.side} of ${place.mirror.namespace}`));
  expect(mirrors).toHaveLength(2);
  expect(places).toEqual([["target of east"], ["target of west"]]);
});

test("a user that an operator watches in another namespace is found", () => {
  const { users } = readView([mirror("east", "orders"), kafkaUser("writer", "b", [], { namespace: "users" })]);
  expect(users[0]!.side).toBe("target");
});

test("a user of another Kafka with the same name is not the mirror's, if the mirror's own is there", () => {
  const everything = ["topic", "group"].map((type) => ({
    resource: { type, name: "*", patternType: "literal" },
    operations: ["All"],
  }));
  const user = (namespace: string, acls: object[]) => kafkaUser("mm2", "a", acls, { namespace });
  const authentication = {
    type: "scram-sha-512",
    username: "mm2",
    passwordSecret: { secretName: "mm2", password: "p" },
  };
  const mirrors = aToB({}, { clusters: { a: { authentication }, b: {} } });
  const seen = (...users: ReturnType<typeof user>[]) => all([mirrors, ...users]).map(({ message }) => message);
  const own = user("ns", []);
  expect(seen(own).join()).toMatch(/acl-missing/);
  expect(seen(user("elsewhere", everything)).join()).toMatch(/origin-write-everything/);
  for (const acls of [everything, []]) expect(seen(own, user("elsewhere", acls))).toEqual(seen(own));
});

test("tls-without-ca: a service with a public certificate needs no CA", () => {
  const to = (bootstrapServers: string) =>
    found("tls-without-ca", [aToB({}, { clusters: { a: {}, b: { bootstrapServers, tls: {} } } })]);
  expect(to("orders.servicebus.windows.net:9093")).toEqual([]);
  expect(to("b-1.orders.abc.c2.kafka.eu-west-1.amazonaws.com:9094")).toEqual([]);
  expect(to("b-kafka-bootstrap.b.svc:9093")).toHaveLength(1);
});
