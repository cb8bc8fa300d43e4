const ENTITIES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
  "`": "&#96;",
};

/**
 * Escapes text so that it is safe between tags and inside quoted attributes. Characters that a page must not contain
 * become U+FFFD.
 */
export function escapeHtml(text: string): string {
  return text
    .replace(
      /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u202a-\u202e\u2066-\u2069]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
      "\ufffd",
    )
    .replace(/[&<>"'`]/g, (c) => ENTITIES[c]!);
}

/** A finished part of the page. It is inserted into other parts without escaping. */
export class Html {
  constructor(readonly text: string) {}
}

type Part = string | number | Html | readonly Html[];

/** A template that escapes every value, unless the value is a finished part of the page. */
export function html(strings: TemplateStringsArray, ...values: Part[]): Html {
  let text = strings[0]!;
  values.forEach((value, i) => {
    text +=
      value instanceof Html
        ? value.text
        : Array.isArray(value)
          ? (value as readonly Html[]).map((h) => h.text).join("")
          : escapeHtml(String(value));
    text += strings[i + 1]!;
  });
  return new Html(text);
}
