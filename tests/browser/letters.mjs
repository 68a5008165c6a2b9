// Letters that a server has put into its folder.

import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";

const LETTER_LIMIT_MS = 30_000;

/** The link in the newest letter of this kind, once it is there. */
export async function linkOf(folder, kind) {
  const deadline = Date.now() + LETTER_LIMIT_MS;
  for (;;) {
    const names = await readdir(folder).catch(() => []);
    const name = names.filter((name) => name.endsWith(`-${kind}.eml`)).sort().pop();
    if (name) {
      const letter = await readFile(join(folder, name), "utf8");
      const [, part] = letter.split(/Content-Type: text\/plain[^\n]*\n/);
      const head = part.slice(0, part.search(/\r?\n\r?\n/));
      const body = part.slice(head.length).split("\n--")[0];
      const text = /base64/i.test(head)
        ? Buffer.from(body, "base64").toString()
        : body
            .replace(/=\r?\n/g, "")
            .replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
      return text.match(/https?:\/\/\S+/)[0];
    }
    assert.ok(Date.now() < deadline, `no letter ${kind} in ${folder}`);
    await new Promise((done) => setTimeout(done, 100));
  }
}
