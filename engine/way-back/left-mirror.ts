import { type OpenKafka, withCluster } from "../clusters";
import { ConnectStateReader } from "../connect-state";
import type { MigrationModel } from "../model";
import { compilePatternList } from "../patterns";
import { isHeartbeats, selectTopics } from "../selection";
import { returnModel } from "./model";

/**
 * Returns true if the mirror no longer copies any topic of this part: the part's way back was opened. Its origin may
 * hold records that came from the target, so the forward copy can no longer be proved. Reads only the target.
 */
export async function hasLeftMirror(model: MigrationModel, open?: OpenKafka): Promise<boolean> {
  const { mirror } = model;
  return withCluster(
    model,
    "target",
    async (target) => {
      const { source } = await new ConnectStateReader(target, mirror).read();
      // If no topic is left to copy, the connector is stopped instead.
      if (source?.target === "STOPPED") return true;
      const exclude = source?.config["topics.exclude"];
      if (exclude === undefined) return false;
      // With the identity policy a topic has the same name on both sides.
      const topics = selectTopics(await target.listTopics(), mirror).filter((topic) => !isHeartbeats(mirror, topic));
      return topics.length > 0 && topics.every(compilePatternList(exclude, "topics.exclude"));
    },
    open,
  );
}

/**
 * Returns true if the part's return mirror has started. It starts after the gate and after the topics have left the
 * mirror. Reads only the origin.
 */
export async function hasReturnMirror(model: MigrationModel, open?: OpenKafka): Promise<boolean> {
  const back = returnModel(model);
  const { offsets } = await withCluster(
    back,
    "target",
    (origin) => new ConnectStateReader(origin, back.mirror).read(),
    open,
  );
  return offsets.size > 0;
}
