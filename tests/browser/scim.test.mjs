// scim2-tester, from PyPI, makes people and groups of every attribute that the schemas tell, and reads, replaces,
// changes and deletes them.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import { DATABASES, startAssay } from "./assay.mjs";

const PYTHON = process.env.ASSAY_PYTHON;
const CHECK = new URL("scim/check.py", import.meta.url).pathname;
const KEY = `sk_admin_${randomBytes(32).toString("base64url")}`;
// All that it checks of people, of groups and of what is said of both; fewer would mean that it gave up early.
const LEAST_CHECKS = 110;

const hash = createHash("sha256").update(KEY).digest("hex");
const directory = {
  kind: "AdminKey",
  metadata: { name: "directory" },
  spec: { hash: `sha256:${hash}`, permissions: ["scim"] },
};

const skip = PYTHON ? false : "no Python with scim2-tester: set ASSAY_PYTHON; scripts/test installs one";

for (const [database, makeDatabase] of Object.entries(DATABASES)) {
  describe(`scim2-tester on ${database}`, { skip }, () => {
    test("finds nothing wrong, and skips nothing", async () => {
      const assay = await startAssay(makeDatabase, [directory]);
      try {
        const env = { PATH: process.env.PATH, SCIM_URL: `${assay.issuer}/scim/v2`, SCIM_KEY: KEY };
        const { stdout } = await promisify(execFile)(PYTHON, [CHECK], { env, maxBuffer: 16 * 1024 * 1024 });
        const results = JSON.parse(stdout);
        assert.deepEqual(results.filter(({ status }) => status !== "SUCCESS"), []);
        assert.ok(results.length >= LEAST_CHECKS, `only ${results.length} checks`);
      } finally {
        await assay.stop();
      }
    });
  });
}
