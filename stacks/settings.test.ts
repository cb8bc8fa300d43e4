import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { resolveMigration } from "../components/migration/checks";
import { migrationSchema, stepShape } from "../components/settings/migration";
import { keysAt } from "../components/shape";
import { type Makers, migrationArgs } from "./arguments";
import { Files } from "./files";
import { schema } from "./schema";
import { readSettings, type ReadOptions } from "./settings";
import { temporaryFolder } from "../test/support/folder";

const good = {
  origin: JSON.stringify({ bootstrapServers: "origin:9093", cluster: "origin", namespace: "origin-ns" }),
  target: JSON.stringify({ bootstrapServers: "target:9093", cluster: "target", namespace: "target-ns" }),
};

const estates = temporaryFolder("estates");

/** Creates and reads nothing. */
const MAKERS: Makers = {
  kubernetes: () => undefined,
  kafka: () => ({}) as never,
  secret: () => "s",
  clientPassword: () => "p",
  content: () => "c",
};

function mistakesOf(raw: Record<string, string>, options?: ReadOptions): string[] {
  try {
    readSettings(raw, options);
    return [];
  } catch (error) {
    return [...(error as { details: string[] }).details];
  }
}

describe("the stack's configuration", () => {
  test("accepts versions as they are written, even if YAML reads a number", () => {
    expect(readSettings({ ...good, operatorVersion: "0.49" }).operatorVersion).toBe("0.49");
    const eventStreams = { ...good, dialect: "event-streams-v1", operatorVersion: "13.0" };
    expect(readSettings(eventStreams).operatorVersion).toBe("13.0");
    const origin = JSON.stringify({ ...JSON.parse(good.origin), operatorVersion: 0.49 });
    const settings = readSettings({ ...good, origin, mirror: '{"kafkaVersion":"4.2.0"}' });
    expect([settings.origin.operatorVersion, settings.mirror.kafkaVersion]).toEqual(["0.49", "4.2.0"]);
  });

  test.each(["4.2", '"4.1"', "4"])("refuses a version that no operator knows: %s", (version) => {
    expect(() => readSettings({ ...good, mirror: `{"kafkaVersion":${version}}` })).toThrow(
      /spec\.version is "4\.\d", and operators know versions with three numbers only .*"4\.\d\.0"/,
    );
  });

  test("needs only the two clusters; everything else has a default", () => {
    const settings = readSettings(good);
    expect(settings).toMatchObject({
      phase: "mirror",
      profile: "least",
      dialect: "strimzi-v1",
      abandon: false,
      fence: false,
      checkpoints: "when-applied",
    });
    expect(settings.gate).toEqual({ limitSeconds: 1800 });
    expect(settings.verify).toEqual({ mode: "tail", tailRecords: 100 });
  });

  test("reads booleans and numbers that Pulumi stores as text", () => {
    const settings = readSettings({ ...good, abandon: "true", gate: '{"limitSeconds":5}' });
    expect(settings.abandon).toBe(true);
    expect(settings.gate.limitSeconds).toBe(5);
  });

  test("needs and uses no credentials for clusters without authentication", () => {
    const origin = { bootstrapServers: "origin:9092", users: "anonymous", tls: false };
    const settings = readSettings({ ...good, origin: JSON.stringify(origin) });
    expect(migrationArgs(settings, MAKERS).origin).toEqual({
      bootstrapServers: "origin:9092",
      tls: false,
      anonymous: true,
    });
    const wrong = { ...good, origin: JSON.stringify({ ...origin, username: "me" }), originPassword: "x" };
    expect(mistakesOf(wrong)).toEqual([
      "origin.username: not used with users: anonymous; remove it, or set origin.users to given",
      expect.stringMatching(/^originPassword: nobody logs in with it/),
    ]);
  });

  test("needs no password of a given user with existing Secrets", () => {
    const origin = {
      bootstrapServers: "o:1",
      users: "given",
      username: "me",
      existingSecrets: { credentials: true },
      administrator: { username: "a" },
    };
    const raw = { ...good, origin: JSON.stringify(origin), originAdministratorPassword: "x" };
    const settings = readSettings(raw);
    expect(migrationArgs(settings, MAKERS).origin).toMatchObject({
      existingSecrets: { credentials: true },
      given: { username: "me" },
    });
    expect(migrationArgs(settings, MAKERS).origin.given).not.toHaveProperty("password");
    expect(mistakesOf({ ...raw, originPassword: "y" })).toEqual([
      expect.stringMatching(/^originPassword: nobody logs in with it/),
    ]);
  });

  test("reports an unknown key with its place and the closest key", () => {
    expect(mistakesOf({ ...good, phsae: "cutover" })).toEqual(['phsae: unknown key (did you mean "phase"?)']);
    expect(mistakesOf({ ...good, mirror: '{"topicPattern":"a.*"}' })).toEqual([
      'mirror.topicPattern: unknown key (did you mean "topicsPattern"?)',
    ]);
  });

  test("accepts the keys that errors suggest as their fix", () => {
    const settings = readSettings({
      ...good,
      gate: '{"acceptTruncation":["a"]}',
      fenceOptions: '{"everyoneByDefault":false,"except":["User:x"]}',
      preflight: '{"accept":["TARGET_MESSAGE_SIZE_SMALLER"]}',
    });
    expect(settings).toMatchObject({
      gate: { acceptTruncation: ["a"] },
      fenceOptions: { everyoneByDefault: false, except: ["User:x"] },
      preflight: { accept: ["TARGET_MESSAGE_SIZE_SMALLER"] },
    });
    expect(mistakesOf({ ...good, fenceOptions: '{"exept":["User:x"]}' })).toEqual([
      'fenceOptions.exept: unknown key (did you mean "except"?)',
    ]);
  });

  test("accepts a folder or false for the report", () => {
    expect(readSettings(good).report).toEqual({});
    expect(readSettings({ ...good, report: "false" }).report).toBe(false);
    expect(readSettings({ ...good, report: '{"folder":"out"}' }).report).toEqual({ folder: "out" });
    expect(mistakesOf({ ...good, report: '{"foldr":"out"}' })).toEqual([
      'report.foldr: unknown key (did you mean "folder"?)',
    ]);
    expect(mistakesOf({ ...good, report: '{"folder":1}' })).toEqual([
      expect.stringMatching(/^report\.folder: 1 is not possible/),
    ]);
    expect(mistakesOf({ ...good, report: "true" })).toEqual([expect.stringMatching(/^report: true is not possible/)]);
  });

  test("reports all mistakes together, with the values", () => {
    const found = mistakesOf({
      origin: JSON.stringify({ cluster: "origin", namespace: "origin-ns" }),
      target: JSON.stringify({ bootstrapServers: "t:1", users: "given" }),
      phase: "cutovr",
      gate: '{"limitSeconds":-1}',
      replication: '{"rules":[{"pattern":"a","faktor":3}]}',
    });
    expect(found.some((m) => m.startsWith("origin.bootstrapServers: missing"))).toBe(true);
    expect(found.some((m) => m.startsWith('phase: "cutovr" is not possible'))).toBe(true);
    expect(found.some((m) => m.startsWith("gate.limitSeconds: -1 is not possible"))).toBe(true);
    expect(found).toContain('replication.rules.0.faktor: unknown key (did you mean "factor"?)');
  });

  test("reports what a rule forbids together with the other mistakes", () => {
    const mirror = JSON.stringify({
      topicsPattern: "orders",
      checkpointConnector: { config: { "sync.group.offsets.enabled": true } },
    });
    expect(mistakesOf({ ...good, mirror, phase: "cutovr" }).map((m) => m.slice(0, 60))).toEqual([
      expect.stringMatching(/^phase: "cutovr" is not possible/),
      expect.stringMatching(/^mirror: sync.group.offsets.enabled is true/),
    ]);
  });

  test("reports missing credentials, and how to set them", () => {
    const found = mistakesOf({ ...good, target: JSON.stringify({ bootstrapServers: "t:1", users: "given" }) });
    expect(found.join("\n")).toContain("target.username: missing");
    expect(found.join("\n")).toContain("pulumi config set --secret targetPassword");
    expect(found.join("\n")).toContain("target.administrator.username: missing");
  });

  test("reports missing credentials of mutual TLS and OAuth", () => {
    const given = (mechanism: string, more: object = {}) =>
      JSON.stringify({
        bootstrapServers: "t:1",
        users: "given",
        mechanism,
        administrator: { mechanism, ...more },
        ...more,
      });
    const tls = mistakesOf({ ...good, target: given("TLS") });
    expect(tls).toContain("target.certificateFile: missing; the client certificate that the mirror logs in with");
    expect(tls).toContain("targetKey: missing; the key of the mirror (pulumi config set --secret targetKey)");
    expect(tls.some((m) => m.startsWith("targetAdministratorKey: missing"))).toBe(true);
    expect(
      mistakesOf({
        ...good,
        target: given("TLS", { certificateFile: "c.pem" }),
        targetKey: "k",
        targetAdministratorKey: "k",
      }),
    ).toEqual([]);
    expect(
      mistakesOf({ ...good, target: given("OAUTHBEARER") }).filter((m) => m.includes("Token: missing")),
    ).toHaveLength(2);
    const tokenEndpoint = { url: "https://idp/token", clientId: "me" };
    const requested = { tokenEndpoint, oauth: undefined };
    expect(
      mistakesOf({ ...good, target: given("OAUTHBEARER", requested) }).filter((m) =>
        m.includes("ClientSecret: missing"),
      ),
    ).toHaveLength(2);
    expect(
      mistakesOf({ ...good, target: given("OAUTHBEARER", { tokenFile: "/run/token" }) }).filter((m) =>
        m.includes(": missing; the "),
      ),
    ).toEqual([]);
    expect(mistakesOf({ ...good, target: given("PLAIN", { tokenFile: "/run/token" }) }).join()).toContain(
      "target.tokenFile: not used with mechanism PLAIN",
    );
    expect(
      mistakesOf({ ...good, origin: JSON.stringify({ ...JSON.parse(good.origin), authentication: "tls" }) }),
    ).toEqual([]);
    const kafka = JSON.stringify({
      bootstrapServers: "t:1",
      users: "kafka",
      administrator: { mechanism: "TLS", certificateFile: "c.pem" },
    });
    expect(mistakesOf({ ...good, target: kafka, targetAdministratorKey: "k" }).join()).toContain(
      'target.administrator.mechanism: "TLS" is not possible; with users: kafka',
    );
  });

  test("never repeats a secret, whatever key it was given for", () => {
    const secret = "hunter2";
    const origin = (more: object) => JSON.stringify({ bootstrapServers: "o:1", ...more });
    const wrong: Record<string, string>[] = [
      { originPassword: secret, phase: "x" },
      { origin: secret },
      { origin: origin({ administrator: secret }) },
      { origin: origin({ username: { name: "me", password: secret } }) },
      { origin: origin({ oauth: secret, password: secret }) },
      { originPasswrd: secret },
      { mirror: JSON.stringify({ kubeconfig: { users: [secret] } }) },
    ];
    for (const more of wrong) expect(mistakesOf({ ...good, ...more }).join("\n")).not.toContain(secret);
    expect(mistakesOf({ ...good, phase: secret }, { isSecret: (key) => key === "phase" })).toEqual([
      "phase: a text is not possible; it has to be one of mirror, consumers, cutover, returned, cleanup",
    ]);
  });
});

