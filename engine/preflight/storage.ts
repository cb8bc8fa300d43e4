import type { OpenKafka } from "../clusters";
import { openKafka } from "../kafka/client";
import type { MigrationModel } from "../model";

/**
 * Does the target have the topic in which the mirror's workers remember what they have copied? Without it a mirror starts
 * from the beginning, also onto topics that an earlier one has filled.
 * @throws MigrationError when the target can't be asked
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
