// Starts the example `school`: Cartable, a pretend school and a pretend pay portal, and somebody who has a space already.

import { execFileSync, spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "./server.js";
import { Visitor } from "./visitor.js";

const BINARY = process.env.SCHOOL_BINARY ?? fileURLToPath(new URL("../../target/release/examples/school", import.meta.url));
const START_WITHIN_MS = 60_000;

/** Where everything is; `signIn()` gives a visitor of the account pages, `session()` an application of the owner's, `stop()` ends it all. */
export async function startSchool() {
  const [cartable, school, pay] = [await freePort(), await freePort(), await freePort()];
  const env = { ...process.env, CARTABLE: `${cartable}`, SCHOOL: `${school}`, PAY: `${pay}` };
  const child = spawn(BINARY, [], { stdio: ["ignore", "pipe", "inherit"], env });
  const told = await telling(child);
  const folder = told.match(/^ *(\/.*)\/data\/mail$/m)[1];
  const [, email, password] = told.match(/comes in at Cartable with\s+(\S+)\n +(.+)\n/);
  const base = `http://localhost:${cartable}/`;
  return {
    base,
    school: `http://localhost:${school}/`,
    webId: `${base}demo/profile/card#me`,
    pod: `${base}demo/`,
    portal: told.match(/The portal knows\s+(\d+)\n +(.+)\n/)?.slice(1),
    async signIn() {
      const visitor = new Visitor();
      const page = await visitor.open(`${base}.account/login/`, { headers: { Accept: "text/html" } });
      await visitor.send(page, "password", { email, password });
      return visitor;
    },
    async session() {
      const line = ["credentials", "create", email, "--name", "readers", "--json", "--config", join(folder, "cartable.toml")];
      const { client_id: clientId, client_secret: clientSecret } = JSON.parse(execFileSync(BINARY, line, { encoding: "utf8" }));
      const { Session } = await import("@inrupt/solid-client-authn-node");
      const session = new Session({ keepAlive: false });
      await session.login({ clientId, clientSecret, oidcIssuer: base });
      return session;
    },
    async stop() {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await ended;
    },
  };
}

/** What the example says of itself, once the server answers. */
async function telling(child) {
  let told = "";
  child.stdout.setEncoding("utf8").on("data", (text) => (told += text));
  const deadline = Date.now() + START_WITHIN_MS;
  while (Date.now() < deadline && child.exitCode === null) {
    const port = told.match(/^Cartable: +http:\/\/localhost:(\d+)\//m)?.[1];
    const answered = port && told.includes("Ctrl-C") && (await fetch(`http://localhost:${port}/.well-known/openid-configuration`).then((r) => r.ok, () => false));
    if (answered) return told;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  child.kill("SIGKILL");
  throw new Error(`the example did not start: ${told}`);
}
