// Starts the example `school`: Cartable and a pretend school beside it, on free ports.

import { spawn } from "node:child_process";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../clients/server.js";

const EXAMPLE = process.env.SCHOOL_BINARY ?? fileURLToPath(new URL("../../target/release/examples/school", import.meta.url));
const WITHIN_MS = 30_000;

/**
 * A running example: the addresses `base` of Cartable and `desk` of the school, `link(address)` is the link in the
 * newest letter to an address, `stop()` ends all.
 */
export async function startSchool() {
  const ports = { CARTABLE: await freePort(), SCHOOL: await freePort() };
  const child = spawn(EXAMPLE, { env: { ...process.env, ...ports }, stdio: ["ignore", "pipe", "inherit"] });
  const told = await untilTold(child);
  const after = (label) => new RegExp(`${label}\\s+(\\S+)`).exec(told)[1];
  const [base, desk, letters] = [after("Cartable:"), after("The pretend school:"), after("names each:")];
  await until(() => fetch(base).then((answer) => answer.ok, () => false));
  return {
    base,
    desk,
    link: (to) => until(() => link(letters, to)),
    stop: async () => {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await ended;
    },
  };
}

/** What the example prints before it serves. */
function untilTold(child) {
  return new Promise((resolve, reject) => {
    let told = "";
    child.once("exit", (code) => reject(new Error(`the example ended with code ${code}`)));
    child.stdout.setEncoding("utf8").on("data", (text) => {
      told += text;
      if (told.includes("Ctrl-C")) resolve(told);
    });
  });
}

/** The link in the newest letter to an address. Letters are named by their time. */
async function link(folder, to) {
  const names = await readdir(folder).catch(() => []);
  for (const name of names.sort().reverse()) {
    const letter = await readFile(join(folder, name), "utf8");
    if (letter.includes(`\r\nTo: ${to}\r\n`)) return /^http\S+\?t=\S+/m.exec(letter)?.[0];
  }
}

async function until(found) {
  for (const end = Date.now() + WITHIN_MS; Date.now() < end; ) {
    const it = await found();
    if (it) return it;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nothing within ${WITHIN_MS / 1000} s`);
}
