// Programs that the tests run beside assay: none outlives its test.

import { spawn } from "node:child_process";
import { once } from "node:events";

const START_LIMIT_MS = 60_000;

/** Runs a program until `stop()`, in a process group of its own. Resolves once `url` answers anything. */
export async function startProgram(command, args, url, options = {}) {
  const program = spawn(command, args, { detached: true, stdio: ["ignore", "pipe", "pipe"], ...options });
  let said = "";
  for (const stream of [program.stdout, program.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => (said += text));
  }
  const signal = (name) => {
    try {
      process.kill(-program.pid, name);
    } catch (error) {
      // Nobody is left to be told.
      if (error.code !== "ESRCH") throw error;
    }
  };
  const kill = () => signal("SIGKILL");
  process.once("exit", kill);
  const ended = once(program, "close");
  let hasEnded = false;
  const end = () => (hasEnded = true);
  ended.then(end, (error) => {
    said += String(error);
    end();
  });
  const stop = async () => {
    signal("SIGTERM");
    const timer = setTimeout(kill, 5_000);
    await ended.catch(() => {});
    clearTimeout(timer);
    process.removeListener("exit", kill);
  };
  const deadline = Date.now() + START_LIMIT_MS;
  while (!(await fetch(url, { redirect: "manual" }).then(() => true, () => false))) {
    if (hasEnded || Date.now() > deadline) {
      await stop();
      throw new Error(`${command} does not answer at ${url}:\n${said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { stop, said: () => said };
}
