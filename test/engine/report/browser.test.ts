/// <reference lib="dom" />
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildReport, reportHtml } from "../../../engine/report";
import { cutOver } from "./inputs";

/** Debian, Fedora, macOS, and what the user names. */
const CHROMIUM = [
  process.env.CHROMIUM,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
].find((path) => path !== undefined && existsSync(path));

/** Smallest contrast of text to its background (WCAG 2.1, level AA). */
const CONTRAST = 4.5;
const SMALLEST_TEXT_PX = 11;

/** A report with this many topics and groups, and with names as long as Kafka allows. */
function pageWith(topics: number): string {
  const report = buildReport(cutOver());
  const [topic, group] = [report.topics[0]!, report.groups[0]!];
  const long = "x".repeat(249);
  return reportHtml({
    ...report,
    warnings: [`group ${long} reads 12 records of topic ${long} again`],
    topics: Array.from({ length: topics }, (_, i) => ({ ...topic, topic: i === 0 ? long : `orders.eu.${i}` })),
    groups: Array.from({ length: topics / 5 }, (_, i) => ({ ...group, group: `billing-${i}` })),
    waves: [
      {
        wave: long.slice(0, 40),
        phase: "cutover",
        state: "cut over",
        producers: { from: "2026-05-04T10:30:00.000Z", to: "2026-05-04T10:30:04.000Z" },
        groupsMovedAt: "2026-05-04T10:30:03.000Z",
        proof: "equal (tail): 14 partitions; 12 offsets moved",
        tone: "good",
      },
      { phase: "mirror", state: "copying", proof: "not proved yet", tone: "waiting" },
    ],
    residue: [{ kind: "topic", side: "origin", name: long, what: "topic" }],
  });
}

interface Faint {
  text: string;
  contrast: number;
  px: number;
}

/** Returns the texts that are hard to read: low contrast, or small letters. Runs in the page. */
function hardToRead([contrast, smallest]: [number, number]): Faint[] {
  const parse = (color: string): number[] => (color.match(/[\d.]+/g) ?? []).map(Number);
  const light = ([r = 0, g = 0, b = 0]: number[]): number => {
    const [x, y, z] = [r, g, b].map((c) => (c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x! + 0.7152 * y! + 0.0722 * z!;
  };
  const background = (element: Element | null): number[] => {
    for (let at = element; at !== null; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if ((color[3] ?? 1) === 1) return color;
    }
    return [255, 255, 255];
  };
  const found: Faint[] = [];
  const seen = new Set<string>();
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = texts.nextNode(); node !== null; node = texts.nextNode()) {
    const element = node.parentElement!;
    if (node.textContent!.trim() === "" || element.closest("style") !== null) continue;
    const style = getComputedStyle(element);
    // Letters in a drawing shrink with it.
    const svg = element.closest("svg");
    const scale = svg === null ? 1 : svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
    const px = Number.parseFloat(style.fontSize) * scale;
    const back = background(element);
    const key = [style.color, style.fill, back, px].join();
    if (seen.has(key)) continue;
    seen.add(key);
    const [a, b] = [light(parse(svg === null ? style.color : style.fill)), light(back)];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < contrast || px < smallest) found.push({ text: node.textContent!.trim(), contrast: ratio, px });
  }
  return found;
}

describe.skipIf(CHROMIUM === undefined)("the report in a real browser", { timeout: 120_000 }, () => {
  let browser: Browser;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "report-browser-"));
    browser = await chromium.launch({
      executablePath: CHROMIUM!,
      args: ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
    });
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  interface Opened {
    page: Page;
    /** Errors, messages on the console, and requests other than for the page itself. */
    faults: string[];
    /** Seconds that the browser has spent on styles and layout. */
    layout(): Promise<number>;
  }

  async function open(html: string, options: { width: number; dark?: boolean }): Promise<Opened> {
    const file = join(folder, "report.html");
    await writeFile(file, html);
    const page = await browser.newPage({
      viewport: { width: options.width, height: 740 },
      colorScheme: options.dark === true ? "dark" : "light",
    });
    const faults: string[] = [];
    const own = pathToFileURL(file).href;
    page.on("console", (message) => faults.push(message.text()));
    page.on("pageerror", (error) => faults.push(error.message));
    page.on("request", (request) => (request.url() === own ? undefined : faults.push(request.url())));
    const session = await page.context().newCDPSession(page);
    await session.send("Performance.enable");
    await page.goto(own);
    const layout = async (): Promise<number> => {
      const { metrics } = await session.send("Performance.getMetrics");
      const seconds = metrics.filter(({ name }) => name === "LayoutDuration" || name === "RecalcStyleDuration");
      return seconds.reduce((sum, { value }) => sum + value, 0);
    };
    return { page, faults, layout };
  }

  it.each([
    ["on a telephone", { width: 360 }],
    ["on a telephone, dark", { width: 360, dark: true }],
    ["on a desktop", { width: 1280 }],
    ["on a desktop, dark", { width: 1280, dark: true }],
  ])("loads nothing, reports no error and is readable %s", async (_, options) => {
    const { page, faults } = await open(pageWith(20), options);
    expect(faults).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(options.width);
    const cut = () =>
      Array.from(document.querySelectorAll(".scroll")).filter((each) => each.scrollWidth > each.clientWidth);
    expect(await page.evaluate(`(${cut.toString()})().length`)).toBe(0);
    expect(await page.evaluate(hardToRead, [CONTRAST, SMALLEST_TEXT_PX] as [number, number])).toEqual([]);
    const paper = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(Number(/\d+/.exec(paper)![0]) < 128, paper).toBe("dark" in options);
    await page.close();
  });

  it("shows 5,000 topics without a freeze: ten times the rows take at most 30 times the layout", async () => {
    const cost = async (topics: number): Promise<number> => {
      const { page, faults, layout } = await open(pageWith(topics), { width: 360 });
      expect(await page.locator("tbody").nth(1).locator("tr").count()).toBe(topics);
      const seconds = await layout();
      await page.close();
      expect(faults).toEqual([]);
      return seconds;
    };
    const [few, many] = [await cost(500), await cost(5_000)];
    expect(many / few).toBeLessThan(30);
  });
});
