import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePorts, supervise } from "@kafka-migration/sandbox";
import {
  type Authority,
  classPath,
  createAuthority,
  issueCertificate,
  kafkaParts,
  startJava,
  writeProperties,
} from "@kafka-migration/sandbox/kafka";
import { type CountingPort, openKafka } from "../../../engine/kafka/client";
import type { Connection } from "../../../engine/model";
import { silent } from "../../../engine/progress";
import { packageThread } from "../../../engine/verify/thread-start";
import { Threads } from "../../../engine/verify/threads";

/** One broker with a listener for each way to log in that the sandbox's clusters do not have. */
let authority: Authority;
const password = 'pass-word "quoted" \\ ü';
let stop: () => Promise<void> = async () => {};
let port: Record<"PLAIN" | "SCRAM" | "OAUTH" | "MTLS" | "INTERNAL" | "CONTROLLER", number>;

const module = (name: string, options: Record<string, string> = {}) =>
  `org.apache.kafka.common.security.${name} required ${Object.entries(options)
    .map(([k, v]) => `${k}="${v.replace(/[\\"]/g, (c) => `\\${c}`)}"`)
    .join(" ")};`;

beforeAll(async () => {
  const parts = await kafkaParts(undefined, () => {});
  const [PLAIN, SCRAM, OAUTH, MTLS, INTERNAL, CONTROLLER] = (await freePorts(6)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  port = { PLAIN, SCRAM, OAUTH, MTLS, INTERNAL, CONTROLLER };
  const supervisor = supervise(await mkdtemp(join(tmpdir(), "kafka-migration-logins-")));
  stop = () => supervisor.stop();
  const folder = join(supervisor.folder, "broker");
  await mkdir(join(folder, "data"), { recursive: true });
  authority = await createAuthority("logins CA");
  const own = await issueCertificate(authority, {
    commonName: "logins",
    hosts: ["127.0.0.1", "localhost"],
    usage: "both",
  });
  await writeFile(join(folder, "node.pem"), `${own.key}${own.cert}${own.ca}`);
  await writeFile(join(folder, "ca.pem"), own.ca);
  const settings = join(folder, "server.properties");
  const listeners = Object.entries(port).map(([name, p]) => `${name}://127.0.0.1:${p}`);
  await writeProperties(settings, {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.quorum.voters": `1@127.0.0.1:${CONTROLLER}`,
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "INTERNAL",
    listeners: listeners.join(","),
    "listener.security.protocol.map":
      "PLAIN:SASL_SSL,SCRAM:SASL_PLAINTEXT,OAUTH:SASL_PLAINTEXT,MTLS:SSL,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "log.dirs": join(folder, "data"),
    "offsets.topic.replication.factor": "1",
    "ssl.keystore.type": "PEM",
    "ssl.keystore.location": join(folder, "node.pem"),
    "ssl.truststore.type": "PEM",
    "ssl.truststore.location": join(folder, "ca.pem"),
    "listener.name.mtls.ssl.client.auth": "required",
    "listener.name.plain.sasl.enabled.mechanisms": "PLAIN",
    "listener.name.plain.plain.sasl.jaas.config": module("plain.PlainLoginModule", { user_app: password }),
    "listener.name.scram.sasl.enabled.mechanisms": "SCRAM-SHA-256",
    "listener.name.scram.scram-sha-256.sasl.jaas.config": module("scram.ScramLoginModule"),
    "listener.name.oauth.sasl.enabled.mechanisms": "OAUTHBEARER",
    // Sessions as short as they can be tested: requests of a few seconds meet several ends of one.
    "listener.name.scram.scram-sha-256.connections.max.reauth.ms": "1000",
    "listener.name.oauth.oauthbearer.connections.max.reauth.ms": "3600000",
    "listener.name.oauth.oauthbearer.sasl.jaas.config": module("oauthbearer.OAuthBearerLoginModule", {
      unsecuredLoginStringClaim_sub: "broker",
    }),
  });
  const words = [
    "kafka.tools.StorageTool",
    "format",
    "-t",
    "AAAAAAAAAAAAAAAAAAAAAA",
    "-c",
    settings,
    "--add-scram",
    `SCRAM-SHA-256=[name=app,password=scram-secret]`,
  ];
  await writeFile(
    join(folder, "format.args"),
    words.map((w) => `"${w.replace(/[\\"]/g, (c) => `\\${c}`)}"`).join("\n"),
    { mode: 0o600 },
  );
  const tool = supervisor.start({
    name: "format",
    command: parts.java,
    args: [`@${join(folder, "format.args")}`],
    cwd: folder,
    env: { ...process.env, CLASSPATH: await classPath(parts.kafka) },
    log: join(folder, "format.log"),
  });
  expect((await tool.exited).code).toBe(0);
  const broker = await startJava(supervisor, {
    name: "logins broker",
    mainClass: "kafka.Kafka",
    args: [settings],
    heap: "384m",
    folder,
    logName: "broker",
    parts,
    kind: "broker",
    mayArchive: false,
  });
  await broker.process.until(
    "a connection without login",
    async () => {
      const opened = await openKafka({ bootstrapServers: `127.0.0.1:${INTERNAL}` }, "origin").catch(() => undefined);
      await opened?.close();
      return opened === undefined ? undefined : true;
    },
    120_000,
    300,
  );
}, 300_000);

