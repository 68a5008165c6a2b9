// Headless Chromium that talks to nobody but the servers under test.

import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

/** Where the screenshots of this run are, to be looked at afterwards. */
export const SCREENSHOTS = process.env.ASSAY_SCREENSHOTS || (await mkdtemp(join(tmpdir(), "assay-screenshots-")));

export function launch() {
  return chromium.launch({
    executablePath: process.env.ASSAY_CHROMIUM || "/usr/bin/chromium",
    // Root cannot have Chromium's sandbox; the pages are ours.
    chromiumSandbox: process.getuid() !== 0,
    args: [
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** A page of a new person, with a list of what went wrong on it. */
export async function newPage(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.complaints = [];
  page.on("console", (message) => {
    // Browsers ask for an icon unasked, and need not be given one.
    const isAboutIcon = message.location().url.endsWith("/favicon.ico");
    if (message.type() === "error" && !isAboutIcon) page.complaints.push(message.text());
  });
  page.on("pageerror", (error) => page.complaints.push(String(error)));
  return page;
}

export function screenshot(page, name) {
  const file = `${name.replaceAll(/[^a-zA-Z0-9]+/g, "-")}.png`;
  return page.screenshot({ path: join(SCREENSHOTS, file), fullPage: true });
}
