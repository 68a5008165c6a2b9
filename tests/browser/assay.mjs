// Starts assay on a database of its own, and removes what it left.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import postgres from "postgres";

const BINARY = required("ASSAY_BIN", "the path of the assay binary");
const QUICKSTART = new URL("../../config-examples/quickstart/", import.meta.url);
const START_LIMIT_MS = 60_000;
const ADMIN_KEY = "sk_admin_only-for-the-browser-tests-of-assay-0123456789";

/** The databases that every test runs on: a name, and how to make one and remove it. */
export const DATABASES = {
  SQLite: async (folder) => ({
    backend: `type = "sqlite"\ndata_dir = ${JSON.stringify(join(folder, "data"))}`,
    remove: async () => {},
  }),
  PostgreSQL: async () => {
    const url = new URL(required("ASSAY_TEST_POSTGRES", "the URL of a PostgreSQL server"));
    const name = `assay_browser_${randomBytes(8).toString("hex")}`;
    await statement(url, `CREATE DATABASE ${name}`);
    const own = new URL(url);
    own.pathname = name;
    return {
      backend: `type = "postgres"\nurl = "${own}"`,
      // Servers on PostgreSQL share no folder in which one could make the key for all.
      environment: { ASSAY_MASTER_KEY: randomBytes(32).toString("base64") },
      remove: () => statement(url, `DROP DATABASE ${name} WITH (FORCE)`),
    };
  },
};

/** The quickstart's manifests, with the example app at `appUrl`, on a fresh database. */
export async function startQuickstart(makeDatabase, appUrl) {
  const texts = ["clients.yaml", "modules.yaml"].map((name) => readFile(new URL(name, QUICKSTART), "utf8"));
  const manifests = (await Promise.all(texts)).join("\n---\n");
  return startAssay(makeDatabase, manifests.replaceAll("http://127.0.0.1:8090", appUrl));
}

/**
 * These manifests, as YAML or objects, on a fresh database; `secrets` are variables that they name.
 * Gives `issuer`, `createUser(email, password)`, `admin(method, path, body)` and `stop()`.
 */
export async function startAssay(makeDatabase, manifests, secrets = {}) {
  const folder = await mkdtemp(join(tmpdir(), "assay-browser-"));
  const database = await makeDatabase(folder);
  const port = await freePort();
  const origin = `http://localhost:${port}`;
  const issuer = `${origin}/auth`;
  const config = join(folder, "engine.toml");
  await writeFile(
    config,
    `auto_enable_modules = ["auth"]
[server]
bind_addr = "127.0.0.1:${port}"
public_url = "${origin}"
[backend]
${database.backend}
[auth]
issuer = "${issuer}"
admin_api_keys = ["${ADMIN_KEY}"]
`,
  );
  const file = join(folder, "manifests.yaml");
  await writeFile(file, typeof manifests === "string" ? manifests : documents(manifests));
  const { PATH, RUST_LOG = "info" } = process.env;
  const environment = { PATH, RUST_LOG, NO_COLOR: "1", ...database.environment, ...secrets };
  const server = spawn(BINARY, ["serve", "--config", config, "--manifests", file], {
    cwd: folder,
    env: environment,
    stdio: ["ignore", "pipe", "pipe"],
  });
  // Tests may end by throwing; the server must not outlive them.
  const kill = () => server.kill("SIGKILL");
  process.once("exit", kill);
  const ended = once(server, "exit");

  const stop = async () => {
    process.removeListener("exit", kill);
    if (server.exitCode === null && server.signalCode === null) {
      kill();
      await ended;
    }
    await database.remove();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await listening(server);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    issuer,
    stop,
    async createUser(email, password) {
      const child = spawn(BINARY, ["user", "create", "--email", email, "--password-stdin", "--config", config], {
        cwd: folder,
        env: environment,
        stdio: ["pipe", "inherit", "inherit"],
      });
      child.stdin.end(password);
      const [code] = await once(child, "exit");
      assert.equal(code, 0, "assay user create");
    },
    async admin(method, path, body) {
      const headers = { authorization: `Bearer ${ADMIN_KEY}`, "content-type": "application/json" };
      const response = await fetch(origin + path, { method, headers, body: body && JSON.stringify(body) });
      assert.ok(response.ok, `${method} ${path}: ${response.status}`);
      return response.status === 204 ? undefined : response.json();
    },
  };
}

/** JSON is YAML. */
function documents(manifests) {
  return manifests.map((manifest) => JSON.stringify({ apiVersion: "assay/v1", ...manifest })).join("\n---\n");
}

/** Resolves once the server says that it listens; rejects with its log when it ends or takes too long. */
function listening(server) {
  return new Promise((resolve, reject) => {
    let log = "";
    const give_up = (why) => reject(new Error(`${why}:\n${log}`));
    const timer = setTimeout(() => give_up("the server does not listen"), START_LIMIT_MS);
    for (const stream of [server.stdout, server.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        log += `${line}\n`;
        if (line.includes("listening on http://")) {
          clearTimeout(timer);
          resolve();
        }
      });
    }
    server.once("exit", (code, signal) => {
      clearTimeout(timer);
      give_up(`the server ended (${code ?? signal})`);
    });
  });
}

/** A port for a server whose address has to be known before it starts. */
export async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  await once(probe, "close");
  return port;
}

async function statement(url, text) {
  const sql = postgres(url.href, { max: 1, onnotice: () => {} });
  try {
    await sql.unsafe(text);
  } finally {
    await sql.end();
  }
}

function required(name, what) {
  const value = process.env[name];
  assert.ok(value, `set ${name} to ${what}; scripts/test does`);
  return value;
}
