// A Cartable with accounts on a host of their own and each pod on another, under TLS, with a certificate of our own.

import { execFileSync, spawn } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:tls";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BINARY, freePort } from "../clients/server.js";

const DOMAIN = "pods.test";

/**
 * A running server: `base` is its address, `flags` make a Chromium that finds and believes it, `person(name)` makes an
 * account with a pod.
 */
export async function startHouse() {
  const folder = await mkdtemp(join(tmpdir(), "cartable-house-"));
  const at = (name) => join(folder, name);
  const port = await freePort();
  const base = `https://id.${DOMAIN}:${port}/`;
  certify(at("cert.pem"), at("key.pem"));
  const settings = `base_url = "${base}"
listen = "127.0.0.1:${port}"
data = "${at("data")}"
layout = "subdomain"
pods_host = "${DOMAIN}:${port}"
tls.cert = "${at("cert.pem")}"
tls.key = "${at("key.pem")}"
`;
  await writeFile(at("cartable.toml"), settings);
  const cli = (args, input) => execFileSync(BINARY, [...args, "--config", at("cartable.toml")], { input, encoding: "utf8" });
  const child = spawn(BINARY, ["serve", "--config", at("cartable.toml")], { stdio: ["ignore", "inherit", "inherit"] });
  await listening(port, child);
  return {
    base,
    flags: [`--host-resolver-rules=MAP *.${DOMAIN} 127.0.0.1`, `--ignore-certificate-errors-spki-list=${pin(at("cert.pem"))}`],
    person: (name) => {
      const [email, password] = [`${name}@example.org`, `the long pass phrase of ${name}`];
      cli(["account", "create", email, "--pod", name, "--password-stdin"], `${password}\n`);
      const pod = `https://${name}.${DOMAIN}:${port}/`;
      return { email, password, pod, webId: `${pod}profile/card#me` };
    },
    stop: async () => {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Makes a certificate for all hosts of the domain. */
function certify(cert, key) {
  const names = `subjectAltName=DNS:${DOMAIN},DNS:*.${DOMAIN}`;
  const what = ["-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-days", "2", "-subj", "/CN=test"];
  execFileSync("openssl", ["req", ...what, "-addext", names, "-keyout", key, "-out", cert], { stdio: "ignore" });
}

/** What Chromium calls a key that it is to believe. */
function pin(cert) {
  const key = new X509Certificate(readFileSync(cert)).publicKey.export({ type: "spki", format: "der" });
  return createHash("sha256").update(key).digest("base64");
}

async function listening(port, child) {
  for (const end = Date.now() + 30_000; Date.now() < end; ) {
    if (child.exitCode !== null) throw new Error(`the server ended with code ${child.exitCode}`);
    const answered = await new Promise((resolve) => {
      const socket = connect({ port, host: "127.0.0.1", servername: `id.${DOMAIN}`, rejectUnauthorized: false });
      socket.once("secureConnect", () => resolve(true)).once("error", () => resolve(false));
      socket.once("secureConnect", () => socket.destroy());
    });
    if (answered) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("the server does not answer");
}
