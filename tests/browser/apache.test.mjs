// Apache's mod_auth_openidc signs people in for a page that knows nothing of OpenID Connect.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { startApache } from "./apache.mjs";
import { DATABASES, freePort, startAssay } from "./assay.mjs";
import { launch, newPage } from "./chromium.mjs";
import { PASSWORD, signIn } from "./person.mjs";

const EMAIL = "ada@example.com";
const TOLD_LIMIT_MS = 60_000;

const manifests = (origin) => [
  {
    kind: "OidcClient",
    metadata: { name: "wiki" },
    spec: {
      clientSecret: { fromEnv: "WIKI_SECRET" },
      redirectUris: [`${origin}/oidc`],
      postLogoutRedirectUris: [`${origin}/signed-out.html`],
      backchannelLogoutUri: `${origin}/oidc?logout=backchannel`,
      backchannelLogoutSessionRequired: true,
      grantTypes: ["authorization_code", "refresh_token"],
      scopes: ["openid", "email", "offline_access"],
      consent: "implicit",
    },
  },
  {
    // The notice goes to Apache on this machine, which the server asks only when it is told to.
    kind: "Module",
    metadata: { name: "oidc_provider" },
    spec: { settings: { allowedPrivateNetworks: ["127.0.0.1/32"] } },
  },
];

const skip = process.env.ASSAY_APACHE ? false : "no Apache with mod_auth_openidc: set ASSAY_APACHE; scripts/test installs it";

for (const [database, makeDatabase] of Object.entries(DATABASES)) {
  describe(`mod_auth_openidc on ${database}`, { skip }, () => {
    let apache, assay, browser, origin;

    before(async () => {
      const port = await freePort();
      origin = `http://127.0.0.1:${port}`;
      const secret = randomBytes(32).toString("hex");
      assay = await startAssay(makeDatabase, manifests(origin), { WIKI_SECRET: secret });
      await assay.createUser(EMAIL, PASSWORD);
      apache = await startApache({ port, issuer: assay.issuer, secret });
      browser = await launch();
    });

    after(async () => {
      await browser?.close();
      await apache?.stop();
      await assay?.stop();
    });

    /** Runs the story with the page of Ada, who has signed in at the wiki. */
    async function signedIn(story) {
      const page = await newPage(browser);
      try {
        await page.goto(origin);
        await signIn(page, EMAIL);
        await page.getByRole("heading", { name: "Wiki" }).waitFor();
        await story(page);
        assert.deepEqual(page.complaints, []);
      } catch (error) {
        error.message += `\n--- Apache's log\n${await apache.log()}`;
        throw error;
      } finally {
        await page.context().close();
      }
    }

    /** What the wiki keeps of the session. */
    async function kept(page) {
      const response = await page.context().request.get(`${origin}/oidc?info=json`);
      return response.status() === 200 ? response.json() : undefined;
    }

    /** Where the wiki sends a person who opens it, without following. */
    async function opened(page) {
      const response = await page.context().request.get(`${origin}/`, { maxRedirects: 0 });
      const { location } = response.headers();
      return location?.startsWith(`${assay.issuer}/authorize?`) ? "signs in" : response.status();
    }

    const userinfoStatus = async (token) =>
      (await fetch(`${assay.issuer}/userinfo`, { headers: { authorization: `Bearer ${token}` } })).status;

    test("a person signs in, and the page is told who it is", async () => {
      await signedIn(async (page) => {
        const response = await page.goto(origin);
        assert.equal(response.headers()["remote-user"], EMAIL);
        const { id_token, userinfo } = await kept(page);
        assert.equal(id_token.iss, assay.issuer);
        assert.equal(id_token.aud, "wiki");
        assert.equal(userinfo.sub, id_token.sub);
      });
    });

    test("a refresh replaces the tokens", async () => {
      await signedIn(async (page) => {
        const first = await kept(page);
        const query = new URLSearchParams({ refresh: `${origin}/`, access_token: first.access_token });
        await page.goto(`${origin}/oidc?${query}`);
        assert.equal(page.url(), `${origin}/`);
        const second = await kept(page);
        assert.notEqual(second.access_token, first.access_token);
        assert.notEqual(second.refresh_token, first.refresh_token);
        assert.equal(await userinfoStatus(second.access_token), 200);
      });
    });

    test("signing out at the wiki signs out at the provider", async () => {
      await signedIn(async (page) => {
        const { access_token } = await kept(page);
        await page.goto(`${origin}/oidc?${new URLSearchParams({ logout: `${origin}/signed-out.html` })}`);
        await page.getByRole("heading", { name: "Signed out" }).waitFor();
        assert.equal(await userinfoStatus(access_token), 401);
        assert.equal(await opened(page), "signs in");
        await page.goto(origin);
        await page.locator('input[name="password"]').waitFor();
      });
    });

    test("signing out at the provider signs out at the wiki, and in that browser alone", async () => {
      await signedIn(async (page) => {
        await signedIn(async (other) => {
          await page.goto(`${assay.issuer}/account`);
          await page.locator('form[action$="/sign-out"] button').click();
          await page.getByRole("heading", { name: /signed out/i }).waitFor();
          const deadline = Date.now() + TOLD_LIMIT_MS;
          while ((await opened(page)) !== "signs in") {
            assert.ok(Date.now() < deadline, "the wiki was not told");
            await new Promise((resolve) => setTimeout(resolve, 100));
          }
          assert.equal(await kept(page), undefined);
          assert.equal(await opened(other), 200);
        });
      });
    });
  });
}
