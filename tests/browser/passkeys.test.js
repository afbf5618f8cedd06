// Passkeys with Chromium's virtual authenticator: registration, second factor, and signing in with nothing else.
// Requirements: O-341, O-343.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startServer } from "../clients/server.js";
import { launch, look, newContext } from "./browser.js";
import { signIn } from "./person.js";

let server, browser;

before(async () => {
  server = await startServer(["--dev"]);
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

/** A device that unlocks itself when it is asked. */
async function addDevice(page) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  const options = {
    protocol: "ctap2",
    transport: "internal",
    hasResidentKey: true,
    hasUserVerification: true,
    isUserVerified: true,
    automaticPresenceSimulation: true,
  };
  const { authenticatorId } = await devtools.send("WebAuthn.addVirtualAuthenticator", { options });
  return {
    lock: () => devtools.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false }),
    unlock: () => devtools.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: true }),
    credentials: async () => (await devtools.send("WebAuthn.getCredentials", { authenticatorId })).credentials,
  };
}

const signOut = (page) => page.context().clearCookies();
const home = () => `${server.base}.account/`;

test("a passkey is made, asked for after the password, and enough by itself", async () => {
  const context = await newContext(browser);
  const page = await context.newPage();
  const device = await addDevice(page);
  const person = server.person("lena");

  await page.goto(`${server.base}.account/login/?next=/.account/settings/ways/`);
  await signIn(page, person);
  await look(page);
  await page.getByRole("link", { name: "Ajouter une clé d’accès" }).click();
  await look(page);
  await page.getByLabel("Nom de cette clé").fill("Mon téléphone");
  await page.getByRole("button", { name: "Créer la clé d’accès" }).click();
  await page.getByRole("heading", { name: "Vos codes de secours" }).waitFor();
  await look(page);
  await page.getByRole("link", { name: "C’est noté" }).click();
  await page.getByText("Mon téléphone").first().waitFor();
  const [credential] = await device.credentials();
  assert.equal(credential.rpId, "localhost");
  assert.equal(credential.isResidentCredential, true);

  await signOut(page);
  await page.goto(`${server.base}.account/login/`);
  await signIn(page, person);
  await page.getByRole("heading", { name: "Encore une preuve" }).waitFor();
  await look(page);
  await page.getByRole("button", { name: "Utiliser ma clé d’accès" }).click();
  await page.waitForURL(home());

  await signOut(page);
  await page.goto(`${server.base}.account/login/`);
  await page.getByRole("link", { name: "Entrer avec une clé d’accès" }).click();
  await look(page);
  await page.getByRole("button", { name: "Utiliser ma clé d’accès" }).click();
  await page.waitForURL(home());
  await context.close();
});

test("a device that its owner did not unlock opens nothing", async () => {
  const context = await newContext(browser);
  const page = await context.newPage();
  const device = await addDevice(page);
  const person = server.person("malo");
  await page.goto(`${server.base}.account/login/?next=/.account/settings/ways/passkey/`);
  await signIn(page, person);
  await page.getByRole("button", { name: "Créer la clé d’accès" }).click();
  await page.getByRole("heading", { name: "Vos codes de secours" }).waitFor();

  await signOut(page);
  await device.lock();
  await page.goto(`${server.base}.account/login/passkey/`);
  await page.getByRole("button", { name: "Utiliser ma clé d’accès" }).click();
  await page.waitForFunction(() => document.activeElement?.tagName === "BUTTON");
  assert.match(page.url(), /\/\.account\/login\/passkey\/$/);
  await page.goto(home());
  assert.match(page.url(), /\/\.account\/login\//);
  await context.close();
});
