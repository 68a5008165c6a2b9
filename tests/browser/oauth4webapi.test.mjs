// What a bank asks of its provider, with oauth4webapi: pushed requests, keys instead of secrets, tokens
// bound to a key with the server's nonce, signed answers; and a device without a browser.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, describe, test } from "node:test";
import * as oauth from "oauth4webapi";
import { DATABASES, startAssay } from "./assay.mjs";
import { launch, newPage } from "./chromium.mjs";
import { ALLOW, PASSWORD, signIn } from "./person.mjs";

const EMAIL = "ada@example.com";
const DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code";
const REDIRECT_URI = "https://bank.example.com/callback";
const options = { [oauth.allowInsecureRequests]: true };

/** A key pair, and the public half as a member of a JWK set. */
async function newKey(kid, alg) {
  const { privateKey, publicKey } = await oauth.generateKeyPair(alg);
  const jwk = await crypto.subtle.exportKey("jwk", publicKey);
  return { kid, key: privateKey, jwk: { ...jwk, kid, alg, use: "sig" } };
}

const manifests = (key) => [
  {
    kind: "Module",
    metadata: { name: "oidc_provider" },
    spec: { settings: { requireDpopNonce: true } },
  },
  {
    kind: "OidcClient",
    metadata: { name: "bank" },
    spec: {
      tokenEndpointAuthMethod: "private_key_jwt",
      tokenEndpointAuthSigningAlg: "ES256",
      jwks: { keys: [key.jwk] },
      redirectUris: [REDIRECT_URI],
      grantTypes: ["authorization_code", "refresh_token"],
      scopes: ["openid", "email"],
      consent: "implicit",
      requirePushedAuthorizationRequests: true,
      dpopBoundAccessTokens: true,
    },
  },
  {
    kind: "OidcClient",
    metadata: { name: "tv" },
    spec: { clientType: "public", grantTypes: [DEVICE_CODE, "refresh_token"], scopes: ["openid", "email"] },
  },
];

