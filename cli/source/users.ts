import type { Connection, Side } from "../../engine/model";
import { defined } from "../../engine/objects";
import { principalOf } from "../../engine/preflight/ask";
import type { ObjectsOn } from "../../lifecycle/kubernetes/left";
import type { Operators } from "./types";
import type { Plain, StepState } from "./types";

/** The principals of the mirror and of the administrators on the origin, which a stack's state shows. */
export function principalsOf(steps: readonly StepState[]): string[] {
  const found = new Set<string>();
  for (const { props } of steps) {
    const { users } = (props.options ?? {}) as { users?: Partial<Record<Side, { principals?: string[] }>> };
    for (const principal of users?.origin?.principals ?? []) found.add(principal);
    for (const key of ["originConnection", "mirrorOriginConnection"]) {
      const connection = props[key] as Connection | undefined;
      const principal = connection === undefined ? undefined : principalOf(connection);
      if (principal !== undefined && principal !== "User:ANONYMOUS") found.add(principal);
    }
  }
  return [...found].sort();
}

/** The operators with whose resources a stack makes its users. */
export function operatorsOf(residue: Plain | undefined): Operators {
  const places = ((residue?.kubernetes ?? []) as ObjectsOn[]).flatMap(({ side, kubeconfig, context, places }) =>
    places.filter((place) => place.kind === "KafkaUser").map((place) => ({ side, kubeconfig, context, ...place })),
  );
  const user = places.find(({ side }) => side === "origin");
  return defined<Operators>({
    origin: (user === undefined
      ? undefined
      : defined({
          kubeconfig: user.kubeconfig as string,
          context: user.context as string,
          namespace: user.namespace,
          apiVersion: user.apiVersion,
          user: user.name,
        })) as NonNullable<Operators["origin"]>,
    target: places.some(({ side }) => side === "target"),
  });
}
