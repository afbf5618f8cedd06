// Starts the release binary on a free port with a temporary data folder, and makes people on it by the command line.

import { execFileSync, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The binary under test. */
export const BINARY = process.env.SERVER_BINARY ?? fileURLToPath(new URL("../../target/release/cartable", import.meta.url));
const START_WITHIN_MS = 30_000;

/**
 * A running server: `base` is its address, `data` its folder, `person(name)` makes an account with a pod, `cli(args)` runs a command beside
 * it, `stop()` ends and erases it.
 * `flags` are more arguments for `serve`.
 */
export async function startServer(flags = []) {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), "cartable-clients-"));
  const base = `http://localhost:${port}/`;
  const shared = ["--data", join(folder, "data"), "--base-url", base];

  const cli = (args, input = "") => execFileSync(BINARY, [...args, ...shared], { input, encoding: "utf8" });
  const child = spawn(BINARY, ["serve", "--listen", `127.0.0.1:${port}`, ...shared, ...flags], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  await answering(base, child);

  return {
    base,
    data: join(folder, "data"),
    cli,
    person: (name) => person(base, name, cli),
    stop: async () => {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** An account with a pod and client credentials. `session()` signs in as an unattended script does. */
function person(base, name, cli) {
  const [email, password] = [`${name}@example.org`, `the long pass phrase of ${name}`];
  cli(["account", "create", email, "--pod", name, "--password-stdin"], `${password}\n`);
  const printed = cli(["credentials", "create", email, "--name", "client tests", "--json"]);
  const { client_id: id, client_secret: secret, webid: webId } = JSON.parse(printed);
  return {
    email,
    password,
    id,
    secret,
    webId,
    pod: `${base}${name}/`,
    session: async () => {
      const { Session } = await import("@inrupt/solid-client-authn-node");
      const session = new Session({ keepAlive: false });
      await session.login({ clientId: id, clientSecret: secret, oidcIssuer: base });
      return session;
    },
  };
}

/** Withdraws the key that signs access tokens, as an operator does whose server was broken into. */
export function withdrawKey(server) {
  const key = server.cli(["keys", "list"]).split("\n").find((line) => line.includes("ES256"));
  server.cli(["keys", "withdraw", key.trim().split(/\s+/)[0]]);
}

export async function freePort() {
  const probe = createServer();
  await new Promise((resolve, reject) => probe.once("error", reject).listen(0, "127.0.0.1", resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

async function answering(base, child) {
  const deadline = Date.now() + START_WITHIN_MS;
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`the server ended with code ${child.exitCode}`);
    const answered = await fetch(`${base}.well-known/openid-configuration`).then((r) => r.ok, () => false);
    if (answered) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  child.kill("SIGKILL");
  throw new Error(`no answer from ${base} within ${START_WITHIN_MS / 1000} s`);
}
