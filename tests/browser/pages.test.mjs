// The pages for devices and for signing out, as people with other needs than ours see them.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { DATABASES, startAssay } from "./assay.mjs";
import { launch, newPage, screenshot } from "./chromium.mjs";
import { ALLOW, DENY, PASSWORD, signIn } from "./person.mjs";

const MANIFESTS = `
apiVersion: assay/v1
kind: OidcClient
metadata: { name: television }
spec:
  displayName: Television
  clientType: public
  applicationType: native
  grantTypes: ["urn:ietf:params:oauth:grant-type:device_code"]
  scopes: [openid, email, films]
---
apiVersion: assay/v1
kind: Scope
metadata: { name: films }
spec:
  description: { default: See which films you watch, ar: الاطّلاع على الأفلام التي تشاهدها }
---
apiVersion: assay/v1
kind: Theme
metadata: { name: default }
spec:
  productName: Acme ID
  colors: { light: { accent: "#7a1fa2" }, dark: { accent: "#d9a3f0" } }
  footer: { default: Acme employees only, ar: لموظفي أكمي فقط }
  links:
    support: { default: "https://help.example.com/" }
    privacy: { default: "https://example.com/privacy" }
`;

const READERS = {
  "in English": {},
  "in Arabic": { locale: "ar", rtl: true },
  "in German, dark": { locale: "de-AT", colorScheme: "dark" },
  "in Arabic, at 320 pixels, dark": {
    locale: "ar",
    rtl: true,
    colorScheme: "dark",
    viewport: { width: 320, height: 640 },
  },
  "in Japanese, at 320 pixels": { locale: "ja", viewport: { width: 320, height: 640 } },
  "in Turkish, without JavaScript": { locale: "tr", javaScriptEnabled: false },
};

for (const [database, makeDatabase] of Object.entries(DATABASES)) {
  describe(`pages on ${database}`, () => {
    let assay, browser;
    let people = 0;

    before(async () => {
      assay = await startAssay(makeDatabase, MANIFESTS);
      browser = await launch();
    });

    after(async () => {
      await browser?.close();
      await assay?.stop();
    });

    async function device() {
      const body = new URLSearchParams({ client_id: "television", scope: "openid email films" });
      const reply = await fetch(`${assay.issuer}/oauth2/device`, { method: "POST", body });
      assert.equal(reply.status, 200);
      return reply.json();
    }

    /** What is wrong with the page for this reader. */
    async function look(page, name, { locale = "en", rtl = false, colorScheme = "light" }) {
      await screenshot(page, `${name} ${locale} ${colorScheme} ${page.viewportSize().width} ${database}`);
      const html = page.locator("html");
      assert.equal(await html.getAttribute("lang"), locale.slice(0, 2));
      assert.equal(await html.getAttribute("dir"), rtl ? "rtl" : "ltr");
      assert.match(await page.title(), /Acme ID/);
      const seen = await page.evaluate(() => {
        const style = (selector) => getComputedStyle(document.querySelector(selector));
        return {
          overflow: document.documentElement.scrollWidth - innerWidth,
          align: style("h1").direction,
          button: style("button, .button").backgroundColor,
          headings: document.querySelectorAll("h1").length,
        };
      });
      assert.ok(seen.overflow <= 0, `${seen.overflow}px wider than the screen`);
      assert.equal(seen.align, rtl ? "rtl" : "ltr");
      assert.equal(seen.headings, 1);
      const accent = colorScheme === "dark" ? "rgb(217, 163, 240)" : "rgb(122, 31, 162)";
      if (name !== "connected") assert.equal(seen.button, accent);
    }

    for (const [who, reader] of Object.entries(READERS)) {
      const { rtl, ...options } = reader;

      test(`a device is connected, and the person signs out, ${who}`, async () => {
        const email = `reader${++people}@example.com`;
        await assay.createUser(email, PASSWORD);
        const page = await newPage(browser, options);
        try {
          const { user_code, verification_uri } = await device();
          await page.goto(verification_uri);
          await look(page, "device code", reader);
          await page.locator('input[name="user_code"]').fill("BBBB-BBBB");
          await page.locator("form button").click();
          await page.getByRole("alert").waitFor();
          await look(page, "wrong code", reader);
          await page.locator('input[name="user_code"]').fill(user_code);
          await page.keyboard.press("Enter");
          await page.locator('input[name="password"]').waitFor();
          await look(page, "sign-in", reader);
          await signIn(page, email);
          await page.locator(ALLOW).waitFor();
          await look(page, "device question", reader);
          // Read in its own direction wherever it stands.
          assert.equal(await page.locator("bdi", { hasText: user_code }).evaluate((code) => getComputedStyle(code).direction), "ltr");
          const films = rtl ? "الاطّلاع على الأفلام التي تشاهدها" : "See which films you watch";
          await page.getByText(films).waitFor();
          await tabTo(page, DENY);
          await tabTo(page, ALLOW);
          await page.keyboard.press("Enter");
          await page.locator(ALLOW).waitFor({ state: "detached" });
          assert.equal(await page.locator("form, a.button").count(), 0);

          await page.goto(`${assay.issuer}/account`);
          await page.locator("form button").first().waitFor();
          await look(page, "account", reader);

          const stay = 'button[name="decision"][value="stay"]';
          const leave = 'button[name="decision"][value="sign_out"]';
          await page.goto(`${assay.issuer}/logout?client_id=television`);
          await page.locator(leave).waitFor();
          await look(page, "logout", reader);
          await page.locator(stay).click();
          await page.waitForURL(`${assay.issuer}/account`);
          await page.goto(`${assay.issuer}/logout?client_id=television`);
          await tabTo(page, leave);
          await page.keyboard.press("Enter");
          await page.locator(leave).waitFor({ state: "detached" });
          await look(page, "signed out", reader);
          await page.goto(`${assay.issuer}/account`);
          await page.locator('input[name="password"]').waitFor();
          // A wrong code is answered with 400, which the console mentions.
          const complaints = page.complaints.filter((text) => !text.includes("status of 400"));
          assert.deepEqual(complaints, []);
        } finally {
          await page.context().close();
        }
      });
    }
  });
}

/** Presses the tab key until the focus is there, in a circle if need be. */
async function tabTo(page, selector) {
  for (let presses = 0; presses < 20; presses++) {
    const there = await page.locator(selector).evaluate((element) => element === document.activeElement);
    if (there) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`the tab key does not lead to ${selector}`);
}
