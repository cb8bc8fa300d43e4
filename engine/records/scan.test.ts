import { expect, it } from "vitest";
import { memoryPort, puts } from "../../test/engine/verify/memory-cluster";
import type { FetchOptions } from "../kafka/port";
import { scan } from "./scan";

it("a scan with small responses sees every record, and asks for no larger ones", async () => {
  const port = memoryPort("origin", { t: { logs: Array.from({ length: 3 }, () => ({ records: puts(0, 500) })) } });
  const shares: FetchOptions["maxBytes"][] = [];
  const { fetch } = port;
  port.fetch = (requests, options) => {
    shares.push(options?.maxBytes);
    return fetch(requests, options);
  };
  const seen = [0, 0, 0];
  await scan(
    port,
    seen.map((_, partition) => ({ topic: "t", partition, from: 0n, to: 500n })),
    { isolation: "read_uncommitted", answerBytes: 4_000, visit: ({ partition }) => void seen[partition]!++ },
  );
  expect(seen).toEqual([500, 500, 500]);
  expect(Math.max(...shares.map(Number))).toBe(4_000);
});
