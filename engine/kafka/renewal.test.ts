import { afterEach, beforeEach, expect, it } from "vitest";
import { type FakeBroker, startFakeBroker } from "../../test/engine/kafka/fake-broker";
import type { Connection } from "../model";
import { type CountingPort, openKafka } from "./client";

let broker: FakeBroker;
let port: CountingPort | undefined;
/** What the broker accepts, and what the Secret holds. */
let [accepted, secret] = ["first", "first"];
let [logins, reads] = [0, 0];

beforeEach(async () => {
  [accepted, secret, logins, reads, port] = ["first", "first", 0, 0, undefined];
  broker = await startFakeBroker();
  broker.login = (password) => (logins++, password === accepted);
});
afterEach(async () => {
  await port?.close();
  await broker.stop();
});

/** As `renewable` does: each connection compares the Secret with its own password. */
const connection = (password: string): Connection => ({
  bootstrapServers: `127.0.0.1:${broker.port}`,
  sasl: { mechanism: "PLAIN", username: "admin", password },
  renew: async () => (reads++, secret === password ? undefined : connection(secret)),
});

const rotate = (password: string) => ([accepted, secret] = [password, password]);

/** The broker restarts: it closes every connection, and each client has to log in again. */
async function listAfterRestart(): Promise<string[]> {
  const next = broker.answer.Metadata!;
  broker.answer.Metadata = () => ((broker.answer.Metadata = next), "close");
  return port!.listTopics();
}

it("a password that is rotated while a step runs is read again, as often as that happens", async () => {
  port = await openKafka(connection("first"), "target");
  for (const password of ["second", "third"]) {
    rotate(password);
    expect(await listAfterRestart()).toEqual([]);
  }
  expect([logins, reads]).toEqual([5, 2]);
});

it("a refused login is tried again only with other credentials", async () => {
  rotate("second");
  secret = "first";
  await expect(openKafka(connection("first"), "target")).rejects.toThrow(/^KAFKA_AUTHENTICATION: .*user "admin"/);
  expect([logins, reads]).toEqual([1, 1]);
  secret = "wrong";
  await expect(openKafka(connection("first"), "target")).rejects.toThrow("KAFKA_AUTHENTICATION");
  expect([logins, reads]).toEqual([3, 2]);
});
