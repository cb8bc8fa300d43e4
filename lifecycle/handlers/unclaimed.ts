import { MigrationError } from "../../engine/errors";
import { openKubernetes, type ObjectPlace } from "../kubernetes/reader";
import { OWNER_ANNOTATION } from "../owner";
import { type Handler, serve } from "./framework";

export interface UnclaimedInputs {
  place: ObjectPlace;
  /** Who is about to make the object: `<organization>/<project>/<stack>`. */
  owner: string;
  /** Content or path; absent: as Pulumi's kubernetes plugin finds its own. */
  kubeconfig?: string;
  context?: string;
}

async function look({ place, owner, kubeconfig, context }: UnclaimedInputs): Promise<object> {
  const reader = openKubernetes({ kubeconfig, context });
  const found = await reader.get(place);
  if (found === undefined) return {};
  const holder = (found.metadata.annotations as Record<string, string> | undefined)?.[OWNER_ANNOTATION];
  if (holder === owner) return {};
  const what = `${place.kind} ${place.kind === "Namespace" ? "" : `${place.namespace}/`}${place.name}`;
  throw new MigrationError("OBJECT_TAKEN", `${what} is on ${reader.server} already and ${holder === undefined ? "it was not made by a stack of this kind" : `is that of stack ${holder}`}; it was not touched`, {
    fix: "give this migration's object another name or namespace, or delete that one when nothing needs it",
  });
}

/** Before an object is made: absent, or left by an `up` of this very stack that was killed before it could note it down. */
const handler: Handler<UnclaimedInputs, object> = {
  create: look,
  update: look,
  async remove() {},
  immaterial: ["kubeconfig", "context"],
};

export const unclaimedStep = serve("unclaimed", handler);
