// A single-page application: files from an origin of its own, and all the rest in the browser.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";

const LIBRARY = new URL("node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js", import.meta.url);

/** The one page, for every path: what it does depends on where the provider has sent the browser. */
const page = (issuer) => `<!doctype html>
<title>Single-page application</title>
<link rel="icon" href="data:,">
<h1>…</h1>
<script src="/oidc-client-ts.js"></script>
<script>
  const asked = new URLSearchParams(location.search).get("client_id");
  if (asked) sessionStorage.setItem("client", asked);
  const manager = new oidc.UserManager({
    authority: ${JSON.stringify(issuer)},
    client_id: sessionStorage.getItem("client") ?? "spa",
    redirect_uri: location.origin + "/callback",
    silent_redirect_uri: location.origin + "/silent",
    post_logout_redirect_uri: location.origin + "/",
    scope: "openid profile email",
    loadUserInfo: true,
    automaticSilentRenew: location.pathname !== "/silent",
  });
  async function start() {
    if (location.pathname === "/silent") return manager.signinSilentCallback();
    if (location.pathname === "/callback") {
      await manager.signinRedirectCallback();
      history.replaceState(null, "", "/");
    }
    const user = await manager.getUser();
    document.querySelector("h1").textContent = user ? "Hello, " + user.profile.email : "Nobody is signed in";
  }
  start().catch((error) => (document.querySelector("h1").textContent = String(error)));
</script>`;

/** The provider is given later, by `connect`, because it has to know this application's address first. */
export async function startSinglePageApplication() {
  const library = await readFile(LIBRARY);
  let issuer;
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    const [type, body] =
      pathname === "/oidc-client-ts.js" ? ["text/javascript", library] : ["text/html; charset=utf-8", page(issuer)];
    response.writeHead(200, { "content-type": type }).end(body);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");

  return {
    // Another port is another origin, and the same site: browsers keep cookies from frames of other sites.
    origin: `http://localhost:${server.address().port}`,
    connect(url) {
      issuer = url;
    },
    /** How the provider answers whoever has this access token. */
    async userinfoStatus(token) {
      assert.ok(token);
      const answer = await fetch(`${issuer}/userinfo`, { headers: { authorization: `Bearer ${token}` } });
      return answer.status;
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
