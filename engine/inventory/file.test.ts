import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { testInventory } from "../../test/support/inventories";
import { isMigrationError } from "../errors";
import { parseInventory, printInventory } from ".";
import { OPERATIONS } from "./schema";
import { fileOf } from "./print";
import type { Inventory, InventoryUser } from "./types";

const empty = testInventory();

const text = fc.oneof(
  fc.string({ minLength: 1, unit: "grapheme" }),
  fc.constantFrom(
    "yes",
    "no",
    "null",
    "~",
    "123",
    "1e3",
    "*",
    "&a",
    "a: b",
    "# x",
    "- x",
    "0x1f",
    "__proto__",
    "\n",
    "@",
  ),
);
const some = <T>(one: fc.Arbitrary<T>) => fc.array(one, { maxLength: 3 });
const fate = fc.oneof(
  fc.record({ moves: fc.constant("yes" as const), todo: text }, { requiredKeys: ["moves"] }),
  fc.record({ moves: fc.constant("if" as const), when: text }),
  fc.record({ moves: fc.constant("no" as const), why: text, todo: text }, { requiredKeys: ["moves", "why"] }),
);
/** Labels and settings never have this key. */
const key = text.filter((t) => t !== "__proto__");
const record = (value: fc.Arbitrary<unknown>) =>
  fc.uniqueArray(fc.tuple(key, value), { selector: ([name]) => name, maxLength: 3 }).map(Object.fromEntries);
const entry = (fields: Record<string, fc.Arbitrary<unknown>>, optional: Record<string, fc.Arbitrary<unknown>> = {}) =>
  fc
    .tuple(fate, fc.record(fields), fc.record(optional, { requiredKeys: [] }))
    .map(([f, a, b]) => ({ ...a, ...b, ...f }));
const acl = fc.record({
  resource: fc.constantFrom("topic", "group", "cluster", "transactionalId", "delegationToken", "user"),
  name: text,
  pattern: fc.constantFrom("literal", "prefixed"),
  host: fc.constantFrom("*", "10.0.0.1", "::1"),
  permission: fc.constantFrom("allow", "deny"),
  operations: fc.uniqueArray(fc.constantFrom(...OPERATIONS), { minLength: 1, maxLength: 3 }),
});
const amount = fc.oneof(fc.nat(), fc.constantFrom(0.5, 12.25, 9e15));
const users = entry(
  {
    principal: text.map((t) => `User:${t}`),
    acls: some(acl),
    authentication: fc.constantFrom("none", "unknown", "tls"),
  },
  {
    name: text,
    labels: record(text),
    kafkaUser: fc.record({ apiVersion: text, namespace: text, name: text }),
    quotas: fc.record({ producerByteRate: amount, requestPercentage: amount }, { requiredKeys: [] }),
  },
);
const list = <T>(one: fc.Arbitrary<T>, ...keys: string[]) =>
  fc.uniqueArray(one, {
    maxLength: 4,
    selector: (e) => JSON.stringify(keys.map((k) => (e as Record<string, unknown>)[k] ?? null)),
  });
const estate = fc.record({
  format: fc.constant(1),
  origin: text,
  target: text,
  users: list(users, "principal"),
  quotas: list(entry({ values: record(amount) }, { user: text, clientId: text, ip: text }), "user", "clientId", "ip"),
  topics: list(entry({ name: text, partitions: fc.nat() }, { settings: record(text) }), "name"),
  groups: list(entry({ name: text, type: text, protocol: fc.string(), topics: some(text) }), "name"),
  streams: list(entry({ application: text, topics: some(text) }), "application"),
  topicResources: list(entry({ apiVersion: text, namespace: text, name: text, topic: text }), "namespace", "name"),
  deployments: list(
    entry({ kind: text, apiVersion: text, namespace: text, name: text }),
    "kind",
    "apiVersion",
    "namespace",
    "name",
  ),
  connect: list(
    entry(
      {
        configTopic: text,
        connectors: list(
          entry({ name: text, type: fc.constantFrom("sink", "source"), class: text }, { positions: fc.nat() }),
          "name",
        ),
      },
      { group: text, offsetTopic: text },
    ),
    "configTopic",
  ),
  registries: list(entry({ kind: fc.constantFrom("Confluent", "Apicurio"), topic: text }), "topic"),
  mirrors: list(
    entry({ kind: fc.constant("MirrorMaker 2"), topics: some(text) }, { from: text, to: text }),
    "kind",
    "from",
    "to",
  ),
  unread: some(text),
}) as fc.Arbitrary<Inventory>;

/** The same lists in another order. */
const shuffled = (inventory: Inventory): fc.Arbitrary<Inventory> =>
  fc.record(
    Object.fromEntries(
      Object.entries(inventory).map(([key, value]) => [
        key,
        Array.isArray(value) ? fc.shuffledSubarray(value, { minLength: value.length }) : fc.constant(value),
      ]),
    ),
  ) as unknown as fc.Arbitrary<Inventory>;

