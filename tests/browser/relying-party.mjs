// A small web application on loopback that signs people in with openid-client, a certified library.

import { once } from "node:events";
import { createServer } from "node:http";
import * as oidc from "openid-client";

const SCOPE = "openid profile email offline_access";

/**
 * Listens on a port of its own. `/` sends the browser to the provider, `/callback` takes it back.
 * The provider is given later, by `connect`, because it has to know this application's address first.
 */
export async function startRelyingParty() {
  // One person at a time is enough for a test.
  let configuration;
  let pending;
  let answered = withResolvers();

  const server = createServer(async (request, response) => {
    const url = new URL(request.url, origin);
    try {
      if (url.pathname === "/") {
        pending = await begin(configuration, `${origin}/callback`);
        response.writeHead(302, { location: pending.url.href }).end();
      } else if (url.pathname === "/callback") {
        const tokens = await oidc.authorizationCodeGrant(configuration, url, checksOf(pending));
        show(response, "Signed in");
        answered.resolve({ url, tokens });
      } else {
        response.writeHead(404).end();
      }
    } catch (error) {
      show(response, "Not signed in");
      answered.resolve({ url, error });
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = `http://127.0.0.1:${server.address().port}`;

  return {
    origin,
    /** Reads the provider's discovery document as the public client of the quickstart. */
    async connect(issuer) {
      configuration = await oidc.discovery(new URL(issuer), "example-app", undefined, oidc.None(), {
        // Loopback has no TLS, and therefore the signature of the ID token has to be checked.
        execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks],
      });
    },
    /** What the next callback brings: `{ url, tokens }`, or `{ url, error }`. */
    async answer() {
      const answer = await answered.promise;
      answered = withResolvers();
      return answer;
    },
    userInfo: (tokens) => oidc.fetchUserInfo(configuration, tokens.access_token, tokens.claims().sub),
    refresh: (tokens) => oidc.refreshTokenGrant(configuration, tokens.refresh_token),
    redeemAgain: (url) => oidc.authorizationCodeGrant(configuration, url, checksOf(pending)),
    metadata: () => configuration.serverMetadata(),
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function begin(configuration, redirectUri) {
  const pkceCodeVerifier = oidc.randomPKCECodeVerifier();
  const expectedState = oidc.randomState();
  const expectedNonce = oidc.randomNonce();
  const url = oidc.buildAuthorizationUrl(configuration, {
    redirect_uri: redirectUri,
    scope: SCOPE,
    state: expectedState,
    nonce: expectedNonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
  });
  return { url, pkceCodeVerifier, expectedState, expectedNonce };
}

function checksOf({ pkceCodeVerifier, expectedState, expectedNonce }) {
  return { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true };
}

function show(response, text) {
  response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
  response.end(`<!doctype html><title>Example App</title><h1>${text}</h1>`);
}

// Promise.withResolvers came with Node.js 22.
function withResolvers() {
  const resolvers = {};
  resolvers.promise = new Promise((resolve, reject) => Object.assign(resolvers, { resolve, reject }));
  return resolvers;
}
