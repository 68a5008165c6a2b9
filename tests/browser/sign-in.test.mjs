// A real client signs a real person in through a real browser.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { DATABASES, startQuickstart } from "./assay.mjs";
import { launch, newPage, screenshot, SCREENSHOTS } from "./chromium.mjs";
import { ALLOW, DENY, PASSWORD, SUBMIT, signIn } from "./person.mjs";
import { startRelyingParty } from "./relying-party.mjs";

console.log(`screenshots: ${SCREENSHOTS}`);

for (const [database, makeDatabase] of Object.entries(DATABASES)) {
  describe(`sign-in on ${database}`, () => {
    let app, assay, browser;

    before(async () => {
      app = await startRelyingParty();
      assay = await startQuickstart(makeDatabase, app.origin);
      await app.connect(assay.issuer);
      browser = await launch();
    });

    after(async () => {
      await browser?.close();
      await assay?.stop();
      await app?.stop();
    });

    let people = 0;

    /** Runs the story with the page of a new person, who has allowed nothing yet, and their address. */
    async function atTheLoginPage(options, story) {
      const email = `person${++people}@example.com`;
      await assay.createUser(email, PASSWORD);
      const page = await newPage(browser, options);
      try {
        await page.goto(app.origin);
        await page.locator('input[name="password"]').waitFor();
        await story(page, email);
      } finally {
        await page.context().close();
      }
    }

    async function allow(page) {
      await page.locator(ALLOW).click();
      await page.getByRole("heading", { name: "Signed in" }).waitFor();
    }

    test("a person signs in and allows; the client gets tokens, user info, and fresh tokens", async () => {
      await atTheLoginPage({}, async (page, email) => {
        assert.ok(page.url().startsWith(`${assay.issuer}/login`), page.url());
        await screenshot(page, `login ${database}`);
        await signIn(page, email);
        await page.locator(ALLOW).waitFor();
        assert.match(await page.locator("body").innerText(), /Example App/);
        await screenshot(page, `consent ${database}`);
        await allow(page);

        const { url, tokens, error } = await app.answer();
        assert.ifError(error);
        assert.equal(url.searchParams.get("iss"), assay.issuer);
        const claims = tokens.claims();
        assert.equal(claims.iss, assay.issuer);
        assert.equal(claims.aud, "example-app");

        const person = await app.userInfo(tokens);
        assert.equal(person.sub, claims.sub);
        assert.equal(person.email, email);

        const fresh = await app.refresh(tokens);
        assert.notEqual(fresh.access_token, tokens.access_token);
        assert.equal((await app.userInfo({ ...fresh, claims: () => claims })).sub, claims.sub);

        await assert.rejects(app.redeemAgain(url), { error: "invalid_grant" });
        assert.deepEqual(page.complaints, []);
      });
    });

    test("a person who has signed in and allowed is not asked again", async () => {
      await atTheLoginPage({}, async (page, email) => {
        await signIn(page, email);
        await allow(page);
        const first = await app.answer();
        await page.goto(app.origin);
        await page.getByRole("heading", { name: "Signed in" }).waitFor();
        const second = await app.answer();
        assert.ifError(second.error);
        assert.equal(second.tokens.claims().sub, first.tokens.claims().sub);
      });
    });

    test("a person signs in with the keyboard alone", async () => {
      await atTheLoginPage({}, async (page, email) => {
        await tabTo(page, 'input[name="email"]');
        await page.keyboard.type(email);
        await tabTo(page, 'input[name="password"]');
        await page.keyboard.type(PASSWORD);
        await page.keyboard.press("Enter");
        await page.locator(ALLOW).waitFor();
        await tabTo(page, ALLOW);
        await screenshot(page, `consent with focus ${database}`);
        await page.keyboard.press("Enter");
        await page.getByRole("heading", { name: "Signed in" }).waitFor();
        assert.ifError((await app.answer()).error);
      });
    });

    test("a person signs in without JavaScript", async () => {
      await atTheLoginPage({ javaScriptEnabled: false }, async (page, email) => {
        await signIn(page, email);
        await allow(page);
        assert.ifError((await app.answer()).error);
      });
    });

    test("a wrong password shows an error and keeps the address", async () => {
      await atTheLoginPage({}, async (page, email) => {
        await signIn(page, email, "a wrong password");
        await page.getByRole("alert").waitFor();
        await screenshot(page, `wrong password ${database}`);
        assert.ok(page.url().startsWith(assay.issuer), page.url());
        assert.equal(await page.locator('input[name="email"]').inputValue(), email);
        assert.equal(await page.locator('input[name="password"]').inputValue(), "");

        await page.locator('input[name="password"]').fill(PASSWORD);
        await page.locator(SUBMIT).click();
        await allow(page);
        assert.ifError((await app.answer()).error);
      });
    });

    test("a person who declines is sent back with access_denied", async () => {
      await atTheLoginPage({}, async (page, email) => {
        await signIn(page, email);
        await page.locator(DENY).click();
        await page.getByRole("heading", { name: "Not signed in" }).waitFor();
        assert.equal((await app.answer()).error.error, "access_denied");
      });
    });

    test("the login page reads well on a telephone, dark, and to a screen reader", async () => {
      const telephone = { viewport: { width: 360, height: 640 }, colorScheme: "dark" };
      await atTheLoginPage(telephone, async (page) => {
        await screenshot(page, `login on a telephone ${database}`);
        const { language, title, unlabelled, overflow, headings } = await page.evaluate(() => ({
          language: document.documentElement.lang,
          title: document.title,
          unlabelled: [...document.querySelectorAll('input:not([type="hidden"])')]
            .filter((input) => !input.labels.length && !input.ariaLabel)
            .map((input) => input.outerHTML),
          overflow: document.documentElement.scrollWidth - innerWidth,
          headings: document.querySelectorAll("h1").length,
        }));
        assert.match(language, /^[a-z]{2}/);
        assert.ok(title);
        assert.deepEqual(unlabelled, []);
        assert.ok(overflow <= 0, `${overflow}px wider than the screen`);
        assert.equal(headings, 1);
        // Password managers go by these (HTML, section 4.10.18.7).
        assert.equal(await page.locator('input[name="password"]').getAttribute("autocomplete"), "current-password");
        assert.match(await page.locator('input[name="email"]').getAttribute("autocomplete"), /username|email/);
        assert.deepEqual(page.complaints, []);
      });
    });
  });
}

/** Presses the tab key until the focus is there, as a person does who sees it move. */
async function tabTo(page, selector) {
  for (let presses = 0; presses < 20; presses++) {
    const there = await page.evaluate((selector) => document.activeElement?.matches(selector), selector);
    if (there) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`the tab key does not lead to ${selector}`);
}
