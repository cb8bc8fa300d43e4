import { type FenceGap, holdCommand } from "../fence";
import { countText, someOf } from "../units";
import type { FenceHistory } from "./types";

/** One gap as a line of the report. */
export function gapText({ after, until, rules, topics, wrote, unwatched }: FenceGap): string {
  const where = topics.length === 0 ? "" : ` on ${someOf(topics, 5)}`;
  const moved = wrote.map((m) => `${m.topic}-${m.partition} ${m.from} -> ${m.to}`);
  const seen =
    moved.length === 0 ? (unwatched === true ? [] : ["no write was found"]) : [`written: ${someOf(moved, 5)}`];
  const written = [
    ...seen,
    ...(unwatched === true ? ["the fence was not watched all the time, so writes may have been missed"] : []),
  ].join("; ");
  return (
    `Fence open at some time between ${after} and ${until}: ${countText(rules, "ACL")}${where} had been ` +
    `removed; ${written}`
  );
}

/** Warnings about the fence: each gap, and that nobody holds the fence although a user operator removes its ACLs. */
export function fenceWarnings(fence: FenceHistory | undefined): string[] {
  if (fence === undefined) return [];
  const { gaps, notHeldSince, userOperator, raised = [null] } = fence;
  const commands = raised.map((wave) => `\`${holdCommand(wave)}\``).join(" and ");
  const open =
    userOperator === true && notHeldSince !== undefined
      ? [
          `the fence has not been held since ${notHeldSince}: the origin's user operator removes its ACLs ` +
            "at its next full reconciliation " +
            `(every 120 s by default). After that, producers can write again. Run ${commands} until the clients run on ` +
            "the target",
        ]
      : [];
  return [...open, ...gaps.map(gapText)];
}
