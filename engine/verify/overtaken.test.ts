import { describe, expect, it } from "vitest";
import { MemoryMirror } from "../../test/engine/gate/memory-mirror";
import { puts } from "../../test/engine/verify/memory-cluster";
import type { Clusters } from "../clusters";
import { MigrationError } from "../errors";
import { silent } from "../progress";
import { compareCopy } from "./run";
import type { VerifyOptions } from "./types";

type Side = "origin" | "target";

/** Compares two equal logs. `change` runs when the first records of the side are read, once. */
async function comparedWhile(mode: VerifyOptions["mode"], side: Side, change: (mirror: MemoryMirror) => void) {
  const mirror = new MemoryMirror({ topicsPattern: "t,u" });
  for (const topic of ["t", "u"]) {
    mirror.topic(topic, 1, 20);
    for (const of of ["origin", "target"] as const)
      mirror[of][topic] = { ...mirror[of][topic]!, id: `first ${topic}`, logs: [{ records: puts(0, 20) }] };
  }
  let changed = false;
  const open: typeof mirror.open = async (...args) => {
    const port = await mirror.open(...args);
    const { fetch } = port;
    const reading: Clusters[Side]["fetch"] = async (requests, options) => {
      if (port.side === side && !changed && requests.some((r) => r.topic === "t")) {
        changed = true;
        change(mirror);
      }
      return fetch.call(port, requests, options);
    };
    return new Proxy(port, { get: (of, name) => (name === "fetch" ? reading : Reflect.get(of, name)) });
  };
  return compareCopy(mirror.model, { mode, tailRecords: 5 }, silent, undefined, open);
}

describe.each(["full", "tail", "sample"] as const)("a topic that changes while it is compared (mode %s)", (mode) => {
  it.each(["origin", "target"] as const)("is a difference if it was created again on the %s", async (side) => {
    const { equal, differences } = await comparedWhile(mode, side, (mirror) => {
      mirror[side].t!.id = "second";
    });
    expect([equal, differences]).toMatchObject([
      false,
      [
        {
          topic: "t",
          kind: "recreated",
          text: `topic t was deleted and created again on the ${side} while it was read (its id was first t and is second)`,
        },
      ],
    ]);
  });

  it.each(["origin", "target"] as const)("is named if it was deleted on the %s", async (side) => {
    const compared = comparedWhile(mode, side, (mirror) => {
      delete mirror[side].t;
      throw new MigrationError("KAFKA_UNKNOWN_TOPIC", "fetch from t-0", { fix: "check the name" });
    });
    await expect(compared).rejects.toThrow(
      new RegExp(`^VERIFY_OVERTAKEN: [^]*topic t was deleted on the ${side} while it was read[^]*topicsExcludePattern`),
    );
  });
});
