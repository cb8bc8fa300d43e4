import { expect, test } from "vitest";
import type { Connection, MigrationModel } from "../model";
import { principalOf } from "./ask";
import { checkLogins } from "./logins";

const scram: Connection = {
  bootstrapServers: "o:1",
  sasl: { mechanism: "SCRAM-SHA-512", username: "u", password: "p" },
};
const model = (origin: Connection, target: Connection) => ({ origin, target }) as MigrationModel;

test("clusters without authentication cause one warning, which names plain text", () => {
  const plain: Connection = { bootstrapServers: "o:1" };
  const tls: Connection = { bootstrapServers: "o:1", tls: { ca: "PEM" } };
  const [both, ...more] = checkLogins(model(plain, tls));
  expect(more).toEqual([]);
  expect(both).toMatchObject({ code: "NO_AUTHENTICATION", severity: "warning" });
  expect(both!.seen).toContain(
    "the origin and the target are used without a login (User:ANONYMOUS), the origin in plain text",
  );
  expect(checkLogins(model(scram, tls))[0]!.seen).toMatch(/^the target is used without a login \(User:ANONYMOUS\): /);
  expect(checkLogins(model(scram, { ...tls, tls: { cert: "C", key: "K" } }))).toEqual([]);
});

test("brokers know a connection without a login as User:ANONYMOUS", () => {
  expect(principalOf({ bootstrapServers: "o:1", tls: {} })).toBe("User:ANONYMOUS");
  expect(principalOf({ bootstrapServers: "o:1", tls: { cert: "C", key: "K" } })).toBeUndefined();
  expect(principalOf(scram)).toBe("User:u");
});
