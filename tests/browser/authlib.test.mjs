// A confidential web application in Python, written with Authlib, signs people in; a service acts for itself.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { DATABASES, freePort, startAssay } from "./assay.mjs";
import { launch, newPage } from "./chromium.mjs";
import { ALLOW, PASSWORD, signIn } from "./person.mjs";
import { startProgram } from "./program.mjs";

const EMAIL = "ada@example.com";
const PYTHON = process.env.ASSAY_PYTHON;
const APP = new URL("authlib/app.py", import.meta.url).pathname;

const manifests = (origin) => [
  {
    kind: "OidcClient",
    metadata: { name: "webapp" },
    spec: {
      clientSecret: { fromEnv: "WEBAPP_SECRET" },
      redirectUris: [`${origin}/callback`],
      postLogoutRedirectUris: [`${origin}/logged-out`],
      grantTypes: ["authorization_code", "refresh_token"],
      scopes: ["openid", "email", "offline_access"],
    },
  },
  {
    kind: "OidcClient",
    metadata: { name: "service" },
    spec: {
      clientSecret: { fromEnv: "SERVICE_SECRET" },
      tokenEndpointAuthMethod: "client_secret_post",
      grantTypes: ["client_credentials"],
      scopes: ["reports.read", "reports.write"],
    },
  },
];

const skip = PYTHON ? false : "no Python with Authlib: set ASSAY_PYTHON; scripts/test installs one";

for (const [database, makeDatabase] of Object.entries(DATABASES)) {
  describe(`Authlib on ${database}`, { skip }, () => {
    let app, assay, browser, origin;

    before(async () => {
      const port = await freePort();
      origin = `http://127.0.0.1:${port}`;
      const secrets = {
        WEBAPP_SECRET: randomBytes(32).toString("base64"),
        SERVICE_SECRET: randomBytes(32).toString("base64"),
      };
      assay = await startAssay(makeDatabase, manifests(origin), secrets);
      await assay.createUser(EMAIL, PASSWORD);
      const env = { PATH: process.env.PATH, ISSUER: assay.issuer, PORT: `${port}`, ...secrets };
      app = await startProgram(PYTHON, [APP], origin, { env });
      browser = await launch();
    });

    after(async () => {
      await browser?.close();
      await app?.stop();
      await assay?.stop();
    });

    async function json(path) {
      const response = await fetch(origin + path);
      return { status: response.status, ...(await response.json()) };
    }

    test("a person signs in, stays signed in by refreshing, and signs out", async () => {
      const page = await newPage(browser);
      try {
        await page.goto(`${origin}/login`);
        await signIn(page, EMAIL);
        await page.locator(ALLOW).click();
        await page.getByRole("heading", { name: `Hello, ${EMAIL}` }).waitFor();

        assert.deepEqual(await json("/refresh"), { status: 200, access_token: true, refresh_token: true });
        assert.deepEqual(await json("/refresh"), { status: 200, access_token: true, refresh_token: true });
        assert.equal((await json("/me")).email, EMAIL);

        await page.goto(`${origin}/logout`);
        await page.getByRole("heading", { name: "Nobody is signed in" }).waitFor();
        assert.ok(page.url().startsWith(origin), page.url());
        // Signed out at the provider too, which remembers only what was allowed.
        await page.goto(`${origin}/login`);
        await signIn(page, EMAIL);
        await page.getByRole("heading", { name: `Hello, ${EMAIL}` }).waitFor();
        assert.deepEqual(page.complaints, []);
      } finally {
        await page.context().close();
      }
    });

    test("a person whose account is disabled keeps nothing", async () => {
      const page = await newPage(browser);
      try {
        const email = "grace@example.com";
        await assay.createUser(email, PASSWORD);
        await page.goto(`${origin}/login`);
        await signIn(page, email);
        await page.locator(ALLOW).click();
        await page.getByRole("heading", { name: `Hello, ${email}` }).waitFor();
        const { sub } = await json("/me");

        await assay.admin("PATCH", `/auth/admin/auth/users/${sub}`, { state: "disabled" });
        assert.deepEqual(await json("/refresh"), { status: 400, error: "invalid_grant" });
        assert.deepEqual(await json("/me"), { status: 400, error: 401 });
      } finally {
        await page.context().close();
      }
    });

    test("a service gets a token of its own, for what it asks and no more", async () => {
      const { status, scope, said, has_refresh_token } = await json("/service");
      assert.deepEqual({ status, scope, has_refresh_token }, { status: 200, scope: "reports.read", has_refresh_token: false });
      assert.equal(said.active, true);
      assert.equal(said.client_id, "service");
      assert.equal(said.scope, "reports.read");
    });
  });
}
