import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { join } from "node:path";
import { expect, test } from "vitest";
import { classPath, kafkaParts } from "@kafka-migration/sandbox/kafka";
import { found } from "./found";

/** Settings of a client, and whether Kafka refuses them together. `prefix`: where a mirror writes them. */
const cases: [kind: "producer" | "consumer" | "admin", settings: Record<string, string | number>][] = [
  ["producer", { acks: "1", "enable.idempotence": "true" }],
  ["producer", { acks: "0", "enable.idempotence": "TRUE" }],
  ["producer", { acks: "-1", "enable.idempotence": "true" }],
  ["producer", { acks: "1", "enable.idempotence": "false" }],
  ["producer", { acks: "1" }],
  ["producer", { retries: 0, "enable.idempotence": "true" }],
  ["producer", { retries: 0 }],
  ["producer", { retries: 1, "enable.idempotence": "true" }],
  ["producer", { "max.in.flight.requests.per.connection": 6, "enable.idempotence": "true" }],
  ["producer", { "max.in.flight.requests.per.connection": 5, "enable.idempotence": "true" }],
  ["producer", { "max.in.flight.requests.per.connection": 6 }],
  ["producer", { "max.in.flight.requests.per.connection": 6, "enable.idempotence": "false" }],
  ["producer", { "transactional.id": "x", "enable.idempotence": "false" }],
  ["producer", { "delivery.timeout.ms": 30004 }],
  ["producer", { "delivery.timeout.ms": 30005 }],
  ["producer", { "delivery.timeout.ms": 30000, "linger.ms": 0 }],
  ["producer", { "delivery.timeout.ms": 120000, "linger.ms": 50, "request.timeout.ms": 120000 }],
  ["producer", { "delivery.timeout.ms": 2147483647, "linger.ms": 2147483647 }],
  ["producer", { "request.timeout.ms": 300000 }],
  ["consumer", { "session.timeout.ms": 1000 }],
  ["consumer", { "group.id": "g", "session.timeout.ms": 3000 }],
  ["consumer", { "group.id": "g", "session.timeout.ms": 3001 }],
  ["consumer", { "group.id": "g", "heartbeat.interval.ms": 45000 }],
  ["consumer", { "group.id": "g", "heartbeat.interval.ms": 44999 }],
  ["consumer", { "group.protocol": "consumer", "session.timeout.ms": 10000 }],
  ["consumer", { "group.protocol": "Consumer", "group.id": "g" }],
  ["consumer", { "fetch.min.bytes": 100, "fetch.max.bytes": 1 }],
  ["consumer", { "max.poll.interval.ms": 1000, "session.timeout.ms": 60000 }],
  ["consumer", { "auto.offset.reset": "EARLIEST" }],
  ["consumer", { "auto.offset.reset": "by_duration:P3D" }],
  ["consumer", { "auto.offset.reset": "by_duration:PT36H" }],
  ["consumer", { "auto.offset.reset": "by_duration:3d" }],
  ["consumer", { "auto.offset.reset": "by_duration:-P3D" }],
  ["consumer", { "isolation.level": "serializable" }],
  ["consumer", { "client.dns.lookup": "default" }],
  ["consumer", { "security.protocol": "plaintext" }],
  ["consumer", { "security.protocol": "TLS" }],
  ["producer", { "compression.gzip.level": 0 }],
  ["producer", { "compression.gzip.level": -1 }],
  ["producer", { "partitioner.class": "org.apache.kafka.clients.producer.internals.DefaultPartitioner" }],
  ["producer", { "partitioner.class": "org.apache.kafka.clients.producer.RoundRobinPartitioner" }],
  ["admin", { "default.api.timeout.ms": 29999 }],
  ["admin", { "default.api.timeout.ms": 30000 }],
  ["admin", { "default.api.timeout.ms": 60000, "request.timeout.ms": 60001 }],
  ["admin", { "request.timeout.ms": 100000 }],
];

test("the rules refuse exactly the client settings that real clients refuse", async () => {
  const { java, kafka } = await kafkaParts(undefined, () => {});
  const child = spawn(java, ["-cp", await classPath(kafka), join(__dirname, "RealClients.java")], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  const lines = cases.map(([kind, settings]) =>
    [kind, ...Object.entries(settings).map(([key, value]) => `${key}=${value}`)].join(" "),
  );
  child.stdin.end(lines.join("\n"));
  const real = (await text(child.stdout)).trim().split("\n");
  const ruled = cases.map(([kind, settings]) => {
    // The producer of offset syncs: nothing but the resource sets its keys.
    const config = Object.fromEntries(Object.entries(settings).map(([key, value]) => [`${kind}.${key}`, value]));
    const messages = found("source", config, "4.3.0").filter((message) =>
      /^(settings-contradict|refused-value):/.test(message),
    );
    return messages.length === 0 ? "taken" : "refused";
  });
  const both = (answers: readonly string[]) => lines.map((line, i) => `${line}: ${answers[i]}`);
  expect(both(ruled)).toEqual(both(real));
}, 120_000);
