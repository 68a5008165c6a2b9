// Apache with mod_auth_openidc in front of one page: a folder and a port of its own, no root, gone afterwards.

import { randomBytes } from "node:crypto";
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startProgram } from "./program.mjs";

const MODULES = "/usr/lib/apache2/modules";
const NOBODY = 65534;

const configuration = (folder, { port, issuer, secret }) => `
ServerRoot "${folder}"
ServerName 127.0.0.1:${port}
Listen 127.0.0.1:${port}
PidFile "${folder}/pid"
DefaultRuntimeDir "${folder}"
Mutex "file:${folder}" default
ErrorLog "${folder}/error.log"
LogLevel warn auth_openidc:info
DocumentRoot "${folder}/pages"
${["mpm_event", "authn_core", "authz_core", "authz_user", "dir", "headers", "auth_openidc"]
  .map((name) => `LoadModule ${name}_module "${MODULES}/mod_${name}.so"`)
  .join("\n")}
StartServers 1
DirectoryIndex index.html

OIDCProviderMetadataURL ${issuer}/.well-known/openid-configuration
OIDCClientID wiki
OIDCClientSecret ${secret}
OIDCScope "openid email offline_access"
OIDCPKCEMethod S256
OIDCRedirectURI http://127.0.0.1:${port}/oidc
OIDCCryptoPassphrase ${randomBytes(32).toString("hex")}
OIDCProviderBackChannelLogoutSupported On
OIDCRemoteUserClaim email
OIDCInfoHook access_token id_token refresh_token userinfo
OIDCSessionInactivityTimeout 300

<Location "/">
  AuthType openid-connect
  Require valid-user
  Header always set Remote-User "expr=%{REMOTE_USER}"
</Location>
<Location "/signed-out.html">
  AuthType None
  Require all granted
</Location>
`;

export async function startApache({ port, issuer, secret }) {
  const folder = await mkdtemp(join(tmpdir(), "assay-apache-"));
  const identity = process.getuid() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  const file = join(folder, "apache.conf");
  await mkdir(join(folder, "pages"));
  await writeFile(join(folder, "pages/index.html"), "<!doctype html><title>Wiki</title><h1>Wiki</h1>");
  await writeFile(join(folder, "pages/signed-out.html"), "<!doctype html><title>Wiki</title><h1>Signed out</h1>");
  await writeFile(file, configuration(folder, { port, issuer, secret }));
  if (identity.uid) {
    await chmod(folder, 0o755);
    await chown(folder, NOBODY, NOBODY);
  }
  const log = () => readFile(join(folder, "error.log"), "utf8").catch(() => "");
  const remove = () => rm(folder, { recursive: true, force: true });
  const args = ["-d", folder, "-f", file, "-D", "FOREGROUND"];
  const url = `http://127.0.0.1:${port}/signed-out.html`;
  try {
    const program = await startProgram(process.env.ASSAY_APACHE, args, url, { cwd: folder, env: {}, ...identity });
    return {
      log,
      async stop() {
        await program.stop();
        await remove();
      },
    };
  } catch (error) {
    error.message += await log();
    await remove();
    throw error;
  }
}
