/**
 * Measures `kafka-migration inventory` and `kafka-migration access` on a large estate: how long the engine reads the
 * cluster, how long the file takes, and how long the comparison of access takes. One broker plays both clusters.
 *
 *   npm run bench inventory -- [--users 1000] [--acls 5000] [--topics 500] [--quick]
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { brokersOf, type KafkaCluster, startKafkaCluster, withBroker } from "@kafka-migration/sandbox/kafka";
import { checkAccess } from "../engine/access";
import { parseInventory, printInventory, takeInventory } from "../engine/inventory";
import { openKafka } from "../engine/kafka/client";
import type { Acl } from "../engine/kafka/port";
import type { MigrationModel } from "../engine/model";
import { silent } from "../engine/progress";
import {
  benchArguments,
  count,
  fullSpeed,
  inLanes,
  inWorkspace,
  plainModel,
  print,
  program,
  progress,
  table,
} from "./common";

const values = benchArguments({
  users: { type: "string", default: "1000" },
  acls: { type: "string", default: "5000" },
  topics: { type: "string", default: "500" },
});
const small = values.quick ? 10 : 1;
const sizes = {
  users: Math.ceil(count("users", values.users) / small),
  acls: Math.ceil(count("acls", values.acls) / small),
  topics: Math.ceil(count("topics", values.topics) / small),
};
const WANTED_S = 10;
const AT_A_TIME = 500;

async function main(): Promise<void> {
  await inWorkspace(async ({ folder, parts }) => {
    progress("starting a broker");
    const cluster = await startKafkaCluster({
      name: "origin",
      folder: join(folder, "origin"),
      progress,
      brokers: 1,
      jvmOptions: fullSpeed,
      parts,
    });
    try {
      await makeEstate(cluster);
      await measure(plainModel(cluster.connection, cluster.connection));
    } finally {
      await cluster.stop();
    }
  });
}

const user = (i: number): string => `application-${String(i).padStart(5, "0")}`;
const topic = (i: number): string => `orders.${i}`;

async function makeEstate(cluster: KafkaCluster): Promise<void> {
  progress(`creating ${sizes.users} users, ${sizes.acls} ACLs and ${sizes.topics} topics`);
  const [broker] = brokersOf(cluster.connection.bootstrapServers);
  const all = Array.from({ length: sizes.users }, (_, i) => i);
  // Nobody logs in with these, so the salted password needs no password.
  const credential = (i: number) => ({
    name: user(i),
    mechanism: 2,
    iterations: 4096,
    salt: randomBytes(32),
    saltedPassword: randomBytes(64),
  });
  await withBroker(cluster.connection, broker!, async (link, library) => {
    for (let from = 0; from < all.length; from += AT_A_TIME)
      await library.alterUserScramCredentialsV0.api.async(link, [], all.slice(from, from + AT_A_TIME).map(credential));
  });
  const port = await openKafka(cluster.connection, "origin");
  try {
    const acls = Array.from({ length: sizes.acls }, (_, i): Acl => {
      const last = Math.floor(i / sizes.users);
      return {
        resourceType: last % 3 === 2 ? "group" : "topic",
        resourceName: topic(i % sizes.topics),
        patternType: last % 2 === 0 ? "literal" : "prefixed",
        principal: `User:${user(i % sizes.users)}`,
        host: last === 4 ? "10.0.0.1" : "*",
        operation: last === 1 ? "Describe" : "Read",
        permission: last === 3 ? "deny" : "allow",
      };
    });
    for (let from = 0; from < acls.length; from += AT_A_TIME) await port.createAcls(acls.slice(from, from + AT_A_TIME));
    const names = Array.from({ length: sizes.topics }, (_, i) => topic(i));
    await inLanes(names, 8, (name) => port.createTopic(name, { partitions: 3, replicationFactor: 1 }));
  } finally {
    await port.close();
  }
}

async function measure(model: MigrationModel): Promise<void> {
  const start = performance.now();
  const taken = await takeInventory(model, {}, silent);
  const read = (performance.now() - start) / 1000;
  const text = printInventory(taken);
  const printed = (performance.now() - start) / 1000;
  const found = parseInventory(text);
  const parsed = (performance.now() - start) / 1000;
  const acls = found.users.reduce((sum, one) => sum + one.acls.reduce((n, acl) => n + acl.operations.length, 0), 0);
  const before = performance.now();
  const access = await checkAccess(model, {}, silent);
  const compared = (performance.now() - before) / 1000;
  print(`${found.users.length} users, ${acls} ACLs, ${found.topics.length} topics; rates measured over 5 s`);
  print();
  print(
    table([
      ["", "seconds"],
      ["read the cluster", read.toFixed(1)],
      ["write the file", (printed - read).toFixed(1)],
      ["read the file again", (parsed - printed).toFixed(1)],
      ["read and compare access", compared.toFixed(1)],
    ]),
  );
  if (acls < sizes.acls || found.users.length < sizes.users) throw new Error("the inventory is not complete");
  if (!access.equal || access.counts.acls.target < sizes.acls) throw new Error("the comparison is not complete");
  const kept = printed < WANTED_S && compared < WANTED_S;
  print(`wanted: inventory and comparison under ${WANTED_S} s each; ${kept ? "kept" : "NOT kept"}`);
  if (!kept) process.exitCode = 1;
}

program(main);
