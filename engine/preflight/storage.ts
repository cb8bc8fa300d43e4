import type { OpenKafka } from "../clusters";
import { openKafka } from "../kafka/client";
import type { MigrationModel } from "../model";

/**
 * Returns true if the target has the topic in which the mirror's workers store their progress. Without it a mirror
 * copies everything from the beginning, even into topics that an earlier mirror has filled.
 * @throws MigrationError if the target cannot be asked
 */
export async function mirrorRemembers(
  { target, mirror }: MigrationModel,
  open: OpenKafka = openKafka,
): Promise<boolean> {
  const port = await open(target, "target");
  try {
    return (await port.describeTopics([mirror.offsetStorageTopic])).length > 0;
  } finally {
    await port.close();
  }
}
