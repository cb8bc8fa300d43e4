import { didYouMean } from "../../engine/near-miss";
import { items, type Json, text } from "../../engine/plain";
import { quantityOf } from "../../engine/rules/operator-fields/quantity";
import { CONTAINER } from "../../lifecycle/verify-job/types";
import type { VerifySettings } from "../settings/verify";
import { isLater } from "../shape/types";

/*
 * Mistakes in the fields of the Job's pods that can be seen without a cluster. The API server would report them when
 * the Job is created, and then clients wait.
 */

/** The grammar of image names (distribution/reference): an optional registry, path, tag and digest. */
const PART = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const IMAGE = new RegExp(
  `^(?:[\\w.-]+(?::\\d+)?/|\\[[\\da-fA-F:]+\\](?::\\d+)?/)?${PART}(?:/${PART})*(?::\\w[\\w.-]{0,127})?(?:@[\\w+.-]+:[\\da-fA-F]{32,})?$`,
);

/** What decides what the container runs, and where its result is. */
const OWN_FIELDS = ["command", "args", "terminationMessagePath", "terminationMessagePolicy"];

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !isLater(value);
const object = (value: unknown): Json => (isObject(value) ? value : {});
/** Left out, or a Pulumi output, whose value is not known yet. */
const isOpen = (value: unknown): boolean => value === undefined || isLater(value);

/** The mistakes in `verify.image`, `verify.resources` and `verify.template`. */
export function podMistakes({ image, resources, template }: VerifySettings): string[] {
  return [
    ...(text(image) !== undefined && !IMAGE.test(image!)
      ? [`verify.image is "${image}", which is not the name of an image: use [REGISTRY/]NAME[:TAG], in lower case`]
      : []),
    ...resourceMistakes(resources, "verify.resources"),
    ...templateMistakes(template),
  ];
}

function resourceMistakes(resources: unknown, where: string): string[] {
  if (!isObject(resources)) return isOpen(resources) ? [] : [`${where} must be an object`];
  const amounts = (key: "requests" | "limits") => object(resources[key]);
  return [
    ...unknownKeys(resources, ["requests", "limits", "claims"], where),
    ...(["requests", "limits"] as const).flatMap((key) => {
      if (!isOpen(resources[key]) && !isObject(resources[key])) return [`${where}.${key} must be an object`];
      return Object.entries(amounts(key)).flatMap(([name, amount]) =>
        !isOpen(amount) && amountOf(amount) === undefined
          ? [`${where}.${key}.${name} is "${String(amount)}": it must be a quantity, e.g. "500m" or "1Gi"`]
          : [],
      );
    }),
    ...Object.entries(amounts("requests")).flatMap(([name, request]) => {
      const limit = amounts("limits")[name];
      const [least, most] = [amountOf(request), amountOf(limit)];
      return least !== undefined && most !== undefined && least > most
        ? [`${where}.requests.${name} is ${String(request)}, more than the limit ${String(limit)}`]
        : [];
    }),
  ];
}

const amountOf = (amount: unknown): number | undefined =>
  typeof amount === "string" || typeof amount === "number" ? quantityOf(String(amount)) : undefined;

function templateMistakes(template: unknown): string[] {
  const where = "verify.template";
  if (!isObject(template)) return isOpen(template) ? [] : [`${where} must be an object`];
  const { spec } = template;
  const wrong = ["metadata", "spec"].filter((key) => !isOpen(template[key]) && !isObject(template[key]));
  const restart = object(spec).restartPolicy;
  return [
    ...unknownKeys(template, ["metadata", "spec"], where),
    ...wrong.map((key) => `${where}.${key} must be an object`),
    ...(isOpen(restart) || restart === "Never"
      ? []
      : [`${where}.spec.restartPolicy is "${String(restart)}": it must be Never, because the Job counts failed pods`]),
    ...(["containers", "initContainers"] as const).flatMap((list) =>
      containerMistakes(object(spec)[list], `${where}.spec.${list}`, list === "containers"),
    ),
  ];
}

function containerMistakes(list: unknown, where: string, hasOwn: boolean): string[] {
  if (isOpen(list)) return [];
  if (!Array.isArray(list)) return [`${where} must be a list`];
  return items(list).flatMap((one, i) => {
    const at = `${where}[${i}]`;
    if (isLater(one)) return [];
    if (!isObject(one)) return [`${at} must be an object`];
    const { name, image } = one;
    if (isLater(name)) return [];
    const known = text(name);
    const own = hasOwn ? `. The container that compares is called ${CONTAINER}` : "";
    if (known === undefined) return [`${at} has no name${own}`];
    const mistakes = resourceMistakes(one.resources, `${at}.resources`);
    if (hasOwn && known === CONTAINER)
      return [
        ...mistakes,
        ...OWN_FIELDS.filter((field) => one[field] !== undefined).map(
          (field) =>
            `${at}.${field} would change what the container ${CONTAINER} runs or where its result is: remove it`,
        ),
      ];
    const none = image === undefined ? [`${at} is another container, "${known}", and has no image${own}`] : [];
    return [...mistakes, ...none];
  });
}

const unknownKeys = (found: Json, known: readonly string[], where: string): string[] =>
  Object.keys(found)
    .filter((key) => !known.includes(key))
    .map((key) => `${where} has the field "${key}", which Kubernetes does not know${didYouMean(key, known)}`);
