// A person creates an account, changes the password and deletes the account, by real pages and letters.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { DATABASES, startAssay } from "./assay.mjs";
import { launch, newPage, screenshot } from "./chromium.mjs";
import { linkOf } from "./letters.mjs";
import { PASSWORD, signIn } from "./person.mjs";

const EMAIL = "ada@example.com";
const NEW_PASSWORD = "a quite different battery horse";

const module = (name, settings) => ({
  apiVersion: "assay/v1",
  kind: "Module",
  metadata: { name },
  spec: { settings },
});

// On PostgreSQL letters wait in the database until a mail server is set.
for (const database of ["SQLite"]) {
  describe(`self-service on ${database}`, () => {
    let assay, browser, folder;

    before(async () => {
      const makeDatabase = (home) => {
        folder = join(home, "data", "mails");
        return DATABASES[database](home);
      };
      assay = await startAssay(makeDatabase, [
        module("account", {
          registration: { mode: "open", fields: [], requiredFields: ["name", "locale"] },
          deletion: { allowed: true, gracePeriod: "0s" },
        }),
      ]);
      browser = await launch();
    });

    after(async () => {
      await browser?.close();
      await assay?.stop();
    });

    test("a person registers, changes the password, and deletes the account", async () => {
      const page = await newPage(browser);
      await page.goto(`${assay.issuer}/login`);
      await page.getByRole("link", { name: "Create an account" }).click();
      await screenshot(page, `register ${database}`);
      await page.getByLabel("E-mail address").fill(EMAIL);
      await page.getByRole("button", { name: "Continue" }).click();
      await page.getByLabel("Code of the message").waitFor();
      await screenshot(page, `register sent ${database}`);

      await page.goto(await linkOf(folder, "registration"));
      await page.getByLabel("Name", { exact: true }).fill("Ada Lovelace");
      await page.getByLabel("Language").selectOption("de");
      await page.getByLabel("Choose a password").fill(PASSWORD);
      await screenshot(page, `register finish ${database}`);
      await page.getByRole("button", { name: "Create an account" }).click();
      // The language that was just told.
      await page.getByRole("heading", { name: "Ada Lovelace" }).waitFor();
      await screenshot(page, `account ${database}`);
      assert.match(await page.locator("body").innerText(), /Chrome unter Linux/);

      await page.getByRole("link", { name: "Passwort ändern" }).click();
      await page.getByLabel("Bisheriges Passwort").fill(PASSWORD);
      await page.getByLabel("Neues Passwort").fill(NEW_PASSWORD);
      await screenshot(page, `change password ${database}`);
      await page.getByRole("button", { name: "Passwort ändern" }).click();
      await page.getByText("Ihr neues Passwort gilt").waitFor();

      await page.context().clearCookies();
      await page.goto(`${assay.issuer}/account/delete`);
      await signIn(page, EMAIL, NEW_PASSWORD);
      await page.getByRole("heading", { name: "Konto löschen" }).waitFor();
      await screenshot(page, `delete ${database}`);
      await page.locator('input[name="email"]').fill(EMAIL);
      await page.getByRole("button", { name: "Konto löschen" }).click();
      await page.getByRole("heading", { name: "Ihr Konto ist gelöscht" }).waitFor();
      await page.goto(`${assay.issuer}/login`);
      await signIn(page, EMAIL, NEW_PASSWORD);
      await page.getByRole("alert").waitFor();
      await page.context().close();
    });
  });
}
