// Opens a report as a reader would, offline, and says what happened:
//   node report.mjs REPORT.html SCREENSHOT.png WIDTH light|dark
// Prints one JSON object: requests (other than the page), console errors, drawn charts, widest overflow.
import { chromium } from "playwright-core";
import { pathToFileURL } from "node:url";

const [page_file, screenshot, width, scheme] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});
const page = await browser.newPage({ viewport: { width: Number(width), height: 900 }, colorScheme: scheme, offline: true });
const url = pathToFileURL(page_file).href;
const seen = { requests: [], errors: [] };
page.on("request", (r) => { if (r.url() !== url && !r.url().startsWith("data:")) seen.requests.push(r.url()); });
page.on("console", (m) => { if (m.type() === "error" || m.type() === "warning") seen.errors.push(m.text()); });
page.on("pageerror", (e) => seen.errors.push(String(e)));
await page.goto(url);
await page.waitForSelector("html[data-ready=yes]", { state: "attached", timeout: 20000 });
await page.waitForFunction(() => [...document.querySelectorAll("[data-chart]")].every((c) => c.classList.contains("vega-embed")), null, { timeout: 20000 });
seen.charts = await page.$$eval("[data-chart]", (all) => all.map((c) => ({ id: c.dataset.chart, marks: c.querySelectorAll("svg path, svg rect").length, label: c.closest("figure").querySelector("figcaption").textContent })));
seen.overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
seen.headline = await page.$$eval(".headline li", (all) => all.map((l) => l.textContent));
await page.screenshot({ path: screenshot, fullPage: true });
await browser.close();
console.log(JSON.stringify(seen));
