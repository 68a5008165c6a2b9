// A person sets up an authenticator app in a real browser, and signs in with it.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { DATABASES, startAssay } from "./assay.mjs";
import { launch, newPage, screenshot } from "./chromium.mjs";
import { PASSWORD, signIn } from "./person.mjs";
import { authenticator } from "./totp.mjs";

const SETTINGS = {
  apiVersion: "assay/v1",
  kind: "Module",
  metadata: { name: "account" },
  spec: { settings: { secondFactor: { rememberFor: "30d" } } },
};

for (const [database, makeDatabase] of Object.entries(DATABASES)) {
  describe(`second factors on ${database}`, () => {
    let assay, browser;

    before(async () => {
      assay = await startAssay(makeDatabase, [SETTINGS]);
      await assay.createUser("ada@example.com", PASSWORD);
      browser = await launch();
    });

    after(async () => {
      await browser?.close();
      await assay?.stop();
    });

    test("somebody sets up an app, signs in with it, is remembered, and gets in without it", async () => {
      const page = await newPage(browser, {});
      await page.goto(`${assay.issuer}/account/second-factors`);
      await signIn(page, "ada@example.com");
      await page.locator('a[href$="/set-up"]').click();
      // The picture is there, and is not empty.
      const picture = await page.locator(".qr svg").boundingBox();
      assert.ok(picture.width >= 150 && picture.height >= 150, JSON.stringify(picture));
      await screenshot(page, `second factor, set up ${database}`);
      const code = authenticator(await page.locator("bdi.secret").innerText());
      await page.locator("#code").fill(await code());
      await page.locator("form:has(#code) button").click();
      const codes = await page.locator("code").allInnerTexts();
      assert.equal(codes.length, 10);
      await screenshot(page, `recovery codes ${database}`);
      await page.locator("a.button").click();
      await page.locator('button[name="renew"]').waitFor();
      await screenshot(page, `second factors ${database}`);
      assert.deepEqual(page.complaints, []);
      await page.context().close();

      const other = await newPage(browser, {});
      await other.goto(`${assay.issuer}/login`);
      await signIn(other, "ada@example.com");
      await other.locator("#code").waitFor();
      await screenshot(other, `second factor ${database}`);
      await other.locator('input[name="remember"]').check();
      await other.locator("#code").fill(await code());
      await other.keyboard.press("Enter");
      await other.locator('form[action$="/sign-out"] button').click();
      await other.goto(`${assay.issuer}/login`);
      await signIn(other, "ada@example.com");
      await other.locator('form[action$="/sign-out"]').waitFor();
      assert.deepEqual(other.complaints, []);
      await other.context().close();

      const lost = await newPage(browser, {});
      await lost.goto(`${assay.issuer}/login`);
      await signIn(lost, "ada@example.com");
      await lost.locator("summary").click();
      await lost.locator("#recovery_code").fill(codes[0].toLowerCase());
      await lost.locator("form:has(#recovery_code) button").click();
      await lost.locator('form[action$="/sign-out"]').waitFor();
      assert.deepEqual(lost.complaints, []);
      await lost.context().close();
    });
  });
}
