import type { CommittedOffset, GroupDescription, KafkaPort } from "../kafka/port";
import type { MirrorModel } from "../model";
import { allows } from "../acls";
import { chooseGroups } from "../offsets/commitments";
import type { OffsetOptions } from "../offsets";
import type { Ends } from "../plan/ends";
import type { Progress } from "../progress";
import { defined } from "../objects";
import { countText } from "../units";
import { by, compare } from "./sort";
import { groupFate } from "./topics";
import type { Fate, GroupNow, InventoryGroup } from "./types";

const AT_A_TIME = 200;

/** Reads every group of the origin that this user may describe. */
export async function readGroups(
  origin: KafkaPort,
  mirror: MirrorModel,
  options: OffsetOptions,
  ends: Ends,
  fateOf: (topic: string) => Fate,
  progress: Progress,
): Promise<{ groups: InventoryGroup[]; hidden: number }> {
  const listed = await origin.listGroups();
  const chosen = new Set(chooseGroups(listed, mirror, options).chosen);
  const groups: InventoryGroup[] = [];
  let hidden = 0;
  for (let from = 0; from < listed.length; from += AT_A_TIME) {
    if (from > 0) progress.info(`inventory: reading groups, ${from} of ${countText(listed.length, "group")}`);
    const some = listed.slice(from, from + AT_A_TIME);
    const operations = await origin.groupOperations(some.map((g) => g.groupId));
    const visible = some.filter(({ groupId }) => {
      const own = operations.get(groupId);
      return own !== null && own !== undefined && allows(own, "Describe");
    });
    hidden += some.length - visible.length;
    const isShare = (g: { type: string; protocolType: string }) => g.type === "share" || g.protocolType === "share";
    const names = visible.filter((g) => !isShare(g)).map((g) => g.groupId);
    const [offsets, described] = await Promise.all([origin.groupOffsets(names), origin.describeGroups(names)]);
    const byName = new Map(described.map((d) => [d.groupId, d]));
    for (const { groupId, protocolType, type, state } of visible) {
      const about = byName.get(groupId) ?? { groupId, state, type, protocolType, members: [] };
      const committed = (offsets.get(groupId) ?? []).filter((o) => o.offset >= 0n);
      const group = {
        name: groupId,
        type: type || about.type || "unknown",
        protocol: protocolType,
        topics: [...new Set(committed.map((o) => o.topic))].sort(compare),
      };
      groups.push({
        ...group,
        ...groupFate({ ...group, chosen: chosen.has(groupId) }, fateOf),
        now: nowOf(about, committed, ends),
      });
    }
  }
  return { groups, hidden };
}

function nowOf({ state, members }: GroupDescription, committed: readonly CommittedOffset[], ends: Ends): GroupNow {
  const lag = committed.reduce((sum, o) => sum + Math.max(0, Number(ends.end(o) - o.offset)), 0);
  return defined({
    state,
    members: members
      .map(({ clientId, clientHost }) => ({ clientId, host: clientHost.replace(/^\//, "") }))
      .sort(
        by(
          (m) => m.clientId,
          (m) => m.host,
        ),
      ),
    lag: (committed.length === 0 ? undefined : lag) as number,
  });
}
