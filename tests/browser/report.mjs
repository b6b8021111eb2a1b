// Opens a report as a reader would, offline, and says what happened:
//   node report.mjs REPORT.html SCREENSHOT.png WIDTH light|dark [CHANGES.json]
// CHANGES sets fields of the what-if form. Prints one JSON object: requests (other than the page), console errors and warnings, charts,
// widest overflow, the answer, what-if before and after the changes, and what a badge says.
import { launch } from "./browser.mjs";
import { pathToFileURL } from "node:url";

const [page_file, screenshot, width, scheme, changes] = process.argv.slice(2);
const browser = await launch();
const page = await browser.newPage({ viewport: { width: Number(width), height: 900 }, colorScheme: scheme, offline: true });
const url = pathToFileURL(page_file).href;
const seen = { requests: [], errors: [] };
page.on("request", (r) => { if (r.url() !== url && !r.url().startsWith("data:")) seen.requests.push(r.url()); });
page.on("console", (m) => { if (m.type() === "error" || m.type() === "warning") seen.errors.push(m.text()); });
page.on("pageerror", (e) => seen.errors.push(String(e)));
page.on("dialog", (d) => { seen.errors.push(`dialog: ${d.message()}`); d.dismiss(); });
await page.goto(url);
await page.waitForSelector("html[data-ready=yes]", { state: "attached", timeout: 20000 });

const alive = () => page.waitForFunction(
  () => [...document.querySelectorAll("[data-chart]")].every((c) => c.dataset.alive && c.dataset.alive !== "soon"), null, { timeout: 60000 });
const whatif = () => page.evaluate(() => {
  const rows = (id) => [...document.querySelectorAll(`#${id} tbody tr[data-backend]`)].map((tr) => {
    const numbers = [...tr.querySelectorAll("[data-v]")].map((td) => [td.dataset.label, td.dataset.v === "not known" ? null : Number(td.dataset.v)]);
    return { backend: tr.dataset.backend, mode: tr.dataset.mode, sql: tr.dataset.sql, ...Object.fromEntries(numbers) };
  });
  const own = document.getElementById("whatif-own");
  return {
    units: rows("whatif-units"), months: rows("whatif-months"), own: own && { ...own.dataset },
    toml: document.getElementById("whatif-toml")?.textContent, csv: document.getElementById("whatif-csv")?.textContent,
    bars: document.querySelector('[data-chart="whatif-cost"] svg')?.outerHTML.length,
  };
});

// The first screen as it is seen, before anything below it is looked at.
await page.waitForTimeout(300);
await page.screenshot({ path: screenshot.replace(/\.png$/, "-first.png") });
// Charts come alive when they are scrolled to.
await page.evaluate(async () => {
  for (const chart of document.querySelectorAll("[data-chart]")) { chart.scrollIntoView(); await new Promise((done) => setTimeout(done, 30)); }
});
await alive();
seen.charts = await page.$$eval("[data-chart]", (all) => all.map((c) => ({ id: c.dataset.chart, alive: c.dataset.alive, marks: c.querySelectorAll("svg path, svg rect, svg line").length, label: `${c.getAttribute("aria-label")}. ${document.getElementById(c.getAttribute("aria-describedby")).textContent}` })));
seen.overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
seen.sentence = await page.$eval(".sentence", (p) => p.textContent);
seen.headline = await page.$$eval(".headline li", (all) => all.map((l) => l.textContent));
seen.ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
seen.ink = await page.$eval("[data-chart] svg text", (t) => getComputedStyle(t).fill);
seen.before = await whatif();
if (changes) {
  // Selections first: a workload brings its own volume.
  const selects = ["tier", "workload"];
  const entries = Object.entries(JSON.parse(changes)).sort(([a], [b]) => selects.includes(b) - selects.includes(a));
  for (const [name, value] of entries) {
    const field = page.locator(`#whatif-form [name=${name}]`);
    if (await field.evaluate((f) => f.tagName === "SELECT")) await field.selectOption(value); else await field.fill(String(value));
  }
  await page.waitForTimeout(200);
  seen.after = await whatif();
}
// With the keyboard alone: a badge is reached and opened, its dialog shows numbers and the query, Escape closes it.
await page.locator("button.badge").first().focus();
await page.keyboard.press("Enter");
seen.dialog = await page.$eval("dialog[open]", (d) => ({ numbers: d.querySelectorAll("dd").length, sql: d.querySelector("pre").textContent }));
await page.keyboard.press("Escape");
seen.closed = (await page.$("dialog[open]")) === null;
// The query behind the last row of every table.
seen.sources = [];
for (const table of await page.$$("table[data-start]")) {
  const badges = await table.$$("tbody button.badge");
  if (!badges.length) continue;
  await badges.at(-1).evaluate((badge) => badge.click());
  const sql = await page.$eval("dialog[open] pre", (pre) => pre.textContent);
  await page.keyboard.press("Escape");
  seen.sources.push({ table: (await table.getAttribute("id")).replace("table-", ""), row: badges.length - 1, sql });
}
await page.evaluate(() => scrollTo(0, 0));
await page.screenshot({ path: screenshot, fullPage: true });
await browser.close();
console.log(JSON.stringify(seen));
