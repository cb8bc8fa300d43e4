/** Returns true for a text that another tool fills in later, such as `${NAME}`, `{{ name }}` or `<name>`. */
export const isPlaceholder = (text: string): boolean => /\$\{|\{\{|\$\(|^<.*>$|^\.\.\.$/.test(text);
