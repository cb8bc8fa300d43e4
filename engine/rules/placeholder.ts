/** `(?<name>x)` in a pattern is not a placeholder, and neither is the `$` at the end of one. */
const PLACEHOLDER = /\$\{|\{\{|\$\(|\$[A-Z][A-Z0-9_]+|^<.*>$|(?<!\?P?)<[A-Za-z][\w .-]*>|^\.\.\.$/;

/** Returns true for a text that another tool fills in later, such as `${NAME}`, `$NAME`, `{{ name }}` or `<name>`. */
export const isPlaceholder = (text: string): boolean => PLACEHOLDER.test(text);