afterAll(() => stop(), 60_000);

/** Logs in and asks something that needs the connection. */
async function login(listener: keyof typeof port, rest: Omit<Connection, "bootstrapServers">): Promise<string> {
  try {
    const kafka = await openKafka({ bootstrapServers: `127.0.0.1:${port[listener]}`, ...rest }, "origin");
    const { brokers } = await kafka.describeCluster();
    await kafka.close();
    return `${brokers.length} broker`;
  } catch (error) {
    return (error as Error).message;
  }
}

/** An unsecured JSON web token (RFC 7515, alg none), which Kafka's test handler takes. */
function token(expires: number): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const now = Math.floor(Date.now() / 1000);
  return `${part({ alg: "none" })}.${part({ sub: "app", iat: now, exp: now + expires })}.`;
}

describe("logging in", () => {
  const tls = {
    get ca() {
      return authority.cert;
    },
  };

  it("works without authentication", async () => {
    expect(await login("INTERNAL", {})).toBe("1 broker");
  });

  it("works with PLAIN over TLS", async () => {
    expect(await login("PLAIN", { tls, sasl: { mechanism: "PLAIN", username: "app", password } })).toBe("1 broker");
    const refused = await login("PLAIN", {
      tls,
      sasl: { mechanism: "PLAIN", username: "app", password: "other-secret" },
    });
    expect(refused).toMatch(/^KAFKA_AUTHENTICATION: .* refused the credentials for user "app" \(PLAIN\)/);
    expect(refused).not.toContain("other-secret");
  });

  it("works with SCRAM-SHA-256 without TLS", async () => {
    expect(
      await login("SCRAM", { sasl: { mechanism: "SCRAM-SHA-256", username: "app", password: "scram-secret" } }),
    ).toBe("1 broker");
    expect(await login("SCRAM", { sasl: { mechanism: "SCRAM-SHA-256", username: "app", password: "wrong" } })).toMatch(
      /^KAFKA_AUTHENTICATION/,
    );
    expect(
      await login("SCRAM", { tls, sasl: { mechanism: "SCRAM-SHA-256", username: "app", password: "scram-secret" } }),
    ).toMatch(/^KAFKA_TLS/);
  });

  it("works with OAUTHBEARER", async () => {
    expect(await login("OAUTH", { sasl: { mechanism: "OAUTHBEARER", token: token(3600) } })).toBe("1 broker");
    expect(await login("OAUTH", { sasl: { mechanism: "OAUTHBEARER", token: token(-3600) } })).toMatch(
      /^KAFKA_AUTHENTICATION: .*\(OAUTHBEARER\)/,
    );
  });

  it("works with mutual TLS, but only with a certificate of the right authority", async () => {
    const { cert, key } = await issueCertificate(authority, { commonName: "app", usage: "client" });
    expect(await login("MTLS", { tls: { ...tls, cert, key } })).toBe("1 broker");
    expect(await login("MTLS", { tls })).toMatch(/^KAFKA_TLS/);
    const other = await issueCertificate(await createAuthority("another CA"), { commonName: "app", usage: "client" });
    expect(await login("MTLS", { tls: { ...tls, cert: other.cert, key: other.key } })).toMatch(/^KAFKA_TLS/);
  });
});

