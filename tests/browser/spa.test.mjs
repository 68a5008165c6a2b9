// A single-page application of another origin, written with oidc-client-ts, keeps people signed in.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { DATABASES, startAssay } from "./assay.mjs";
import { launch, newPage } from "./chromium.mjs";
import { PASSWORD, signIn } from "./person.mjs";
import { startSinglePageApplication } from "./spa.mjs";

const EMAIL = "ada@example.com";

const client = (origin, name, more) => ({
  kind: "OidcClient",
  metadata: { name },
  spec: {
    clientType: "public",
    redirectUris: [`${origin}/callback`, `${origin}/silent`],
    postLogoutRedirectUris: [`${origin}/`],
    allowedOrigins: [origin],
    grantTypes: ["authorization_code", "refresh_token"],
    scopes: ["openid", "profile", "email"],
    consent: "implicit",
    ...more,
  },
});

for (const [database, makeDatabase] of Object.entries(DATABASES)) {
  describe(`oidc-client-ts on ${database}`, () => {
    let app, assay, browser;

    before(async () => {
      app = await startSinglePageApplication();
      assay = await startAssay(makeDatabase, [
        client(app.origin, "spa"),
        client(app.origin, "hasty", { accessTokenTtl: "64s" }),
      ]);
      app.connect(assay.issuer);
      await assay.createUser(EMAIL, PASSWORD);
      browser = await launch();
    });

    after(async () => {
      await browser?.close();
      await assay?.stop();
      await app?.stop();
    });

    /** Runs the story with the page of the application, where Ada has signed in. */
    async function signedIn(clientId, story) {
      const page = await newPage(browser);
      try {
        await page.goto(`${app.origin}/?client_id=${clientId}`);
        await page.evaluate(() => void manager.signinRedirect());
        await signIn(page, EMAIL);
        await page.getByRole("heading", { name: `Hello, ${EMAIL}` }).waitFor();
        await story(page);
      } finally {
        await page.context().close();
      }
    }

    const user = (page) =>
      page.evaluate(async () => {
        const { profile, access_token, refresh_token, id_token, expired } = (await manager.getUser()) ?? {};
        return { profile, access_token, refresh_token, id_token, expired };
      });

    test("a person signs in, and the application reads who it is across origins", async () => {
      await signedIn("spa", async (page) => {
        const { profile, refresh_token } = await user(page);
        assert.equal(profile.iss, assay.issuer);
        // Only userinfo says this.
        assert.equal(profile.email, EMAIL);
        assert.ok(refresh_token);
        assert.deepEqual(page.complaints, []);
      });
    });

    test("a silent renewal replaces the refresh token, and the old one used later ends them all", async () => {
      await signedIn("spa", async (page) => {
        const first = await user(page);
        await page.evaluate(() => manager.signinSilent());
        const second = await user(page);
        await page.evaluate(() => manager.signinSilent());
        const third = await user(page);
        const tokens = [first, second, third].map(({ refresh_token }) => refresh_token);
        assert.equal(new Set(tokens).size, 3);
        assert.equal(third.profile.sub, first.profile.sub);
        assert.deepEqual(page.complaints, []);

        const refused = await page.evaluate(async (token) => {
          await manager.storeUser(Object.assign(await manager.getUser(), { refresh_token: token }));
          return manager.signinSilent().then(String, (error) => error.error);
        }, first.refresh_token);
        assert.equal(refused, "invalid_grant");
        assert.equal(await app.userinfoStatus(third.access_token), 401);
      });
    });

    test("tokens are renewed by themselves before they expire", async () => {
      await signedIn("hasty", async (page) => {
        const first = await user(page);
        await page.evaluate(
          () =>
            new Promise((resolve, reject) => {
              manager.events.addUserLoaded(() => resolve());
              setTimeout(() => reject(new Error("nothing was renewed")), 60_000);
            }),
        );
        const second = await user(page);
        assert.notEqual(second.access_token, first.access_token);
        assert.notEqual(second.refresh_token, first.refresh_token);
        assert.equal(await app.userinfoStatus(second.access_token), 200);
        assert.deepEqual(page.complaints, []);
      });
    });

    test("a hidden frame renews without a refresh token, and is told when nobody is signed in", async () => {
      await signedIn("spa", async (page) => {
        const first = await user(page);
        await page.evaluate(() => manager.signinSilent({ forceIframeAuth: true }));
        const second = await user(page);
        assert.notEqual(second.id_token, first.id_token);
        assert.equal(second.profile.sub, first.profile.sub);
        assert.deepEqual(page.complaints, []);

        await page.context().clearCookies();
        const refused = await page.evaluate(() =>
          manager.signinSilent({ forceIframeAuth: true }).then(String, (error) => error.error),
        );
        assert.equal(refused, "login_required");
      });
    });

    test("signing out at the application ends the session and the tokens", async () => {
      await signedIn("spa", async (page) => {
        const { access_token } = await user(page);
        await page.evaluate(() => void manager.signoutRedirect());
        await page.getByRole("heading", { name: "Nobody is signed in" }).waitFor();
        assert.ok(page.url().startsWith(`${app.origin}/`), page.url());
        assert.equal(await app.userinfoStatus(access_token), 401);
        await page.evaluate(() => void manager.signinRedirect());
        await page.locator('input[name="password"]').waitFor();
        assert.deepEqual(page.complaints, []);
      });
    });

    test("the application gives its tokens back", async () => {
      await signedIn("spa", async (page) => {
        const { access_token } = await user(page);
        await page.evaluate(() => manager.revokeTokens(["refresh_token"]));
        assert.equal(await app.userinfoStatus(access_token), 401);
        assert.deepEqual(page.complaints, []);
      });
    });

    test("an origin that no manifest names reads nothing", async () => {
      const other = await startSinglePageApplication();
      const page = await newPage(browser);
      const ask = () =>
        page.evaluate((url) => fetch(url, { method: "POST" }).then(({ status }) => status, String), `${assay.issuer}/token`);
      try {
        await page.goto(app.origin);
        assert.ok((await ask()) >= 400);
        await page.goto(other.origin);
        assert.match(await ask(), /Failed to fetch/);
      } finally {
        await page.context().close();
        await other.stop();
      }
    });
  });
}
