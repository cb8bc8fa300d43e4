import { describe, expect, test } from "vitest";
import { acl } from "../../test/engine/access/samples";
import { testMirror } from "../../test/support/models";
import { MigrationError } from "../errors";
import type { Acl, ClientQuota, KafkaPort } from "../kafka/port";
import type { Side } from "../model";
import { silent } from "../progress";
import { checkAccess, reportAccess, requireEqualAccess, shortened } from ".";
import type { AccessResult } from "./types";

const refused = (code: string, text: string) => new MigrationError(code, text, { fix: "none" });
const UNAUTHORIZED = refused("KAFKA_UNAUTHORIZED", "not authorized");
const NO_AUTHORIZER = refused("KAFKA_REFUSED", "SECURITY_DISABLED: no authorizer is configured");

interface Cluster {
  acls?: Acl[] | Error;
  quotas?: ClientQuota[] | Error;
  users?: string[] | Error | undefined;
  /** `allow.everyone.if.no.acl.found` as the brokers show it. */
  open?: string | null;
}

/** The part of a cluster that the comparison reads. */
function portOf(side: Side, { acls = [], quotas = [], users = [], open = "false" }: Cluster): KafkaPort {
  const answer = async <T>(value: T | Error): Promise<T> => {
    if (value instanceof Error) throw value;
    return value;
  };
  return {
    side,
    describeAcls: () => answer(acls),
    clientQuotas: () => answer(quotas),
    scramUsers: () =>
      answer(users instanceof Error ? users : users.map((name) => ({ name, mechanisms: ["SCRAM-SHA-512"] }))),
    describeCluster: async () => ({ brokers: [{ id: 1 }], authorizedOperations: ["Describe"] }),
    describeBrokerConfigs: async () =>
      new Map([[1, new Map([["allow.everyone.if.no.acl.found", { value: open, source: "other", sensitive: false }]])]]),
    mayDescribeTransactionalId: async () => undefined,
    topicOperations: async () => new Map(),
    groupOperations: async () => new Map(),
    listTopics: async () => ["invoices"],
    listGroups: async () => [],
    transactionalIds: async () => undefined,
    close: async () => {},
  } as unknown as KafkaPort;
}

const connection = (username: string) => ({
  bootstrapServers: "127.0.0.1:1",
  sasl: { mechanism: "SCRAM-SHA-512" as const, username, password: "x" },
});
const model = { origin: connection("admin"), target: connection("admin"), mirror: testMirror() };
const check = (origin: Cluster, target: Cluster, options = {}) =>
  checkAccess(model, options, silent, undefined, async (_connection, side) =>
    portOf(side, side === "origin" ? origin : target),
  );

describe("the comparison of access", () => {
  test("needs no authorizer if neither cluster has one, and says so if only one has", async () => {
    const none: Cluster = { acls: NO_AUTHORIZER };
    const both = await check(none, none);
    expect(both).toMatchObject({ equal: true, unknown: [], notes: [expect.stringContaining("neither cluster")] });
    const one = await check({ acls: [acl({})] }, none);
    expect(one.equal).toBe(false);
    expect(one.unknown).toEqual(["the target's brokers have no authorizer: everybody may do everything there"]);
  });

  test("says in one line what the administrator may not read", async () => {
    const closed = await check({ acls: UNAUTHORIZED }, {});
    expect(closed.unknown).toEqual(["the administrator may not list ACLs on the origin (Describe on the cluster)"]);
    const partly = await check({ acls: [acl({})], quotas: UNAUTHORIZED, users: UNAUTHORIZED }, { acls: [] });
    expect(partly.unknown).toEqual([
      "the administrator may not list users on the origin (Describe on the cluster)",
      "the administrator may not list quotas on the origin (DescribeConfigs on the cluster)",
    ]);
    expect(partly.differences).toHaveLength(1);
  });

  test("names who logs in with a certificate, because it cannot know whether the target trusts it", async () => {
    const acls = ["User:CN=web,OU=shop", "User:CN=web,OU=shop", "User:CN=admin", "User:billing"].map((principal) =>
      acl({ principal }),
    );
    const { equal, notes } = await check({ acls }, { acls }, { ignore: ["User:CN=admin"] });
    expect(equal).toBe(true);
    expect(notes).toEqual([
      expect.stringMatching(
        /^certificates are not compared: 1 principal \(User:CN=web,OU=shop\) can log in .* only if/,
      ),
    ]);
  });

  test("does not guess what brokers hide, and takes the user's word", async () => {
    const hidden = await check({ open: null }, {});
    expect(hidden.unknown).toEqual([expect.stringMatching(/^the origin's brokers hide allow\.everyone/)]);
    expect((await check({ open: null }, {}, { everyoneByDefault: { origin: false } })).equal).toBe(true);
    const open = await check({ open: null }, {}, { everyoneByDefault: { origin: true } });
    expect(open.differences[0]!.text).toContain("everybody may use what no ACL covers");
  });

  test("leaves out the administrators, whose names the connections have", async () => {
    const own = { acls: [acl({ principal: "User:admin" })], users: ["admin"] };
    expect((await check(own, {})).equal).toBe(true);
    expect((await check({ acls: [acl({})], users: ["billing"] }, {})).differences.map(({ kind }) => kind)).toEqual([
      "acl",
      "login",
    ]);
  });

  test("does not end a cutover with `warn`, and lists everything in the error with `require`", async () => {
    const acls = Array.from({ length: 400 }, (_, i) => acl({ principal: `User:app-${i}` }));
    const result = await check({ acls, quotas: UNAUTHORIZED }, {});
    const lines: string[] = [];
    reportAccess(result, { info: () => {}, warn: (line) => lines.push(line) });
    expect(lines).toHaveLength(22);
    expect(lines.at(-1)).toContain("and 380 more differences");
    const error = errorOf(result);
    expect(error.code).toBe("ACCESS_DIFFERS");
    expect(error.details).toHaveLength(401);
    expect(shortened(result)).toMatchObject({ left: 100 });
    expect(shortened(result).differences).toHaveLength(300);
    expect(() => requireEqualAccess({ ...result, equal: true })).not.toThrow();
  });
});

function errorOf(result: AccessResult): MigrationError {
  try {
    requireEqualAccess(result);
  } catch (error) {
    return error as MigrationError;
  }
  throw new Error("it did not fail");
}
