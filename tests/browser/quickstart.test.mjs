// scripts/quickstart as a newcomer runs it, but for the build: what it prints lets a person sign in.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, rm, symlink } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { freePort } from "./assay.mjs";
import { launch, newPage } from "./chromium.mjs";

const CHECKOUT = new URL("../../", import.meta.url).pathname;

/** The files that the script needs, as in a fresh clone, with the app's dependencies installed. */
async function freshClone() {
  const folder = await mkdtemp(join(tmpdir(), "assay-quickstart-"));
  await cp(join(CHECKOUT, "scripts"), join(folder, "scripts"), { recursive: true });
  await cp(join(CHECKOUT, "config-examples/quickstart"), join(folder, "config-examples/quickstart"), {
    recursive: true,
    filter: (file) => !file.includes("node_modules"),
  });
  await symlink(join(CHECKOUT, "tests/browser/node_modules"), join(folder, "config-examples/quickstart/app/node_modules"));
  return folder;
}

/** Runs the script. Gives what it says, when it has printed `until` or ended, and how to end it as Ctrl-C does. */
async function quickstart(folder, port, appPort, until = "Ctrl-C stops it") {
  const { PATH, ASSAY_BIN } = process.env;
  const script = spawn("scripts/quickstart", ["--listen", `127.0.0.1:${port}`], {
    cwd: folder,
    // The address of a server somewhere else: the script's commands must not go there.
    env: { PATH, ASSAY_BIN, APP_ORIGIN: `http://127.0.0.1:${appPort}`, ASSAY_SERVER: "http://127.0.0.1:9", NO_COLOR: "1" },
    // A process group of its own, to which a terminal would send the signal.
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const signal = (name) => {
    try {
      process.kill(-script.pid, name);
    } catch (error) {
      // Nobody is left to be told.
      if (error.code !== "ESRCH") throw error;
    }
  };
  const kill = () => signal("SIGKILL");
  process.once("exit", kill);
  const ended = once(script, "close").then(([code]) => (process.removeListener("exit", kill), code));
  let said = "";
  const printed = new Promise((resolve) => {
    for (const stream of [script.stdout, script.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        said += text;
        if (said.includes(until)) resolve();
      });
    }
  });
  await Promise.race([printed, ended]);
  return { said: () => said, ended, interrupt: () => (signal("SIGINT"), ended) };
}

const isFree = async (port) => {
  const probe = createServer().listen(port, "127.0.0.1");
  const [outcome] = await Promise.race([
    once(probe, "listening").then(() => [true]),
    once(probe, "error").then(() => [false]),
  ]);
  probe.close();
  return outcome;
};

test("the quickstart prints where to go and how to sign in, twice, and Ctrl-C stops all of it", async () => {
  const folder = await freshClone();
  const [port, appPort] = [await freePort(), await freePort()];
  const browser = await launch();
  let running;
  try {
    let passwordBefore;
    for (const time of ["first", "second"]) {
      running = await quickstart(folder, port, appPort);
      const [, url] = running.said().match(/Open +(\S+)/) ?? assert.fail(running.said());
      const [, email] = running.said().match(/Sign in +(\S+)/);
      const [, password] = running.said().match(/Password +(\S+)/);
      assert.equal(password, passwordBefore ?? password, "the password stays");
      passwordBefore = password;

      const page = await newPage(browser);
      await page.goto(url);
      await page.getByRole("link", { name: "Sign in with assay" }).click();
      await page.locator('input[name="email"]').fill(email);
      await page.locator('input[name="password"]').fill(password);
      await page.locator('form:has(input[name="password"]) button:not([type="button"])').click();
      if (time === "first") await page.locator('button[name="decision"][value="allow"]').click();
      await page.getByRole("heading", { name: "Signed in" }).waitFor();
      assert.match(await page.locator("body").innerText(), new RegExp(`Hello, ${email}`));
      await page.context().close();

      assert.equal(await running.interrupt(), 0, running.said());
      assert.ok((await isFree(port)) && (await isFree(appPort)), "something still listens");
    }
  } finally {
    await running?.interrupt();
    await browser.close();
    await rm(folder, { recursive: true, force: true });
  }
});

test("the quickstart says which port is taken and how to take another", async () => {
  const folder = await freshClone();
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const { port } = taken.address();
  try {
    for (const [ports, hint] of [
      [[port, await freePort()], "scripts/quickstart --listen 127.0.0.1:3001"],
      [[await freePort(), port], "APP_ORIGIN=http://127.0.0.1:8091 scripts/quickstart"],
    ]) {
      const refused = await quickstart(folder, ...ports);
      assert.equal(await refused.ended, 1, refused.said());
      assert.ok(refused.said().includes(hint), refused.said());
      assert.ok(!refused.said().includes("Password"), refused.said());
    }
  } finally {
    taken.close();
    await rm(folder, { recursive: true, force: true });
  }
});
