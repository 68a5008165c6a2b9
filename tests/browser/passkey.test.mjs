// Chromium and its virtual authenticators register passkeys and sign in with them.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { DATABASES, startAssay } from "./assay.mjs";
import { launch, newPage, screenshot } from "./chromium.mjs";
import { DEVICE, KEY, TOUCH_ONLY, plugIn } from "./authenticators.mjs";
import { PASSWORD, signIn } from "./person.mjs";

const required = [];
const preferred = [{ kind: "Module", metadata: { name: "passkey" }, spec: { settings: { userVerification: "preferred" } } }];

for (const [database, makeDatabase] of Object.entries(DATABASES)) {
  for (const [policy, manifests] of Object.entries({ required, preferred })) {
    describe(`passkeys on ${database}, verification ${policy}`, () => {
      let assay, browser;
      let people = 0;

      before(async () => {
        const names = ["session", "password", "passkey", "admin"].filter((name) => !manifests.some((m) => m.metadata.name === name));
        const modules = names.map((name) => ({ kind: "Module", metadata: { name } }));
        assay = await startAssay(makeDatabase, [...modules, ...manifests]);
        browser = await launch();
      });

      after(async () => {
        await browser?.close();
        await assay?.stop();
      });

      /** A new person on the page of their passkeys, signed in with a password, with these authenticators. */
      async function withPasskeyPage(authenticators, story) {
        const email = `person${++people}@example.com`;
        await assay.createUser(email, PASSWORD);
        const page = await newPage(browser);
        try {
          const cdp = await page.context().newCDPSession(page);
          const ids = [];
          for (const options of authenticators) ids.push(await plugIn(cdp, options));
          await page.goto(`${assay.issuer}/login`);
          await signIn(page, email);
          await page.goto(`${assay.issuer}/account/passkeys`);
          await story({ page, cdp, ids, email });
          const unexpected = page.complaints.filter((text) => !/status of 40[0-9]/.test(text));
          assert.deepEqual(unexpected, []);
        } finally {
          await page.context().close();
        }
      }

      async function add(page, name) {
        await page.locator("input#name").fill(name);
        await page.locator("button#passkey").click();
        await page.locator(".rows").getByText(name, { exact: true }).waitFor();
      }

      /** Ends the session, and goes to the sign-in page. */
      async function leave(page) {
        await page.context().clearCookies();
        await page.goto(`${assay.issuer}/login`);
      }

      async function arrive(page) {
        await page.waitForURL(`${assay.issuer}/account`);
      }

      async function amr() {
        const { events } = await assay.admin("GET", "/auth/admin/auth/audit?action=session.sign_in&limit=1");
        return events[0].detail.amr;
      }

      test("a resident passkey signs in at a button, without an address", async () => {
        await withPasskeyPage([DEVICE], async ({ page, email }) => {
          await page.addInitScript(() => {
            PublicKeyCredential.isConditionalMediationAvailable = async () => false;
          });
          await page.reload();
          await screenshot(page, `passkeys none ${database}`);
          await add(page, "My laptop");
          await screenshot(page, `passkeys one ${database}`);
          await leave(page);
          await screenshot(page, `login with passkeys ${database}`);
          await page.locator("button#passkey").click();
          await arrive(page);
          assert.match(await page.locator("body").innerText(), new RegExp(email));
          assert.deepEqual(await amr(), ["pop", "user", "mfa"]);
        });
      });

      test("a resident passkey is offered where the address is typed", async () => {
        await withPasskeyPage([DEVICE], async ({ page, cdp, ids }) => {
          await add(page, "My laptop");
          // The virtual authenticator answers a conditional request at once: nothing is clicked.
          await leave(page);
          await arrive(page);
          const { credentials } = await cdp.send("WebAuthn.getCredentials", { authenticatorId: ids[0] });
          assert.equal(credentials.length, 1);
          assert.ok(credentials[0].isResidentCredential);
        });
      });

      test("a passkey that is not resident signs in after an address was typed", async () => {
        await withPasskeyPage([KEY], async ({ page, cdp, ids, email }) => {
          await add(page, "My key");
          const { credentials } = await cdp.send("WebAuthn.getCredentials", { authenticatorId: ids[0] });
          assert.ok(!credentials[0].isResidentCredential);
          await leave(page);
          await page.locator("input#email").fill(email);
          await page.locator("button#passkey").click();
          await arrive(page);
          // At somebody else's address it is of no use, and nothing tells whether there is such a person.
          await leave(page);
          await page.locator("input#email").fill("nobody@example.com");
          await page.locator("button#passkey").click();
          await page.locator("#passkey-notice").waitFor();
          assert.equal(new URL(page.url()).pathname, "/auth/login");
        });
      });

      test("one that cannot check its owner is one factor, or none", async () => {
        await withPasskeyPage([TOUCH_ONLY], async ({ page, email }) => {
          if (policy === "required") {
            await page.locator("button#passkey").click();
            await page.locator("#passkey-notice").waitFor();
            assert.equal(await page.locator(".rows").count(), 0);
            return;
          }
          await add(page, "My key");
          await leave(page);
          await page.locator("input#email").fill(email);
          await page.locator("button#passkey").click();
          await arrive(page);
          assert.deepEqual(await amr(), ["pop", "user"]);
        });
      });

      test("one that no longer checks its owner is refused", async () => {
        await withPasskeyPage([KEY], async ({ page, cdp, ids, email }) => {
          await add(page, "My key");
          await cdp.send("WebAuthn.setUserVerified", { authenticatorId: ids[0], isUserVerified: false });
          await leave(page);
          await page.locator("input#email").fill(email);
          await page.locator("button#passkey").click();
          await page.locator("#passkey-notice").waitFor();
          assert.equal(new URL(page.url()).pathname, "/auth/login");
        });
      });

      test("two authenticators, each with a passkey of its own", async () => {
        await withPasskeyPage([KEY], async ({ page, cdp, ids, email }) => {
          await add(page, "First key");
          // It says that it is registered, and the other one is not.
          await page.locator("button#passkey").click();
          await page.locator("#passkey-notice").waitFor();
          await cdp.send("WebAuthn.removeVirtualAuthenticator", { authenticatorId: ids[0] });
          const second = await plugIn(cdp, KEY);
          await page.reload();
          await add(page, "Second key");
          assert.equal(await page.locator(".rows > li").count(), 2);
          await leave(page);
          await page.locator("input#email").fill(email);
          await page.locator("button#passkey").click();
          await arrive(page);
          const { credentials } = await cdp.send("WebAuthn.getCredentials", { authenticatorId: second });
          assert.equal(credentials.length, 1);
        });
      });

      test("a cloned authenticator is found out, and its passkey ends", async () => {
        await withPasskeyPage([KEY], async ({ page, cdp, ids, email }) => {
          const go = async () => {
            await leave(page);
            await page.locator("input#email").fill(email);
            await page.locator("button#passkey").click();
          };
          await add(page, "My key");
          const { credentials } = await cdp.send("WebAuthn.getCredentials", { authenticatorId: ids[0] });
          await go();
          await arrive(page);
          await go();
          await arrive(page);
          await cdp.send("WebAuthn.removeVirtualAuthenticator", { authenticatorId: ids[0] });
          const clone = await plugIn(cdp, KEY);
          await cdp.send("WebAuthn.addCredential", { authenticatorId: clone, credential: credentials[0] });
          await go();
          await page.locator("#passkey-notice").waitFor();
          assert.match(await page.locator("#passkey-notice").innerText(), /copy/);
          assert.equal(new URL(page.url()).pathname, "/auth/login");
          await signIn(page, email);
          await page.goto(`${assay.issuer}/account/passkeys`);
          assert.match(await page.locator(".rows .notice").innerText(), /copy/);
          await screenshot(page, `passkeys suspected ${database}`);
          await page.locator('form[action$="/remove"] button').click();
          await page.getByText("You have no passkey yet").waitFor();
        });
      });
    });
  }
}