/** Mistakes of different kinds are reported together, and each of them once. */
describe("mistakes", () => {
  test("are reported together: shape, combinations, the dialect, the rules, patterns and files", () => {
    const root = temporaryFolder("files");
    writeFileSync(join(root, "text.pem"), "no certificate");
    const found = mistakesOf(
      {
        origin: JSON.stringify({
          bootstrapServers: "o:1",
          brokers: "three",
          users: "given",
          mechanism: "TLS",
          certificateFile: "none.pem",
          caFile: "text.pem",
          administrator: { username: "admin" },
        }),
        target: JSON.stringify({
          bootstrapServers: "t:1",
          namespace: "target-ns",
          username: "me",
          authentication: "tls",
          tls: false,
        }),
        dialect: "event-streams-v1beta1",
        verify: '{"mode":"ful"}',
        replication: '{"rules":[{"pattern":"a(","factor":3}]}',
        mirror: JSON.stringify({
          kubeconfig: "kube/none",
          rack: { topologyKey: "zone" },
          groupsPattern: "\\p{Lu}",
          sourceConnector: { state: "stopped" },
          checkpointConnector: { config: { "sync.group.offsets.enabled": true } },
        }),
        originAdministratorPassword: "x",
        targetToken: "y",
      },
      { files: new Files(root) },
    );
    for (const part of [
      'origin.brokers: "three" is not possible',
      'verify.mode: "ful" is not possible (did you mean "full"?)',
      "originKey: missing",
      "target.cluster: missing",
      "target.username: not used with users: operator",
      "targetToken: nobody logs in with it",
      "target.tls is false: users with client certificates need TLS",
      'origin.certificateFile: "none.pem": there is no such file',
      'origin.caFile: "text.pem" holds no certificate',
      'mirror.kubeconfig: "kube/none": there is no such file',
      'mirror: groupsPattern: "\\p{Lu}" uses \\p',
      'replication.rules.0.pattern: "a(" has a "("',
      "spec.rack is not a field",
      "can't stop sourceConnector",
      "sync.group.offsets.enabled is true",
    ]) {
      expect(
        found.filter((m) => m.includes(part)),
        `${part} in\n${found.join("\n")}`,
      ).toHaveLength(1);
    }
  });

  test("in the shape of a value cause no follow-up mistakes", () => {
    expect(mistakesOf({ ...good, origin: "origin:9093" })).toEqual([
      "origin: a text is not possible; it has to be an object with its keys",
    ]);
    expect(mistakesOf({ target: good.target })).toEqual(["origin: missing; it has to be an object with its keys"]);
    const origin = JSON.stringify({ bootstrapServers: "o:1", users: "oprator", cluster: 5, namespace: "n" });
    expect(mistakesOf({ ...good, origin })).toEqual([
      'origin.users: "oprator" is not possible (did you mean "operator"?); it has to be one of operator, ' +
        "kafka, given, anonymous",
      "origin.cluster: 5 is not possible; it has to be a text",
    ]);
  });

  test("include keys that the chosen kind of users does not read", () => {
    const given = { bootstrapServers: "t:1", users: "given", username: "u", administrator: { username: "a" } };
    const secrets = { targetPassword: "p", targetAdministratorPassword: "p" };
    expect(mistakesOf({ ...good, ...secrets, target: JSON.stringify(given) })).toEqual([]);
    expect(
      mistakesOf({
        ...good,
        ...secrets,
        target: JSON.stringify({ ...given, cluster: "c", caSecret: "s", certificateFile: "f" }),
      }),
    ).toEqual([
      "target.cluster: not used with users: given; remove it, or set target.users to operator",
      "target.caSecret: not used with users: given; remove it, or set target.users to operator",
      "target.certificateFile: not used with mechanism SCRAM-SHA-512; remove it, or set the mechanism to TLS",
    ]);
    expect(mistakesOf({ ...good, ...secrets })).toEqual([
      expect.stringMatching(/^targetPassword: nobody/),
      expect.stringMatching(/^targetAdministratorPassword: nobody/),
    ]);
  });
});

