// What a person does in the browser, in French.

import assert from "node:assert/strict";

/** Types address and password on the page for signing in. */
export async function signIn(page, person) {
  await page.getByLabel("Adresse e-mail").fill(person.email);
  await page.getByLabel("Mot de passe").fill(person.password);
  await page.getByRole("button", { name: "Entrer", exact: true }).click();
}

/** Says yes to the application at `host`. */
export async function allow(page, host, { remember = false } = {}) {
  await page.getByRole("heading", { name: "Autoriser une application" }).waitFor();
  assert.match(await page.locator("main").innerText(), new RegExp(`${host} veut accéder à votre espace`));
  if (remember) await page.getByLabel("Se souvenir de mon accord").check();
  await page.getByRole("button", { name: "Autoriser", exact: true }).click();
}

/** Begins to sign in with an application, and comes to a page of ours. */
export async function begin(page, app, base) {
  await page.goto(app.url);
  assert.equal(await webIdIn(page), null);
  await page.evaluate((issuer) => void globalThis.app.login(issuer), base);
  await page.waitForURL(`${base}**`);
}

/** Who is signed in to the application, once it knows. */
export async function webIdIn(page) {
  const known = await page.waitForFunction(() => globalThis.app?.ready.then((webId) => webId ?? "nobody"));
  const webId = await known.jsonValue();
  return webId === "nobody" ? null : webId;
}

/** A request of the application. */
export function fetchIn(page, url, init) {
  return page.evaluate(([url, init]) => globalThis.app.fetch(url, init), [url, init]);
}
