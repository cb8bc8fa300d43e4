import { describe, expect, test } from "vitest";
import { readSettings } from "../../stacks/settings";

const good = {
  origin: JSON.stringify({ bootstrapServers: "origin:9093", cluster: "origin", namespace: "origin-ns" }),
  target: JSON.stringify({ bootstrapServers: "target:9093", cluster: "target", namespace: "target-ns" }),
};

function mistakesOf(raw: Record<string, string>): string[] {
  try {
    readSettings(raw);
    return [];
  } catch (error) {
    return [...(error as { details: string[] }).details];
  }
}

describe("the stack's configuration", () => {
  test("needs only the two clusters; everything else has a default", () => {
    const settings = readSettings(good);
    expect(settings).toMatchObject({ phase: "mirror", profile: "least", dialect: "strimzi-v1", abandon: false, fence: false, checkpoints: "when-applied" });
    expect(settings.gate).toEqual({ limitSeconds: 1800 });
    expect(settings.verify).toEqual({ mode: "tail", tailRecords: 100 });
  });

  test("reads booleans and numbers that Pulumi keeps as text", () => {
    const settings = readSettings({ ...good, abandon: "true", gate: '{"limitSeconds":5}' });
    expect(settings.abandon).toBe(true);
    expect(settings.gate.limitSeconds).toBe(5);
  });

  test("names an unknown key, the near miss, and where it stands", () => {
    expect(mistakesOf({ ...good, phsae: "cutover" })).toEqual(['phsae: unknown key (did you mean "phase"?)']);
    expect(mistakesOf({ ...good, mirror: '{"topicPattern":"a.*"}' })).toEqual(['mirror.topicPattern: unknown key (did you mean "topicsPattern"?)']);
  });

  test("takes what errors name as their fix", () => {
    const settings = readSettings({ ...good, gate: '{"acceptTruncation":["a"]}', fenceOptions: '{"everyoneByDefault":false,"except":["User:x"]}', preflight: '{"accept":["TARGET_MESSAGE_SIZE_SMALLER"]}' });
    expect(settings).toMatchObject({ gate: { acceptTruncation: ["a"] }, fenceOptions: { everyoneByDefault: false, except: ["User:x"] }, preflight: { accept: ["TARGET_MESSAGE_SIZE_SMALLER"] } });
    expect(mistakesOf({ ...good, fenceOptions: '{"exept":["User:x"]}' })).toEqual(['fenceOptions.exept: unknown key (did you mean "except"?)']);
  });

  test("the report: a folder, or false", () => {
    expect(readSettings(good).report).toEqual({});
    expect(readSettings({ ...good, report: "false" }).report).toBe(false);
    expect(readSettings({ ...good, report: '{"folder":"out"}' }).report).toEqual({ folder: "out" });
    expect(mistakesOf({ ...good, report: '{"foldr":"out"}' })).toEqual(['report.foldr: unknown key (did you mean "folder"?)']);
    expect(mistakesOf({ ...good, report: '{"folder":1}' })).toEqual([expect.stringMatching(/^report\.folder: 1 is not possible/)]);
    expect(mistakesOf({ ...good, report: "true" })).toEqual([expect.stringMatching(/^report: true is not possible/)]);
  });

  test("reports all mistakes at once, with the value that was seen", () => {
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

  test("says in the same breath what a rule forbids in the part that can be read", () => {
    const mirror = JSON.stringify({ topicsPattern: "orders", checkpointConnector: { config: { "sync.group.offsets.enabled": true } } });
    expect(mistakesOf({ ...good, mirror, phase: "cutovr" }).map((m) => m.slice(0, 60))).toEqual([
      expect.stringMatching(/^phase: "cutovr" is not possible/),
      expect.stringMatching(/^mirror: sync.group.offsets.enabled is true/),
    ]);
  });

  test("says which credentials are missing, and how to set them", () => {
    const found = mistakesOf({ ...good, target: JSON.stringify({ bootstrapServers: "t:1", users: "given" }) });
    expect(found.join("\n")).toContain("target.username: missing");
    expect(found.join("\n")).toContain("pulumi config set --secret targetPassword");
    expect(found.join("\n")).toContain("target.administrator.username: missing");
  });

  test("of mutual TLS and OAuth, too", () => {
    const given = (mechanism: string, more: object = {}) => JSON.stringify({ bootstrapServers: "t:1", users: "given", mechanism, administrator: { mechanism, ...more }, ...more });
    const tls = mistakesOf({ ...good, target: given("TLS") });
    expect(tls).toContain("target.certificateFile: missing; the client certificate that the mirror logs in with");
    expect(tls).toContain("targetKey: missing; the key of the mirror (pulumi config set --secret targetKey)");
    expect(tls.some((m) => m.startsWith("targetAdministratorKey: missing"))).toBe(true);
    expect(mistakesOf({ ...good, target: given("TLS", { certificateFile: "c.pem" }), targetKey: "k", targetAdministratorKey: "k" })).toEqual([]);
    expect(mistakesOf({ ...good, target: given("OAUTHBEARER") }).filter((m) => m.includes("Token: missing"))).toHaveLength(2);
    expect(mistakesOf({ ...good, origin: JSON.stringify({ ...JSON.parse(good.origin), authentication: "tls" }) })).toEqual([]);
    const kafka = JSON.stringify({ bootstrapServers: "t:1", users: "kafka", administrator: { mechanism: "TLS", certificateFile: "c.pem" } });
    expect(mistakesOf({ ...good, target: kafka, targetAdministratorKey: "k" }).join()).toContain('target.administrator.mechanism: "TLS" is not possible; with users: kafka');
  });

  test("never repeats a secret", () => {
    expect(mistakesOf({ ...good, originPassword: "hunter2", phase: "x" }).join("\n")).not.toContain("hunter2");
  });
});
