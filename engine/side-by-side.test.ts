import { afterEach, expect, test } from "vitest";
import { orAborted } from "./side-by-side";

const unhandled: unknown[] = [];
const note = (reason: unknown) => void unhandled.push(reason);
afterEach(() => void process.off("unhandledRejection", note));

test("work that fails after an interruption does not end the process", async () => {
  process.on("unhandledRejection", note);
  const interrupted = AbortSignal.abort(new Error("interrupted"));
  let fail = (_: Error) => {};
  const work = new Promise<never>((_, reject) => (fail = reject));
  await expect(orAborted(work, interrupted)).rejects.toThrow("interrupted");
  fail(new Error("closed"));
  // Node reports unhandled rejections after the microtasks.
  await new Promise((resolve) => setImmediate(resolve));
  expect(unhandled).toEqual([]);
});
