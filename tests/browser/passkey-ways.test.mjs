// A passkey in Chromium as the second factor, and as all that an account is made with.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { DATABASES, startAssay } from "./assay.mjs";
import { DEVICE, KEY, plugIn } from "./authenticators.mjs";
import { launch, newPage, screenshot } from "./chromium.mjs";
import { linkOf } from "./letters.mjs";
import { PASSWORD, signIn } from "./person.mjs";
import { authenticator } from "./totp.mjs";

const module = (name, settings) => ({ apiVersion: "assay/v1", kind: "Module", metadata: { name }, spec: { settings } });
const EMAIL = "ada@example.com";

for (const [database, makeDatabase] of Object.entries(DATABASES)) {
  describe(`a passkey beside other ways on ${database}`, () => {
    let assay, browser, folder;

    before(async () => {
      const home = (path) => {
        folder = join(path, "data", "mails");
        return makeDatabase(path);
      };
      assay = await startAssay(home, [
        module("account", {
          registration: { mode: "open", requiredFields: ["name"] },
          secondFactor: { policy: "required", rememberFor: "30d" },
        }),
      ]);
      browser = await launch();
    });

    after(async () => {
      await browser?.close();
      await assay?.stop();
    });

    async function amr() {
      const { events } = await assay.admin("GET", "/auth/admin/auth/audit?action=session.sign_in&limit=1");
      return events[0].detail.amr;
    }

    test("it is the second factor where one is demanded", async () => {
      await assay.createUser(EMAIL, PASSWORD);
      const page = await newPage(browser);
      const cdp = await page.context().newCDPSession(page);
      await plugIn(cdp, KEY);
      await page.goto(`${assay.issuer}/login`);
      await signIn(page, EMAIL);
      // Somebody who has nothing yet sets up an app, and adds a passkey then.
      await page.locator("input#code").waitFor();
      const key = await page.locator("bdi.secret").innerText();
      await page.locator("input#code").fill(await authenticator(key)());
      await page.locator("input#code").press("Enter");
      await page.getByText("I have kept the codes").click();
      await page.goto(`${assay.issuer}/account/passkeys`);
      await page.locator("button#passkey").click();
      await page.locator(".rows").getByText("Passkey", { exact: true }).waitFor();

      await page.context().clearCookies();
      await page.goto(`${assay.issuer}/login`);
      await signIn(page, EMAIL);
      await page.locator("button#passkey").waitFor();
      await screenshot(page, `second factor by passkey ${database}`);
      await page.locator("input#remember").check();
      await page.locator("button#passkey").click();
      await page.waitForURL(`${assay.issuer}/account`);
      assert.deepEqual(await amr(), ["pwd", "pop", "user", "mfa"]);
      assert.deepEqual(page.complaints, []);
      await page.context().close();
    });

    // On PostgreSQL letters wait in the database until a mail server is set.
    if (database === "SQLite") {
      test("it is all that an account is made with", async () => {
        const email = "grace@example.com";
        const page = await newPage(browser);
        const cdp = await page.context().newCDPSession(page);
        await plugIn(cdp, DEVICE);
        await page.goto(`${assay.issuer}/register`);
        await page.locator("input#email").fill(email);
        await page.locator("input#email").press("Enter");
        await page.waitForURL(/register\/sent/);
        await page.goto(await linkOf(folder, "registration"));
        await screenshot(page, "registration by passkey");
        // The form is looked at before a passkey is made, and asks for no password.
        await page.locator("button#passkey").click();
        assert.equal(await page.locator("input#name").evaluate((input) => input.validity.valueMissing), true);
        assert.equal(await page.locator("button#passkey").isEnabled(), true);
        await page.locator("input#name").fill("Grace Hopper");
        await page.locator("button#passkey").click();
        await page.waitForURL(`${assay.issuer}/account`);
        assert.deepEqual(await amr(), ["pop", "user", "mfa"]);
        await page.context().clearCookies();
        // The browser offers it where the address is typed, and a virtual authenticator takes that at once.
        await page.goto(`${assay.issuer}/login`);
        await page.waitForURL(`${assay.issuer}/account`);
        assert.deepEqual(page.complaints, []);
        await page.context().close();
      });
    }
  });
}