const normal = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe("the file of an inventory", () => {
  it("is read as it was written, for any estate", () => {
    fc.assert(
      fc.property(estate, (inventory) => {
        const printed = printInventory(inventory);
        const read = parseInventory(printed);
        expect(normal(read)).toEqual(normal(fileOf(inventory)));
        expect(printInventory(read)).toBe(printed);
      }),
      { numRuns: 25 },
    );
  });

  it("is the same text in whatever order the clusters return their objects", () => {
    fc.assert(
      fc.property(
        estate.chain((one) => fc.tuple(fc.constant(one), shuffled(one))),
        ([one, other]) => {
          expect(printInventory(other)).toBe(printInventory(one));
        },
      ),
      { numRuns: 12 },
    );
  });

  it("does not change with sizes, rates, lags, states and members, or with console consumers", () => {
    const topic = { name: "orders", partitions: 3, moves: "yes" } as const;
    const group = { name: "billing", type: "classic", protocol: "consumer", topics: ["orders"], moves: "yes" as const };
    const quiet: Inventory = { ...empty, topics: [topic], groups: [group] };
    const busy: Inventory = {
      ...empty,
      topics: [{ ...topic, now: { records: 7, bytes: 9, recordsPerSecond: 3, lastRecordAt: "2026", onTarget: true } }],
      groups: [
        { ...group, now: { state: "Stable", members: [{ clientId: "secret-pod-1", host: "10.1.2.3" }], lag: 12 } },
        { ...group, name: "console-consumer-4711" },
      ],
    };
    expect(printInventory(busy)).toBe(printInventory(quiet));
  });

  it("has one line for each ACL, and quotes what other YAML readers take for a boolean", () => {
    const user: InventoryUser = {
      principal: "User:billing",
      name: "billing",
      moves: "yes",
      authentication: "scram-sha-512",
      acls: [
        { resource: "topic", name: "b", pattern: "literal", host: "*", permission: "allow", operations: ["Write"] },
        { resource: "topic", name: "a", pattern: "prefixed", host: "*", permission: "deny", operations: ["Read"] },
        { resource: "topic", name: "b", pattern: "literal", host: "*", permission: "allow", operations: ["Read"] },
      ],
    };
    const lines = printInventory({ ...empty, users: [user] }).split("\n");
    expect(lines.slice(lines.indexOf("users:"), lines.indexOf("users:") + 8)).toEqual([
      "users:",
      "  - principal: User:billing",
      "    name: billing",
      '    moves: "yes"',
      "    authentication: scram-sha-512",
      "    acls:",
      '      - { resource: topic, name: a, pattern: prefixed, host: "*", permission: deny, operations: [ Read ] }',
      '      - { resource: topic, name: b, pattern: literal, host: "*", permission: allow, operations: [ Read, Write ] }',
    ]);
  });
});

const mistakes = (file: string): readonly string[] => {
  try {
    parseInventory(file, "estate.yaml");
    return [];
  } catch (error) {
    if (!isMigrationError(error) || error.code !== "INVENTORY_INVALID") throw error;
    expect(error.seen).toBe("estate.yaml is not a valid inventory");
    expect(error.fix).toContain("correct these places");
    return error.details;
  }
};

describe("a file that a person edited", () => {
  it("is refused with every mistake, its line, its place, its value and what is right", () => {
    expect(
      mistakes(`format: 1
origin: o
target: t
users:
  - principal: billing
    moves: maybe
    authentication: scram-sha-521
    acls:
      - { resource: topics, name: a, pattern: literal, host: "*", permission: allow, operations: [Reed] }
      - { resource: topic, name: a, pattern: literal, permission: allow, operations: [] }
    lables: { a: b }
  - principal: User:CN=x
    moves: if
    authentication: tls
    acls: []
    quotas: { producerByteRate: -1, consumerByteRate: fast }
`),
    ).toEqual([
      'line 5: users[0] (billing).principal is "billing": write a principal as in ACLs, such as User:billing',
      'line 6: users[0] (billing).moves is "maybe": write one of yes, if, no',
      expect.stringMatching(/^line 7: users\[0\] \(billing\).authentication is "scram-sha-521" \(did you mean/),
      expect.stringMatching(
        /^line 9: users\[0\] \(billing\).acls\[0\] \(a\).resource is "topics" \(did you mean "topic"/,
      ),
      expect.stringMatching(
        /^line 9: users\[0\] \(billing\).acls\[0\] \(a\).operations\[0\] is "Reed" \(did you mean "Read"/,
      ),
      expect.stringMatching(/^line 10: users\[0\] \(billing\).acls\[1\] \(a\).host is missing: write a text/),
      "line 10: users[0] (billing).acls[1] (a).operations is an empty list: write at least one",
      'line 11: users[0] (billing).lables is not a key of an inventory (did you mean "labels"?)',
      "line 16: users[1] (User:CN=x).quotas.producerByteRate is -1: write a number, at least 0",
      'line 16: users[1] (User:CN=x).quotas.consumerByteRate is "fast": write a number',
    ]);
  });

  it("is refused if an entry is there twice or lacks its condition or reason", () => {
    const user = (rest: string) => `  - { principal: "User:a", authentication: none, acls: [], ${rest} }\n`;
    expect(mistakes(`format: 1\norigin: o\ntarget: t\nusers:\n${user("moves: if")}${user('moves: "no"')}`)).toEqual([
      "line 5: users[0] (User:a) has moves if and no when: write when",
      "line 6: users[1] (User:a) has moves no and no why: write why",
      "line 6: users[1] (User:a) is there twice (also users[0]): remove one of them",
    ]);
  });

  it("is refused if it is no YAML, empty or something else", () => {
    expect(mistakes("users: [\n  a: b: c\n")[0]).toMatch(/^line 2: /);
    expect(mistakes("a: 1\na: 2\n")[0]).toMatch(/^line 2: .*unique/);
    expect(mistakes("")).toEqual(["line 1: the file is empty: write an object with its keys"]);
    expect(mistakes("- a\n")).toEqual(["line 1: the file is a list: write an object with its keys"]);
  });

  it("may have unquoted words of YAML, and may lack the lists that a hand-written file does not need", () => {
    const read = parseInventory(
      "format: 1\norigin: o\ntarget: t\nusers:\n  - { principal: User:a, moves: yes, authentication: none, acls: [] }\n",
    );
    expect(read).toEqual({
      ...empty,
      users: [{ principal: "User:a", moves: "yes", authentication: "none", acls: [] }],
    });
  });
});
