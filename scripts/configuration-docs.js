"use strict";

/**
 * Writes the tables of docs/configuration.md from the settings' doc comments. Each table is between two marks. The
 * first mark lists the shapes of the table, each with the prefix of its keys: `<!-- settings: gate.=gateShape -->`.
 * Usage: `npm run docs`.
 */

const { readdirSync, readFileSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");
const ts = require("typescript");

/** Folders and files with shapes. */
const SOURCES = ["components/settings", "stacks/schema.ts", "engine"];
const PAGE = "docs/configuration.md";
const TABLE = /(<!-- settings: ([^>]*) -->\n)[^]*?(<!-- end -->)/g;

/** @typedef {{ key: string, meaning: string, standard: string }} Row */

/**
 * Returns the page with tables that fit the settings.
 * @param {string} root the repository
 */
function renderedPage(root) {
  const shapes = shapesOf(root);
  return readFileSync(join(root, PAGE), "utf8").replace(TABLE, (_all, start, list, end) => {
    const rows = list.split(",").flatMap((/** @type {string} */ part) => {
      const [prefix, name] = part.includes("=") ? part.trim().split("=") : ["", part.trim()];
      return rowsOf(/** @type {string} */ (name), shapes).map((row) => ({ ...row, key: `${prefix}${row.key}` }));
    });
    return `${start}\n${tableOf(rows)}\n${end}`;
  });
}

/** @param {Row[]} rows */
function tableOf(rows) {
  const lines = rows.map(({ key, standard, meaning }) => `| \`${key}\` | ${standard} | ${meaning} |\n`);
  return `| key | default | meaning |\n|---|---|---|\n${lines.join("").replace(/\| {2}\|/g, "| |")}`;
}

/**
 * Reads every `const ...Shape = { ... }`.
 * @param {string} root
 */
function shapesOf(root) {
  /** @type {Map<string, ts.ObjectLiteralExpression>} */
  const shapes = new Map();
  for (const source of SOURCES) {
    const files = source.endsWith(".ts")
      ? [""]
      : readdirSync(join(root, source), { recursive: true, encoding: "utf8" });
    for (const file of files) {
      const path = join(root, source, file);
      if (!path.endsWith(".ts") || path.endsWith(".test.ts")) continue;
      const text = readFileSync(path, "utf8");
      if (!text.includes("Shape = {")) continue;
      for (const statement of ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true).statements) {
        if (!ts.isVariableStatement(statement)) continue;
        for (const { name, initializer } of statement.declarationList.declarations)
          if (name.getText().endsWith("Shape") && initializer && ts.isObjectLiteralExpression(initializer)) {
            if (shapes.has(name.getText())) throw new Error(`two shapes have the name ${name.getText()}`);
            shapes.set(name.getText(), initializer);
          }
      }
    }
  }
  return shapes;
}

/**
 * @param {string} name
 * @param {Map<string, ts.ObjectLiteralExpression>} shapes
 * @returns {Row[]}
 */
function rowsOf(name, shapes) {
  const shape = shapes.get(name);
  if (shape === undefined) throw new Error(`${PAGE} names ${name}, and no shape has this name`);
  return shape.properties.flatMap((property) => {
    if (ts.isSpreadAssignment(property)) return namesIn(property.expression).flatMap((used) => rowsOf(used, shapes));
    if (!ts.isPropertyAssignment(property)) throw new Error(`${name}: ${property.getText()} is not a setting`);
    const key = property.name.getText();
    const own = describe(property);
    if (own !== undefined) return [{ key, ...own }];
    const used = /\b(\w+Shape)\.(\w+)/.exec(property.initializer.getText());
    const same = used === null ? undefined : rowsOf(used[1] ?? "", shapes).find((row) => row.key === used[2]);
    if (same === undefined) throw new Error(`${name}.${key} has no description: write a doc comment above it`);
    return [{ ...same, key }];
  });
}

/** @param {ts.Node} node */
const namesIn = (node) => node.getText().match(/\b\w+Shape\b/g) ?? [];

/**
 * Returns description and default. Undefined: the property has no doc comment.
 * @param {ts.Node} property
 */
function describe(property) {
  const comment = ts.getJSDocCommentsAndTags(property).find(ts.isJSDoc);
  if (comment === undefined) return undefined;
  const standard = comment.tags?.find((tag) => tag.tagName.text === "default");
  return {
    meaning: oneLine(ts.getTextOfJSDocComment(comment.comment)),
    standard: oneLine(ts.getTextOfJSDocComment(standard?.comment)),
  };
}

/**
 * One line for a table. A page of docs/ becomes a link.
 * @param {string | undefined} text
 */
function oneLine(text = "") {
  return text
    .replace(/\s+/g, " ")
    .replace(/\|/g, "\\|")
    .replace(/docs\/([\w-]+)\.md/g, "[$1.md]($1.md)")
    .trim();
}

module.exports = { renderedPage, rowsOf, shapesOf };
if (require.main === module) {
  const root = join(__dirname, "..");
  const page = renderedPage(root);
  writeFileSync(join(root, PAGE), page);
}
