const ENTITIES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
  "`": "&#96;",
};

/** Text that is safe between tags and inside quoted attributes; characters that a page must not hold become U+FFFD. */
export function escapeHtml(text: string): string {
  return text
    .replace(
      /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u202a-\u202e\u2066-\u2069]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
      "\ufffd",
    )
    .replace(/[&<>"'`]/g, (c) => ENTITIES[c]!);
}

/** A piece of page that is finished: put into another one as it is. */
export class Html {
  constructor(readonly text: string) {}
}

type Part = string | number | Html | readonly Html[];

/** A template in which every value is escaped, unless it is a piece of page itself. */
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
