// Passkeys with Chromium's virtual authenticator: registration, second factor, and signing in with nothing else.
// Requirements: O-341, O-343.

import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
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

/** The link in the letter to an address, once it went out. */
async function letter(to) {
  const folder = join(server.data, "mail");
  for (let tries = 0; tries < 100; tries += 1) {
    const files = await readdir(folder).catch(() => []);
    const texts = await Promise.all(files.map((file) => readFile(join(folder, file), "utf8")));
    const text = texts.find((each) => each.includes(`To: ${to}`));
    if (text) return text.match(/\S+\?t=\S+/)[0];
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`no letter to ${to}`);
}

test("a space is opened with a passkey and no password", async () => {
  const context = await newContext(browser, { width: 360 });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  const device = await addDevice(page);
  const press = (name) => page.getByRole("button", { name, exact: true }).click();
  await page.goto(`${server.base}.account/signup/`);
  await press("Commencer");
  await page.getByLabel("Adresse e-mail").fill("nour@example.org");
  await press("Continuer");
  await page.locator("#name").fill("hibou-sage-77");
  await press("Continuer");
  await page.locator("#accept").check();
  await press("Accepter et continuer");
  await page.goto(await letter("nour@example.org"));
  await press("Confirmer mon adresse");
  await page.getByRole("heading", { name: "Avec une clé d’accès" }).waitFor();
  await look(page, { name: "signup-6-passkey", width: 360, language: "fr", colours: "light" });
  await press("Créer la clé d’accès");
  await page.waitForURL("**/signup/contacts/");
  await press("Continuer");
  await press("Ouvrir mon espace");
  await page.getByRole("heading", { name: "Vos codes de secours" }).waitFor();
  await look(page);
  await page.getByRole("link", { name: "C’est noté" }).click();
  await page.waitForURL(home());
  const [credential] = await device.credentials();
  assert.equal(credential.isResidentCredential, true);

  await signOut(page);
  await page.goto(`${server.base}.account/login/`);
  await page.getByRole("link", { name: "Entrer avec une clé d’accès" }).click();
  await press("Utiliser ma clé d’accès");
  await page.waitForURL(home());
  // The only way in cannot be thrown away, and a password can be chosen by mail.
  await page.goto(`${server.base}.account/settings/ways/`);
  await page.locator("form:has(input[name=passkey]) button").click();
  await page.getByText("C’est votre seule façon d’entrer").waitFor();
  await page.goto(`${server.base}.account/settings/`);
  await look(page);
  await context.close();
});

test("spaces and identities are looked at", async () => {
  const person = server.person("nina");
  for (const width of [360, 1280]) {
    const view = { width, language: "fr", colours: "light" };
    const context = await newContext(browser, view);
    const page = await context.newPage();
    await page.goto(`${server.base}.account/login/?next=/.account/settings/spaces/`);
    await signIn(page, person);
    await page.getByRole("heading", { name: "Espaces et identités" }).waitFor();
    await look(page, { ...view, name: "spaces" });
    await page.getByRole("link", { name: "Créer un autre espace" }).click();
    await look(page, { ...view, name: "space-new" });
    await page.goto(`${server.base}.account/settings/spaces/nina/`);
    await look(page, { ...view, name: "space" });
    await page.goto(`${server.base}.account/settings/identities/new/`);
    await page.getByLabel("Adresse de l’identité").fill(`https://nina.example/${width}#me`);
    await look(page);
    await page.getByRole("button", { name: "Continuer" }).click();
    await page.getByRole("heading", { name: "Montrez qu’elle est à vous" }).waitFor();
    await look(page, { ...view, name: "identity-proof" });
    await page.goto(`${server.base}.account/settings/spaces/`);
    await page.locator("section:last-of-type .rows a").first().click();
    await look(page, { ...view, name: "identity" });
    await context.close();
  }
});