/** Asks for something without a pause, side by side, for so long. Returns how many answers there were. */
async function busy(kafka: CountingPort, ms: number): Promise<number> {
  const until = Date.now() + ms;
  let answers = 0;
  const ask = async () => {
    while (Date.now() < until) {
      const [topics, groups, cluster] = await Promise.all([
        kafka.listTopics(),
        kafka.listGroups(),
        kafka.describeCluster(),
      ]);
      expect(topics).toContain("sessions");
      expect(groups).toEqual([]);
      expect(cluster.brokers).toHaveLength(1);
      answers += 3;
    }
  };
  await Promise.all([ask(), ask(), ask()]);
  return answers;
}

describe("a session that ends (connections.max.reauth.ms, KIP-368)", () => {
  it("causes no error and no empty response", async () => {
    const sasl = { mechanism: "SCRAM-SHA-256" as const, username: "app", password: "scram-secret" };
    const kafka = await openKafka({ bootstrapServers: `127.0.0.1:${port.SCRAM}`, sasl }, "origin");
    try {
      if (!(await kafka.listTopics()).includes("sessions"))
        await kafka.createTopic("sessions", { partitions: 1, replicationFactor: 1 });
      // On a machine that stalls, a new login comes too late. The request is then sent again, which is right.
      const rounds: number[] = [];
      while (rounds.length < 5 && !rounds.includes(0)) {
        const before = kafka.requestCount();
        const answers = await busy(kafka, 3_000);
        expect(answers).toBeGreaterThan(20);
        // Four requests for three answers, unless some were refused and sent again.
        rounds.push(kafka.requestCount() - before - (answers * 4) / 3);
      }
      expect(rounds).toContain(0);
    } finally {
      await kafka.close();
    }
  });

  it("gets a new token for each session if tokens expire during the work, although every second answer is 503", async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      let body = "";
      request.on("data", (piece: Buffer) => (body += piece.toString()));
      request.on("end", () => {
        asked.push(`${request.headers.authorization} ${body}`);
        // Identity providers restart: also before the first token.
        if (asked.length % 2 === 1) return void response.writeHead(503).end();
        response
          .setHeader("content-type", "application/json")
          .end(JSON.stringify({ access_token: token(3), token_type: "Bearer", expires_in: 3 }));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
    const tokenEndpoint = { url, clientId: "mig:ration", clientSecret: "client secret", scope: "kafka" };
    try {
      const kafka = await openKafka(
        { bootstrapServers: `127.0.0.1:${port.OAUTH}`, sasl: { mechanism: "OAUTHBEARER", tokenEndpoint } },
        "origin",
      );
      await busy(kafka, 5_000).finally(() => kafka.close());
      expect(asked.length).toBeGreaterThanOrEqual(6);
      // RFC 6749, 2.3.1: both are form-encoded before they are joined.
      const basic = Buffer.from("mig%3Aration:client+secret").toString("base64");
      expect(new Set(asked)).toEqual(new Set([`Basic ${basic} grant_type=client_credentials&scope=kafka`]));
    } finally {
      server.close();
    }
  });

  it("gets new tokens in the threads of the verification, too", async () => {
    let asked = 0;
    const server = createServer((_, response) => {
      asked++;
      response.end(JSON.stringify({ access_token: token(2), token_type: "Bearer", expires_in: 2 }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
    const tokenEndpoint = { url, clientId: "migration", clientSecret: "client-secret" };
    const connection: Connection = {
      bootstrapServers: `127.0.0.1:${port.OAUTH}`,
      sasl: { mechanism: "OAUTHBEARER", tokenEndpoint },
    };
    const kafka = await openKafka({ bootstrapServers: `127.0.0.1:${port.INTERNAL}` }, "origin");
    const model = { origin: connection, target: connection };
    const threads = new Threads({ model, progress: silent, start: packageThread()! });
    try {
      await kafka.createTopic("threads", { partitions: 2, replicationFactor: 1 });
      const items = [0, 1].map((partition) => {
        const range = { topic: "threads", partition, from: 0n, to: 0n };
        return { pair: { origin: range, target: range, compacted: false, timestamps: true, identity: "" } };
      });
      const compare = threads.compare(2, () => 1);
      // Both threads keep their connections from one comparison to the next. Each one asks for the topic's leaders.
      // Twice for each side in each thread: the second tokens are for the sessions after the first ones.
      const began = Date.now();
      while (asked < 8 && Date.now() - began < 60_000)
        await compare({ kind: "in order" }, items, "read_uncommitted", { bytes() {}, done() {} });
      expect(asked).toBeGreaterThanOrEqual(8);
    } finally {
      threads.end();
      await kafka.close();
      server.close();
    }
  });

  it("reads the token file again for each session, also if it is empty or cut off while it is written", async () => {
    const tokenFile = join(await mkdtemp(join(tmpdir(), "kafka-migration-token-")), "token");
    let rewritten = 0;
    const rewrite = async () => {
      const next = token(2);
      await writeFile(tokenFile, rewritten++ % 2 === 0 ? "" : next.slice(0, next.length / 2));
      await sleep(200);
      await writeFile(tokenFile, `${next}\n`);
    };
    const first = rewrite();
    const renewed = setInterval(() => void rewrite(), 500);
    try {
      const kafka = await openKafka(
        { bootstrapServers: `127.0.0.1:${port.OAUTH}`, sasl: { mechanism: "OAUTHBEARER", tokenFile } },
        "origin",
      );
      await busy(kafka, 3_500).finally(() => kafka.close());
    } finally {
      clearInterval(renewed);
      await first;
    }
  });

  it("waits for a token file that is cut off at the first login", async () => {
    const tokenFile = join(await mkdtemp(join(tmpdir(), "kafka-migration-token-")), "token");
    const whole = token(60);
    await writeFile(tokenFile, whole.slice(0, whole.length / 2));
    const late = setTimeout(() => void writeFile(tokenFile, whole), 500);
    expect(await login("OAUTH", { sasl: { mechanism: "OAUTHBEARER", tokenFile } })).toBe("1 broker");
    clearTimeout(late);
  });
});

describe("a token that cannot be obtained", () => {
  const refuse = async (status: number, answer: object) => {
    const server = createServer((_, response) => response.writeHead(status).end(JSON.stringify(answer)));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
    const text = await login("OAUTH", {
      sasl: { mechanism: "OAUTHBEARER", tokenEndpoint: { url, clientId: "me", clientSecret: "client-secret" } },
    });
    server.close();
    expect(text).not.toContain("client-secret");
    return text;
  };

  it("is reported with the endpoint, the client and the reason, never with the secret", async () => {
    expect(await refuse(401, { error: "invalid_client", error_description: "unknown" })).toMatch(
      /^KAFKA_TOKEN: .*\/token refused client "me" with status 401 \(invalid_client: unknown\)/,
    );
    expect(await refuse(200, { id_token: "x" })).toMatch(/^KAFKA_TOKEN: .* returned no access_token/);
    expect(await login("OAUTH", { sasl: { mechanism: "OAUTHBEARER", tokenFile: "/nowhere/token" } })).toMatch(
      /^KAFKA_TOKEN: .*\/nowhere\/token cannot be read \(ENOENT\)/,
    );
  });

  it("is not reported as wrong credentials at once if the broker accepted it before", async () => {
    const tokenFile = join(await mkdtemp(join(tmpdir(), "kafka-migration-token-")), "token");
    await writeFile(tokenFile, token(2));
    const kafka = await openKafka(
      { bootstrapServers: `127.0.0.1:${port.OAUTH}`, sasl: { mechanism: "OAUTHBEARER", tokenFile } },
      "origin",
    );
    try {
      await writeFile(tokenFile, token(-3600));
      const late = setTimeout(() => void writeFile(tokenFile, token(3600)), 2_500);
      await busy(kafka, 4_000);
      clearTimeout(late);
    } finally {
      await kafka.close();
    }
  });
});
