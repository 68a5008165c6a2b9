// The smallest relying party: sends the browser to assay, redeems the code, shows who came back.
import { createServer } from "node:http";
import * as oidc from "openid-client";

const issuer = new URL(process.env.ISSUER ?? "http://localhost:3000");
const origin = new URL(process.env.APP_ORIGIN ?? "http://127.0.0.1:8090");
const clientId = "example-app";

const provider = await oidc.discovery(issuer, clientId, undefined, oidc.None(), {
  execute: [oidc.allowInsecureRequests], // assay runs on this machine, without TLS
});

/** What each browser was sent away with: state -> { verifier, nonce }. */
const pending = new Map();

async function signIn(response) {
  const [verifier, state, nonce] = [oidc.randomPKCECodeVerifier(), oidc.randomState(), oidc.randomNonce()];
  pending.set(state, { verifier, nonce });
  if (pending.size > 100) pending.delete(pending.keys().next().value);
  const target = oidc.buildAuthorizationUrl(provider, {
    redirect_uri: new URL("/callback", origin).href,
    scope: "openid profile email",
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state,
    nonce,
  });
  response.writeHead(303, { location: target.href }).end();
}

async function comeBack(url, response) {
  const expected = pending.get(url.searchParams.get("state"));
  pending.delete(url.searchParams.get("state"));
  if (!expected) throw new Error("This sign-in did not begin here, or it began too long ago.");
  const tokens = await oidc.authorizationCodeGrant(provider, url, {
    pkceCodeVerifier: expected.verifier,
    expectedState: url.searchParams.get("state"),
    expectedNonce: expected.nonce,
  });
  const claims = tokens.claims();
  const person = await oidc.fetchUserInfo(provider, tokens.access_token, claims.sub);
  page(response, 200, "Signed in", `<p>Hello, <strong>${escape(person.email ?? claims.sub)}</strong>.</p>
    <p>The ID token says:</p><pre>${escape(JSON.stringify(claims, null, 2))}</pre>
    <p>and userinfo:</p><pre>${escape(JSON.stringify(person, null, 2))}</pre>
    <p><a href="/">Start again</a></p>`);
}

const escape = (text) => String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

function page(response, status, title, body) {
  response.writeHead(status, { "content-type": "text/html; charset=utf-8" });
  response.end(`<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">
    <title>${title} · Example App</title>
    <style>body{font:1rem/1.5 system-ui;max-width:40rem;margin:3rem auto;padding:0 1rem}pre{overflow:auto;background:#8882;padding:1rem}</style>
    <h1>${title}</h1>${body}</html>`);
}

createServer(async (request, response) => {
  const url = new URL(request.url, origin);
  try {
    if (url.pathname === "/") {
      page(response, 200, "Example App", '<p>You are not signed in.</p><p><a href="/sign-in">Sign in with assay</a></p>');
    } else if (url.pathname === "/sign-in") {
      await signIn(response);
    } else if (url.pathname === "/callback") {
      await comeBack(url, response);
    } else {
      page(response, 404, "Not found", "");
    }
  } catch (error) {
    page(response, 400, "That did not work", `<p>${escape(error.message)}</p><p><a href="/">Start again</a></p>`);
  }
}).listen(Number(origin.port), origin.hostname, () => console.log(`example app on ${origin.href}`));