describe("the stack and the component", () => {
  test("the stack has every key that the component has", () => {
    // The stack reads the passwords of the applications' users apart from the rest, as secrets.
    const own = ["provider", "clientPasswords"];
    for (const part of [
      "",
      "mirror",
      "gate",
      "verify",
      "offsets",
      "fenceOptions",
      "mirror.sourceConnector",
      "mirror.checkpointConnector",
    ]) {
      const path = part === "" ? [] : part.split(".");
      const unknown = keysAt(migrationSchema, path).filter(
        (key) => !keysAt(schema, path).includes(key) && !own.includes(key),
      );
      // Leaves out the keys that only tests of the engine's waits set.
      expect(
        unknown.filter((key) => !key.startsWith("settle")),
        part,
      ).toEqual([]);
    }
    const mirror = {
      jmxOptions: {},
      tracing: { type: "opentelemetry" },
      livenessProbe: { timeoutSeconds: 5 },
      readinessProbe: { timeoutSeconds: 5 },
      clientRackInitImage: "i",
      labels: { a: "b" },
      annotations: { c: "d" },
      createNamespace: true,
      replicas: 0,
    };
    expect(readSettings({ ...good, mirror: JSON.stringify(mirror) }).mirror).toEqual(mirror);
  });

  test("the component accepts what the stack accepts", () => {
    const args = migrationArgs(readSettings({ ...good, replication: '{"limitSeconds":1.1}' }), MAKERS);
    expect(args.replication).toEqual({ limitMs: 1100 });
    expect(() => resolveMigration(args)).not.toThrow();
  });

  test("each side's operator may have a dialect of its own", () => {
    const origin = JSON.stringify({ ...JSON.parse(good.origin), dialect: "event-streams-v1beta2" });
    const args = migrationArgs(readSettings({ ...good, origin }), MAKERS);
    expect([args.origin.operator?.dialect, args.target.operator?.dialect]).toEqual([
      "event-streams-v1beta2",
      undefined,
    ]);
  });

  test("every setting of the migration's steps reaches the component", () => {
    const estate = join(estates, "estate.yaml");
    const legacy = "{principal: 'User:legacy', name: legacy, moves: 'yes', authentication: none, acls: []}";
    writeFileSync(estate, `format: 1\norigin: o\ntarget: t\nusers: [${legacy}]\n`);
    const whole = {
      phase: "cutover",
      wayBack: "true",
      abandon: "true",
      profile: "tuned",
      dialect: "strimzi-v1beta2",
      operatorVersion: "0.45.0",
      fence: "true",
      checkpoints: "never",
      report: '{"folder":"here"}',
      inventory: estate,
      topics: "files",
      topicsFolder: "topics",
      clients: '{"users":[],"exclude":["legacy"],"narrow":true}',
      connectors:
        '[{"name":"connect","origin":{"offsetStorageTopic":"old-offsets"},"target":{"offsetStorageTopic":"__offsets"}}]',
      access: "require",
    };
    const inWaves = { waves: '[{"name":"orders","topics":"orders","wayBack":true}]', splitGroups: '["audit"]' };
    expect(Object.keys({ ...whole, ...inWaves }).sort()).toEqual(Object.keys(stepShape).sort());
    const argsOf = (raw: Record<string, string>) => migrationArgs(readSettings({ ...good, ...raw }), MAKERS);
    expect(argsOf(whole)).toMatchObject({
      ...whole,
      ...{ wayBack: true, abandon: true, fence: true, report: { folder: "here" } },
      clients: { users: [], exclude: ["legacy"], narrow: true },
      connectors: [
        {
          name: "connect",
          origin: { offsetStorageTopic: "old-offsets" },
          target: { offsetStorageTopic: "__offsets" },
        },
      ],
    });
    const waves = [{ name: "orders", topics: "orders", wayBack: true }];
    expect(argsOf(inWaves)).toMatchObject({ waves, splitGroups: ["audit"] });
  });

  test("the passwords of applications reach the component one by one, and no message shows one", () => {
    const isSecret = (key: string) => key === "clientPasswords";
    const clients = '{"users":[{"name":"billing"},{"name":"audit"}]}';
    const written = { ...good, clients, clientPasswords: '{"billing":"hunter2","audit":"x"}' };
    const settings = readSettings(written, { isSecret });
    expect(JSON.stringify(settings)).not.toContain("hunter2");
    expect(migrationArgs(settings, MAKERS).clientPasswords).toEqual({ billing: "p", audit: "p" });
    for (const [clientPasswords, says] of [
      ['"hunter2"', "clientPasswords: it has to be an object with one password for each user"],
      ['["hunter2"]', "clientPasswords: it has to be an object"],
      ['{"billing":{"hunter2":"hunter2"}}', "clientPasswords.billing: it has to be a text that is not empty"],
      ['{"billing":""}', "clientPasswords.billing: it has to be a text that is not empty"],
    ] as const) {
      const found = mistakesOf({ ...written, clientPasswords }, { isSecret });
      expect(found).toEqual([expect.stringContaining(says)]);
      expect(found.join("\n")).not.toContain("hunter2");
    }
    expect(mistakesOf(written)).toEqual([
      "clientPasswords: the passwords are not encrypted; use pulumi config set --secret --path 'clientPasswords[\"USER\"]'",
    ]);
  });

  test("a context alone belongs to the mirror's kubeconfig", () => {
    const made: unknown[] = [];
    const settings = readSettings({
      origin: JSON.stringify({ ...JSON.parse(good.origin), context: "there" }),
      target: JSON.stringify({ ...JSON.parse(good.target), kubeconfig: "other" }),
      mirror: '{"kubeconfig":"home","context":"here"}',
    });
    migrationArgs(settings, {
      ...MAKERS,
      kubernetes: (name, access) => (made.push([name, access]), undefined),
    });
    expect(made).toEqual(
      expect.arrayContaining([
        ["mirror", { kubeconfig: "home", context: "here" }],
        ["origin", { kubeconfig: "home", context: "there" }],
        ["target", { kubeconfig: "other" }],
      ]),
    );
  });
});

describe("files", () => {
  test("are relative to the project's folder, wherever the program runs", () => {
    const files = new Files("../..");
    expect(files.path("certs/ca.pem")).toBe("../../certs/ca.pem");
    expect(files.path("/etc/ca.pem")).toBe("/etc/ca.pem");
    expect(files.kubeconfig("kube/config")).toBe("../../kube/config");
    expect(files.kubeconfig('{"apiVersion":"v1"}')).toBe('{"apiVersion":"v1"}');
    expect(files.kubeconfig("apiVersion: v1\nkind: Config\n")).toBe("apiVersion: v1\nkind: Config\n");
    expect(files.kubeconfig(undefined)).toBeUndefined();
  });
});
