import { allow, topic } from "../acls/rules";
import { type OpenKafka, withCluster } from "../clusters";
import type { MigrationModel } from "../model";
import { offsetsJournalTopic } from "../naming";
import { aclsOf, missingPrivileges, principalOf } from "./ask";
import { error, type PreflightFinding, refuse } from "./finding";
import { needText } from "./privileges";

const WHY = "the cutover notes there what the groups' offsets were before it moves them";

/**
 * Checks that the administrator may write the journal of the groups' offsets on the target. It runs before a cutover
 * changes anything. An administrator that was created for an older version of this package has no rights on that topic.
 * @throws MigrationError PREFLIGHT_FAILED with each missing right; also any other error from the target
 */
export async function checkNotePrivileges(model: MigrationModel, open?: OpenKafka): Promise<void> {
  const name = offsetsJournalTopic(model.mirror);
  const findings = await withCluster(
    model,
    "target",
    async (target): Promise<PreflightFinding[]> => {
      const principal = principalOf(model.target);
      const existing = new Set((await target.listTopics()).filter((t) => t === name));
      const rules = [allow(topic(name), "Create", "Write", "Read", "Delete")];
      const missing = await missingPrivileges(
        target,
        rules,
        { topics: [], groups: [], existing },
        await aclsOf(target, principal),
      );
      const who = `the migration's administrator${principal === undefined ? "" : ` (${principal})`}`;
      return missing.map((need) =>
        error(
          "PRIVILEGE_MISSING",
          `target: ${who} lacks ${needText(need)}: ${WHY}`,
          `grant ${who} ${needText(need)} on the target (docs/acls.md)`,
        ),
      );
    },
    open,
  );
  refuse(findings);
}
