import { expect, test } from "vitest";
import { inShort } from "./connectors";

test("a failed task's trace is shortened to its first line and its root cause", () => {
  const trace = [
    "org.apache.kafka.connect.errors.ConnectException: Unrecoverable exception from producer send callback",
    "\tat org.apache.kafka.connect.runtime.WorkerSourceTask.maybeThrowProducerSendException(WorkerSourceTask.java:1)",
    "Caused by: java.lang.RuntimeException: in between",
    "\t... 3 more",
    "Caused by: org.apache.kafka.common.errors.RecordTooLargeException: The message is 3000085 bytes",
  ].join("\n");
  expect(inShort(trace)).toBe(
    "org.apache.kafka.connect.errors.ConnectException: Unrecoverable exception from producer send callback " +
      "(caused by: org.apache.kafka.common.errors.RecordTooLargeException: The message is 3000085 bytes)",
  );
  expect(inShort("boom")).toBe("boom");
});
