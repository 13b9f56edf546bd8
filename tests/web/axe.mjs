// Opens pages in Chromium, light and dark, on a desk and on a phone: axe finds nothing, nothing scrolls sideways but what
// may, nothing is asked of any network, and a picture of each is written.
//
//   node axe.mjs --out FOLDER [--chromium PROGRAM] PAGE.html|PAGE.svg…
//
// Exit code 0 when all is well, 1 when something is not (it is printed), 2 when it could not be tried.

import { readFile, mkdir } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { createRequire } from "node:module";
import { parseArgs } from "node:util";
import puppeteer from "puppeteer-core";

const SIZES = { desk: { width: 1280, height: 900 }, phone: { width: 390, height: 844, isMobile: true, hasTouch: true } };
const SCHEMES = ["light", "dark"];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { out: { type: "string" }, chromium: { type: "string", default: process.env.CHROMIUM ?? "/usr/bin/chromium" } },
});
if (!values.out || positionals.length === 0) {
  console.error("usage: node axe.mjs --out FOLDER [--chromium PROGRAM] PAGE.html|PAGE.svg…");
  process.exit(2);
}

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
let wrong = 0;
let looks = 0;
const complain = (where, what) => {
  wrong += 1;
  console.log(`${where}: ${what}`);
};

// A drawing has no document of its own that axe could read: it is put into one.
async function wrapped(path) {
  const svg = await readFile(path, "utf8");
  return `<!doctype html><html lang="en"><head><title>Drawing</title></head><body><main><h1>Drawing</h1>${svg}</main></body></html>`;
}

async function look(browser, path, size, scheme) {
  const name = basename(path);
  const where = `${name} (${size}, ${scheme})`;
  const page = await browser.newPage();
  const url = pathToFileURL(resolve(path)).href;
  page.on("request", (request) => {
    if (request.url() !== url && request.url() !== "about:blank") complain(where, `asks for ${request.url()}`);
  });
  page.on("console", (message) => complain(where, `console: ${message.text()}`));
  page.on("pageerror", (error) => complain(where, `error: ${error}`));
  await page.setBypassCSP(true);
  await page.setViewport(SIZES[size]);
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  await page.goto(url);
  const wide = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
  if (wide[0] > wide[1]) complain(where, `is ${wide[0]} pixels wide, the window ${wide[1]}`);
  await page.screenshot({ path: join(values.out, `${name}-${size}-${scheme}.png`), fullPage: name.endsWith(".html") });
  // Words of a drawing stay within their boxes, whatever letters this machine has.
  const outside = await page.evaluate(() => {
    const edge = (it) => it.getBBox().x + it.getBBox().width;
    return [...document.querySelectorAll("svg.g g")].flatMap((group) => {
      const right = Math.min(...[...group.querySelectorAll("rect")].map(edge));
      return [...group.querySelectorAll("text")].filter((text) => edge(text) > right).map((text) => text.textContent);
    });
  });
  for (const words of outside) complain(where, `does not fit its box: ${words}`);
  if (name.endsWith(".svg")) {
    await page.goto("about:blank");
    await page.setContent(await wrapped(path));
  } else {
    await page.evaluate(() => document.querySelectorAll("details").forEach((it) => (it.open = true)));
  }
  await page.evaluate(axe);
  const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  for (const violation of found.violations) {
    for (const node of violation.nodes) {
      complain(where, `${violation.id} (${violation.impact}): ${node.html.slice(0, 160)}\n  ${node.failureSummary}`);
    }
  }
  if (found.passes.length === 0) complain(where, "axe looked at nothing");
  looks += 1;
  await page.close();
}

await mkdir(values.out, { recursive: true });
const browser = await puppeteer
  .launch({ executablePath: values.chromium, args: ["--no-sandbox", "--disable-gpu", "--hide-scrollbars"] })
  .catch((error) => {
    console.error(`cannot start ${values.chromium}: ${error.message}`);
    process.exit(2);
  });
try {
  for (const path of positionals)
    for (const size of Object.keys(SIZES)) for (const scheme of SCHEMES) await look(browser, path, size, scheme);
} finally {
  await browser.close();
}
console.log(`${looks} looks at ${positionals.length} pages, ${wrong} complaints`);
process.exit(wrong === 0 ? 0 : 1);
