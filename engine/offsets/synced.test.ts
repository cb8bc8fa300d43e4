import { expect, it } from "vitest";
import { testMirror } from "../../test/support/models";
import type { KafkaPort } from "../kafka/port";
import { readSynced } from "./other-ways";

it("the checkpoints are not read if no group has an offset on the target", async () => {
  const unread = new Proxy({} as KafkaPort, {
    get: (_, call) => () => Promise.reject(new Error(`asked for ${String(call)}`)),
  });
  const at = { topic: "orders", partition: 0, offset: 5n };
  const synced = await readSynced(unread, testMirror(), [["billing", []]]);
  expect(synced("billing", at)).toBe(false);
  await expect(readSynced(unread, testMirror(), [["billing", [at]]])).rejects.toThrow("asked for describeTopics");
});
