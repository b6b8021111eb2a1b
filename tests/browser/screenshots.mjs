// Pictures of a report for README: node screenshots.mjs REPORT.html FOLDER
import { launch } from "./browser.mjs";
import { pathToFileURL } from "node:url";

const [file, folder] = process.argv.slice(2);
const browser = await launch();
const take = async (scheme, name, width, height, at) => {
  const page = await browser.newPage({ viewport: { width, height }, colorScheme: scheme, offline: true });
  await page.goto(pathToFileURL(file).href);
  await page.waitForSelector("html[data-ready=yes]", { state: "attached" });
  if (at) await page.evaluate((id) => document.getElementById(id).scrollIntoView(), at);
  await page.waitForTimeout(2000); // charts that are in sight come alive
  await page.screenshot({ path: `${folder}/${name}.png` });
  await page.close();
};
await take("light", "report-answer", 1120, 760, "");
await take("dark", "report-charts", 1120, 760, "cost");
await browser.close();
