import { RunError } from "@pulumi/pulumi";
import { afterEach, expect, test } from "vitest";
import { MigrationError } from "./errors";

afterEach(() => {
  delete process.env.KAFKA_MIGRATION_DEBUG;
});

const one = () => new MigrationError("CODE", "seen", { fix: "do this", details: ["a"] });

test("Pulumi shows the message without the stack", () => {
  expect(RunError.isInstance(one())).toBe(true);
  expect(Object.keys(one()).sort()).toEqual(["code", "details", "fix", "name", "seen"]);
});

test("KAFKA_MIGRATION_DEBUG=1 keeps the stack", () => {
  process.env.KAFKA_MIGRATION_DEBUG = "1";
  expect(RunError.isInstance(one())).toBe(false);
});
