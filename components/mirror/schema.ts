import { z } from "zod";
import { type Checked, filled, type Resolved, type Shape, objectOf, typed } from "../../engine/setting";
import { choiceShape, clusterShape, mirrorShape, placeShape, targetShape } from "../settings/mirror";
import { kubernetesShape } from "../settings/kubernetes";
import { laterText } from "../shape/types";

/** The dialect checks addresses, logins and certificates, because it writes them. */
const unchecked = typed<unknown>(z.unknown()).optional();
const connection = { bootstrapServers: unchecked, authentication: unchecked, tls: unchecked };

const side = <S extends Shape>(shape: S) => typed<Resolved<S>>(filled({ ...shape, ...connection }));

/** The shape of a described mirror, with the defaults. `checks.ts` checks what the values mean. */
export const mirrorSchema = objectOf({
  ...mirrorShape,
  ...choiceShape,
  origin: side(clusterShape),
  target: side({ ...clusterShape, ...targetShape }),
  name: laterText.optional(),
  namespace: laterText.optional(),
  labels: placeShape.labels,
  annotations: placeShape.annotations,
  readyLimitSeconds: placeShape.readyLimitSeconds,
  ...kubernetesShape,
});

/** Settings with their fixed defaults. The profile's are not in it. */
export type CheckedSettings = Checked<typeof mirrorSchema>;
