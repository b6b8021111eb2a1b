// The browser of the tests: $CHROMIUM, else that of a pinned package, which brings its libraries and a font along. `node browser.mjs`
// unpacks it into node_modules/.chromium; no other file of the machine is touched.
import { chromium } from "playwright-core";
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("node_modules/.chromium", import.meta.url));

export const launch = () => chromium.launch({
  executablePath: process.env.CHROMIUM ?? `${folder}/chromium`,
  env: process.env.CHROMIUM ? process.env : { ...process.env, LD_LIBRARY_PATH: `${folder}/al2023/lib`, FONTCONFIG_FILE: `${folder}/fonts.conf` },
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(folder, { recursive: true });
  process.env.TMPDIR = folder; // where the package unpacks itself,
  process.env.AWS_LAMBDA_JS_RUNTIME = "nodejs22.x"; // with its libraries
  const { default: packaged } = await import("@sparticuz/chromium");
  console.log(await packaged.executablePath());
  const fonts = `<fontconfig><dir>${folder}/fonts</dir><cachedir>${folder}/fonts-cache</cachedir></fontconfig>`;
  writeFileSync(`${folder}/fonts.conf`, `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">${fonts}\n`);
}
