// An authenticator app, written after RFC 6238.

import { createHmac } from "node:crypto";

const STEP_S = 30;

/** An authenticator app (RFC 6238) with this key in base32. */
export function authenticator(key) {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...key.replaceAll(/\s/g, "")].map((c) => alphabet.indexOf(c).toString(2).padStart(5, "0"));
  const bytes = bits.join("").match(/.{8}/g).map((byte) => parseInt(byte, 2));
  let last = 0;
  return async function code() {
    const now = () => Math.floor(Date.now() / 1000 / STEP_S);
    const step = Math.max(now(), last + 1);
    while (now() + 1 < step) await new Promise((resolve) => setTimeout(resolve, 200));
    last = step;
    const counter = Buffer.alloc(8);
    counter.writeBigUInt64BE(BigInt(step));
    const mac = createHmac("sha1", Buffer.from(bytes)).update(counter).digest();
    const number = mac.readUInt32BE(mac.at(-1) & 0xf) & 0x7fff_ffff;
    return String(number % 1_000_000).padStart(6, "0");
  };
}
