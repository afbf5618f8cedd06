// A headless Chromium, and looking at our pages with it.

import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const EXECUTABLE = process.env.CHROMIUM ?? "/usr/bin/chromium";
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-domain-reliability",
  "--disable-sync",
  "--no-first-run",
  "--no-default-browser-check",
];
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const SCREENS = fileURLToPath(new URL("../../docs/screens/", import.meta.url));

/** A Chromium; `flags` are more arguments for it. */
export const launch = (flags = []) => chromium.launch({ executablePath: EXECUTABLE, args: [...FLAGS, ...flags] });

/** Every way in which a page is looked at. */
export const VIEWS = ["fr", "en"].flatMap((language) =>
  ["light", "dark"].flatMap((colours) => [360, 1280].map((width) => ({ language, colours, width }))),
);

const LOCALES = { fr: "fr-FR", en: "en-GB" };

/** A browser of somebody new. */
export function newContext(browser, { language = "fr", colours = "light", width = 1280 } = {}) {
  return browser.newContext({
    locale: LOCALES[language],
    colorScheme: colours,
    viewport: { width, height: width < 600 ? 740 : 800 },
    reducedMotion: "reduce",
  });
}

/**
 * Looks at the page that is shown: axe finds nothing, nothing scrolls sideways, at a zoom of 200 % neither, and the
 * keyboard reaches everything that can be used. With `SCREENS=write` and a `name` a picture is kept, of the whole page or of what a `screen` shows.
 */
export async function look(page, { name, width, language, colours, screen = false } = {}) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() =>
    globalThis.axe.run(document, { resultTypes: ["violations"], rules: { "target-size": { enabled: true } } }),
  );
  const told = violations.map(({ id, help, nodes }) => `${id}: ${help}\n  ${nodes.map((node) => node.html).join("\n  ")}`);
  assert.deepEqual(told, [], `axe on ${page.url()}`);
  await fits(page);
  await tabThrough(page);
  if (name && process.env.SCREENS === "write" && colours === "light" && language === "fr") {
    await mkdir(SCREENS, { recursive: true });
    await writeFile(`${SCREENS}${name}-${width}.jpg`, await picture(page, screen));
  }
}

/** Zooming halves the width that a page has; no page needs less than 320 px. */
async function fits(page) {
  const size = page.viewportSize();
  for (const width of [size.width, Math.max(size.width / 2, 320)]) {
    await page.setViewportSize({ ...size, width });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(wide <= 0, `${page.url()} scrolls sideways by ${wide} px in ${width} px`);
  }
  await page.setViewportSize(size);
}

/** The page as it comes; the whole of it in a window that is high enough, so that the menu stays at its bottom. */
async function picture(page, screen) {
  const size = page.viewportSize();
  const height = await page.evaluate(() => {
    document.activeElement?.blur();
    window.scrollTo(0, 0);
    return document.documentElement.scrollHeight;
  });
  if (!screen) await page.setViewportSize({ ...size, height });
  const taken = await page.screenshot({ type: "jpeg", quality: 50 });
  await page.setViewportSize(size);
  return taken;
}

/** Presses Tab until it comes round: the focus is seen, and visits all that can be used. */
async function tabThrough(page) {
  const usable = await page.evaluate(() => {
    const all = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")];
    const shown = all.filter((element) => element.checkVisibility({ visibilityProperty: true }) && !element.disabled);
    const radios = new Set();
    return shown.filter((element) => {
      if (element.type !== "radio") return true;
      const seen = radios.has(element.name);
      radios.add(element.name);
      return !seen;
    }).length;
  });
  await page.evaluate(() => {
    document.activeElement?.blur();
    window.scrollTo(0, 0);
  });
  const visited = new Set();
  for (let presses = 0; presses < usable + 10; presses += 1) {
    await page.keyboard.press("Tab");
    const focused = await page.evaluate(() => {
      const element = document.activeElement;
      if (!element || element === document.body) return null;
      globalThis.tabbed ??= new Map();
      if (!globalThis.tabbed.has(element)) globalThis.tabbed.set(element, globalThis.tabbed.size);
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      return { id: globalThis.tabbed.get(element), seen: outlineStyle !== "none" && outlineWidth !== "0px", html: element.outerHTML };
    });
    if (!focused) continue;
    assert.ok(focused.seen, `the focus does not show on ${focused.html}`);
    visited.add(focused.id);
  }
  assert.ok(visited.size >= usable, `the keyboard reaches ${visited.size} of ${usable} on ${page.url()}`);
}
