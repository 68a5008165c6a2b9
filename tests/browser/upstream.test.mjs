// assay signs people in with a provider that others wrote and that is certified: `oidc-provider`.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, describe, test } from "node:test";
import { Provider } from "oidc-provider";
import { DATABASES, startAssay } from "./assay.mjs";
import { launch, newPage, screenshot } from "./chromium.mjs";

const SECRET = "upstream-secret-0123456789-0123456789-0123456789";

/**
 * A provider at 127.0.0.1, which is another site than assay's `localhost`: what a browser leaves out of a
 * request from one to the other, it leaves out here. Its own pages let anybody in by any name.
 */
async function startProvider() {
  let handle;
  const server = createServer((request, response) => handle(request, response)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const issuer = `http://127.0.0.1:${server.address().port}`;
  return {
    issuer,
    /** Knows assay from now on, once its address is known. */
    knowing(assay) {
      const origin = new URL(assay.issuer).origin;
      const client = (name, more) => ({
        client_id: name,
        client_secret: SECRET,
        redirect_uris: [`${origin}/auth/upstream/${name}/callback`],
        backchannel_logout_uri: `${origin}/auth/upstream/${name}/backchannel-logout`,
        backchannel_logout_session_required: true,
        ...more,
      });
      const provider = new Provider(issuer, {
        clients: [client("query"), client("form", { token_endpoint_auth_method: "client_secret_post" })],
        claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
        features: { backchannelLogout: { enabled: true } },
        findAccount: (_, id) => ({
          accountId: id,
          claims: async () => ({ sub: id, email: `${id}@example.com`, email_verified: true, name: `${id} there` }),
        }),
        cookies: { keys: ["only for the tests"] },
        // Its own refuses addresses of this machine, as ours does.
        fetch: (url, { method, headers, body }) => fetch(url, { method, headers, body }),
      });
      handle = provider.callback();
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

const manifests = (issuer) => [
  {
    kind: "Module",
    metadata: { name: "oidc_client" },
    spec: { settings: { allowedPrivateNetworks: ["127.0.0.0/8"] } },
  },
  ...["query", "form"].map((name) => ({
    kind: "UpstreamProvider",
    metadata: { name },
    spec: {
      displayName: `The ${name} way`,
      issuer,
      clientId: name,
      clientSecret: { fromEnv: "UPSTREAM_SECRET" },
      ...(name === "form" && { responseMode: "form_post", tokenEndpointAuthMethod: "client_secret_post" }),
    },
  })),
];

for (const [database, makeDatabase] of Object.entries(DATABASES)) {
  describe(`an upstream provider on ${database}`, () => {
    let provider, assay, browser;

    before(async () => {
      provider = await startProvider();
      assay = await startAssay(makeDatabase, manifests(provider.issuer), { UPSTREAM_SECRET: SECRET });
      provider.knowing(assay);
      browser = await launch();
    });

    after(async () => {
      await browser?.close();
      await assay?.stop();
      await provider?.stop();
    });

    /** Signs in by the button of this upstream, as this person there. */
    async function signIn(page, name, person) {
      await page.goto(`${assay.issuer}/login`);
      await page.getByRole("link", { name: `The ${name} way` }).click();
      await page.locator('input[name="login"]').fill(person);
      await page.locator('input[name="password"]').fill("anything");
      await page.locator('button[type="submit"]').click();
      // The provider asks whether assay may know who they are.
      await page.locator('form:has(input[value="consent"]) button[type="submit"]').click();
      await page.waitForURL(`${assay.issuer}/account`);
    }

    for (const name of ["query", "form"]) {
      test(`a person signs in, the answer coming by ${name}, and the provider signs them out`, async () => {
        const page = await newPage(browser);
        try {
          const person = `ada-${name}`;
          await page.goto(`${assay.issuer}/login`);
          await screenshot(page, `login with upstreams ${database}`);
          await signIn(page, name, person);
          assert.match(await page.locator("body").innerText(), new RegExp(`${person}@example.com`));
          await page.goto(`${assay.issuer}/account/linked`);
          await screenshot(page, `linked accounts ${database}`);
          assert.match(await page.locator("body").innerText(), new RegExp(`The ${name} way`));

          await page.goto(`${provider.issuer}/session/end`);
          await page.locator('button[value="yes"]').click();
          await page.waitForURL(`${provider.issuer}/session/end/success`);
          await page.goto(`${assay.issuer}/account`);
          await page.locator('input[name="password"]').waitFor();
          assert.ok(page.url().startsWith(`${assay.issuer}/login`), page.url());
        } finally {
          await page.context().close();
        }
      });
    }
  });
}
