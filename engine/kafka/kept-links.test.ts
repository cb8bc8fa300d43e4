import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FakeBroker, metadata, startFakeBroker } from "../../test/engine/kafka/fake-broker";
import type { Connection } from "../model";
import { openKafka } from "./client";
import { keepLinks } from "./kept-links";

let broker: FakeBroker;
let logins = 0;

beforeEach(async () => {
  logins = 0;
  broker = await startFakeBroker();
  broker.login = (password) => (logins++, password !== "wrong");
  broker.answer.Metadata = () => metadata(broker, [{ name: "orders" }]);
});
afterEach(async () => {
  await keepLinks(0);
  await broker.stop();
});

const connection = (password = "right"): Connection => ({
  bootstrapServers: `127.0.0.1:${broker.port}`,
  sasl: { mechanism: "PLAIN", username: "admin", password },
});

/** Opens a port, lists the topics and closes the port. */
async function step(password?: string): Promise<string[]> {
  const port = await openKafka(connection(password), "target");
  try {
    return await port.listTopics();
  } finally {
    await port.close();
  }
}

it("by default each port logs in", async () => {
  await step();
  await step();
  expect([broker.connections, logins]).toEqual([2, 2]);
});

describe("if connections are kept", () => {
  beforeEach(() => keepLinks(60_000));

  it("the next port uses them without a login", async () => {
    for (let i = 0; i < 3; i++) expect(await step()).toEqual(["orders"]);
    expect([broker.connections, logins]).toEqual([1, 1]);
  });

  it("two ports at the same time have a connection each, and both are kept", async () => {
    const ports = await Promise.all([openKafka(connection(), "target"), openKafka(connection(), "target")]);
    await Promise.all(ports.map((port) => port.close()));
    await Promise.all([step(), step()]);
    expect([broker.connections, logins]).toEqual([2, 2]);
  });

  it("another login does not get them, and a wrong one is refused", async () => {
    await step();
    await step("other");
    await expect(step("wrong")).rejects.toThrow("KAFKA_AUTHENTICATION");
    expect(logins).toBe(3);
  });

  it("a connection that the broker closes meanwhile is replaced", async () => {
    await step();
    const usual = broker.answer.Metadata!;
    // The port is closed while the broker closes the connection.
    broker.answer.Metadata = () => ((broker.answer.Metadata = usual), "close");
    const port = await openKafka(connection(), "target").catch(() => undefined);
    await port?.close();
    expect(await step()).toEqual(["orders"]);
  });

  it("a broker that restarted gets a new login", async () => {
    await step();
    const { port } = broker;
    await broker.stop();
    broker = await startFakeBroker(port);
    broker.login = () => (logins++, true);
    broker.answer.Metadata = () => metadata(broker, [{ name: "orders" }]);
    expect(await step()).toEqual(["orders"]);
    expect(logins).toBe(2);
  });

  it("one with a request in progress, or of a port that was aborted, is closed", async () => {
    const busy = await openKafka(connection(), "target");
    const requests = broker.asked.length;
    broker.answer.Metadata = () => undefined;
    const asked = busy.listTopics();
    await expect.poll(() => broker.asked.length).toBeGreaterThan(requests);
    await busy.close();
    await expect(asked).rejects.toThrow("KAFKA_CLOSED");
    broker.answer.Metadata = () => metadata(broker, [{ name: "orders" }]);
    const aborted = await openKafka(connection(), "target");
    await aborted.close(new Error("interrupted"));
    await step();
    expect(logins).toBe(3);
  });

  it("a request that begins while the port is closed does not use the connection of the next port", async () => {
    const first = await openKafka(connection(), "target");
    const late = first.listTopics();
    await first.close();
    await expect(late).rejects.toThrow("KAFKA_CLOSED");
    expect(await step()).toEqual(["orders"]);
    expect(logins).toBe(1);
  });

  it("a closed port stays closed, although its connection is used again", async () => {
    const first = await openKafka(connection(), "target");
    await first.close();
    const second = await openKafka(connection(), "target");
    await expect(first.listTopics()).rejects.toThrow("KAFKA_CLOSED");
    // Ends the links of the first port once more.
    await first.close(new Error("late"));
    expect(await second.listTopics()).toEqual(["orders"]);
    await second.close();
  });
});

it("connections that no port takes are closed after the time", async () => {
  await keepLinks(1);
  await step();
  await expect.poll(() => broker.open).toBe(0);
});