for (const [database, makeDatabase] of Object.entries(DATABASES)) {
  describe(`oauth4webapi on ${database}`, () => {
    const bank = { client_id: "bank" };
    const tv = { client_id: "tv" };
    let assay, authentication, browser, key, provider;

    before(async () => {
      key = await newKey("bank-1", "ES256");
      assay = await startAssay(makeDatabase, manifests(key));
      await assay.createUser(EMAIL, PASSWORD);
      authentication = oauth.PrivateKeyJwt({ key: key.key, kid: key.kid });
      const issuer = new URL(assay.issuer);
      provider = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, options));
      browser = await launch();
    });

    after(async () => {
      await browser?.close();
      await assay?.stop();
    });

    /** Sends a request that needs a proof, and once more when the server wants its own nonce in it. */
    async function proven(send, read) {
      try {
        return await read(await send());
      } catch (error) {
        if (!oauth.isDPoPNonceError(error)) throw error;
        return await read(await send());
      }
    }

    /** Pushes a request, and gives what the client keeps of it. */
    async function push(dpop, parameters = {}) {
      const verifier = oauth.generateRandomCodeVerifier();
      const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
      const request = {
        response_type: "code",
        redirect_uri: REDIRECT_URI,
        scope: "openid email",
        state,
        nonce,
        code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
        ...parameters,
      };
      const { request_uri, expires_in } = await proven(
        () =>
          oauth.pushedAuthorizationRequest(provider, bank, authentication, request, { DPoP: dpop, ...options }),
        (response) => oauth.processPushedAuthorizationResponse(provider, bank, response),
      );
      assert.ok(expires_in > 0);
      return { verifier, state, nonce, request_uri };
    }

    /** Sends Ada to the authorization endpoint with the reference alone. Gives where she is sent back to. */
    async function authorize({ request_uri }) {
      const page = await newPage(browser);
      try {
        const back = page.waitForRequest((request) => request.url().startsWith(REDIRECT_URI));
        await page.route(`${REDIRECT_URI}*`, (route) => route.fulfill({ body: "back" }));
        const url = new URL(provider.authorization_endpoint);
        url.search = new URLSearchParams({ client_id: "bank", request_uri });
        await page.goto(url.href);
        await signIn(page, EMAIL);
        return new URL((await back).url());
      } finally {
        await page.context().close();
      }
    }

    /** Exchanges the code of a checked answer. */
    function redeem(answer, { verifier, nonce }, dpop) {
      return proven(
        () =>
          oauth.authorizationCodeGrantRequest(provider, bank, authentication, answer, REDIRECT_URI, verifier, {
            DPoP: dpop,
            ...options,
          }),
        async (response) => {
          const expected = { expectedNonce: nonce, requireIdToken: true };
          const tokens = await oauth.processAuthorizationCodeResponse(provider, bank, response, expected);
          await oauth.validateApplicationLevelSignature(provider, response, options);
          return tokens;
        },
      );
    }

    async function signedIn(dpop) {
      const pushed = await push(dpop);
      const answer = oauth.validateAuthResponse(provider, bank, await authorize(pushed), pushed.state);
      return redeem(answer, pushed, dpop);
    }

    const userInfo = (tokens, dpop) =>
      proven(
        () => oauth.userInfoRequest(provider, bank, tokens.access_token, { DPoP: dpop, ...options }),
        (response) => oauth.processUserInfoResponse(provider, bank, oauth.skipSubjectCheck, response),
      );

    const refresh = (token, dpop) =>
      proven(
        () =>
          oauth.refreshTokenGrantRequest(provider, bank, authentication, token, { DPoP: dpop, ...options }),
        (response) => oauth.processRefreshTokenResponse(provider, bank, response),
      );

    async function introspect(token) {
      const response = await oauth.introspectionRequest(provider, bank, authentication, token, options);
      return oauth.processIntrospectionResponse(provider, bank, response);
    }

    const newProofs = async () => oauth.DPoP(bank, await oauth.generateKeyPair("ES256"));

    test("a pushed request, a key instead of a secret, and tokens that are bound to another key", async () => {
      const dpop = await newProofs();
      const tokens = await signedIn(dpop);
      assert.equal(tokens.token_type, "dpop");
      assert.equal((await userInfo(tokens, dpop)).email, EMAIL);

      const said = await introspect(tokens.access_token);
      assert.equal(said.active, true);
      assert.equal(said.token_type, "DPoP");
      assert.equal(said.cnf.jkt, await dpop.calculateThumbprint());

      const thief = await newProofs();
      const isRefused = ({ status, cause }) => status === 401 && cause[0].parameters.error === "invalid_token";
      await assert.rejects(userInfo(tokens, thief), isRefused);
    });

    test("a refresh replaces the token, and a token given back is dead with all of its family", async () => {
      const dpop = await newProofs();
      const first = await signedIn(dpop);
      const second = await refresh(first.refresh_token, dpop);
      assert.notEqual(second.refresh_token, first.refresh_token);
      assert.equal((await introspect(first.refresh_token)).active, false);
      assert.equal((await introspect(second.refresh_token)).active, true);
      assert.equal((await userInfo(second, dpop)).email, EMAIL);

      const gone = await oauth.revocationRequest(provider, bank, authentication, second.refresh_token, options);
      await oauth.processRevocationResponse(gone);
      for (const token of [first.access_token, second.access_token, second.refresh_token]) {
        assert.deepEqual(await introspect(token), { active: false });
      }
      await assert.rejects(refresh(second.refresh_token, dpop), { error: "invalid_grant" });
      await assert.rejects(userInfo(second, dpop), ({ status }) => status === 401);
    });

    test("the answer comes signed (JARM), and is the client's alone", async () => {
      const dpop = await newProofs();
      const pushed = await push(dpop, { response_mode: "jwt" });
      const url = await authorize(pushed);
      assert.deepEqual([...url.searchParams.keys()], ["response"]);
      const answer = await oauth.validateJwtAuthResponse(provider, bank, url, pushed.state, options);
      const tokens = await redeem(answer, pushed, dpop);
      assert.equal((await userInfo(tokens, dpop)).email, EMAIL);
      const other = { client_id: "tv" };
      await assert.rejects(oauth.validateJwtAuthResponse(provider, other, url, pushed.state, options));
    });

    test("an assertion by another key, and a request that was not pushed, are refused", async () => {
      const stranger = await newKey("bank-1", "ES256");
      const forged = oauth.PrivateKeyJwt({ key: stranger.key, kid: stranger.kid });
      const response = await oauth.pushedAuthorizationRequest(provider, bank, forged, {}, options);
      assert.equal(response.status, 401);
      assert.equal((await response.json()).error, "invalid_client");

      const direct = new URL(provider.authorization_endpoint);
      direct.search = new URLSearchParams({
        client_id: "bank",
        response_type: "code",
        redirect_uri: REDIRECT_URI,
        scope: "openid",
        code_challenge: await oauth.calculatePKCECodeChallenge(oauth.generateRandomCodeVerifier()),
        code_challenge_method: "S256",
      });
      const { status, headers } = await fetch(direct, { redirect: "manual" });
      const answer = new URL(headers.get("location") ?? "about:blank").searchParams;
      assert.equal(answer.get("error"), "invalid_request", `${status}`);
    });

    test("a device shows a code, a person types it in a browser, and the device is told", async () => {
      const asked = await oauth.deviceAuthorizationRequest(provider, tv, oauth.None(), { scope: "openid email" }, options);
      const device = await oauth.processDeviceAuthorizationResponse(provider, tv, asked);
      const poll = async () => {
        const response = await oauth.deviceCodeGrantRequest(provider, tv, oauth.None(), device.device_code, options);
        return oauth.processDeviceCodeResponse(provider, tv, response);
      };
      await assert.rejects(poll(), { error: "authorization_pending" });

      const page = await newPage(browser);
      try {
        await page.goto(device.verification_uri);
        await page.locator('input[name="user_code"]').fill(device.user_code.toLowerCase());
        await page.keyboard.press("Enter");
        await signIn(page, EMAIL);
        await page.getByText(device.user_code).waitFor();
        await page.locator(ALLOW).click();
        await page.locator(ALLOW).waitFor({ state: "detached" });
        assert.deepEqual(page.complaints, []);
      } finally {
        await page.context().close();
      }
      // RFC 8628 section 3.5: not before the interval is over.
      await new Promise((resolve) => setTimeout(resolve, (device.interval ?? 5) * 1000));
      const tokens = await poll();
      assert.equal(oauth.getValidatedIdTokenClaims(tokens).aud, "tv");
      const info = await oauth.userInfoRequest(provider, tv, tokens.access_token, options);
      const { sub } = oauth.getValidatedIdTokenClaims(tokens);
      assert.equal((await oauth.processUserInfoResponse(provider, tv, sub, info)).email, EMAIL);
      await assert.rejects(poll(), { error: "invalid_grant" });
    });
  });
}
