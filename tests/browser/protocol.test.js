// What applications do when things are not as usual: redirects, several tabs, a key that is withdrawn, a wrong clock, a
// person who is asked again. Requirements: O-403, O-407, O-421, O-163, O-168, O-185, O-343.

import assert from "node:assert/strict";
import { test } from "node:test";
import { withdrawKey } from "../clients/server.js";
import { newContext } from "./browser.js";
import { allow, begin, fetchIn, signIn, webIdIn } from "./person.js";
import { stage } from "./story.js";

const { server, browser, ada, story } = await stage();

/** Signs Ada in to the application. */
async function enter(page, app) {
  await begin(page, app, server.base);
  await signIn(page, ada);
  await allow(page, app.host, { remember: true });
  await page.waitForURL(`${app.url}**`);
  assert.equal(await webIdIn(page), ada.webId);
}

async function write(page, name) {
  const init = { method: "PUT", headers: { "content-type": "text/plain" }, body: name };
  const { status } = await fetchIn(page, `${ada.pod}carnet/${name}`, init);
  assert.ok([201, 204, 205].includes(status), `PUT ${status}`);
}

story("inrupt: a request that is redirected is signed again for where it leads", "inrupt", async ({ app, page }) => {
  await enter(page, app);
  await write(page, "redirect");
  const answers = [];
  page.on("response", (response) => response.url().startsWith(`${ada.pod}carnet`) && answers.push(response.status()));
  const { status, text } = await fetchIn(page, `${ada.pod}carnet`);
  assert.equal(status, 200, `${answers}`);
  assert.match(text, /redirect/);
  assert.deepEqual(answers.filter((status) => status > 299), [301, 401], "sent on, refused, signed again");
});

story("uvdsl: two tabs come back at once, and neither is signed out", "uvdsl", async ({ app, context, page }) => {
  await enter(page, app);
  await page.goto("about:blank");
  // Without the provider's cookie only the refresh token is left, and both tabs have the same one.
  await context.clearCookies();
  const other = await context.newPage();
  await Promise.all([page.goto(app.url), other.goto(app.url)]);
  for (const tab of [page, other]) assert.equal(await webIdIn(tab), ada.webId);
  await write(page, "left");
  await write(other, "right");
  await other.goto("about:blank");
  await page.reload();
  assert.equal(await webIdIn(page), ada.webId);
  await write(page, "still");
});

story("inrupt: a session goes on when the key that signs is withdrawn", "inrupt", async ({ app, context, page }) => {
  let refreshed = 0;
  await context.route(`${server.base}.oidc/token`, async (route) => {
    const isRefresh = (route.request().postData() ?? "").includes("refresh_token");
    const response = await route.fetch();
    refreshed += isRefresh && response.ok() ? 1 : 0;
    // The library refreshes five seconds before the end.
    await route.fulfill({ response, json: { ...(await response.json()), expires_in: isRefresh ? 3600 : 7 } });
  });
  await enter(page, app);
  withdrawKey(server);
  assert.equal((await fetchIn(page, ada.pod)).status, 401, "what it signed is refused");
  for (let waited = 0; refreshed < 1 && waited < 100; waited += 1) await page.waitForTimeout(100);
  assert.equal(refreshed, 1);
  await write(page, "withdrawn");
});

for (const [minutes, seconds, works] of [[0, 110, true], [10, 0, false], [-10, 0, false]]) {
  const title = `inrupt: a clock that is ${minutes * 60 + seconds} s off ${works ? "will do" : "is told the time"}`;
  story(title, "inrupt", async ({ app, context, page }) => {
    // What pages take for the time: proofs are made with it, and ID tokens looked at.
    const skew = (minutes * 60 + seconds) * 1000;
    await context.addInitScript((skew) => {
      const now = Date.now;
      Date.now = () => now() + skew;
      globalThis.Date = class extends Date {
        constructor(...parts) {
          super(...(parts.length ? parts : [now() + skew]));
        }
      };
    }, skew);
    if (works) {
      await enter(page, app);
      return write(page, "clock");
    }
    await begin(page, app, server.base);
    await signIn(page, ada);
    const answer = page.waitForResponse((response) => response.url() === `${server.base}.oidc/token`);
    await allow(page, app.host);
    const refused = await answer;
    assert.equal(refused.status(), 400);
    const { error, error_description } = await refused.json();
    assert.equal(error, "invalid_dpop_proof");
    assert.match(error_description, /too far from the server's time, \d{4}-/);
  });
}

test("a passkey confirms who it is before something that needs care", async () => {
  const context = await newContext(browser);
  const page = await context.newPage();
  const devtools = await context.newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  const options = { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true };
  const { authenticatorId } = await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: { ...options, isUserVerified: true, automaticPresenceSimulation: true },
  });
  const person = server.person("lena");
  await page.goto(`${server.base}.account/login/?next=/.account/settings/ways/passkey/`);
  await signIn(page, person);
  await page.getByRole("button", { name: "Créer la clé d’accès" }).click();
  await page.getByRole("heading", { name: "Vos codes de secours" }).waitFor();

  const confirm = `${server.base}.account/confirm/?next=/.account/settings/keys/new/`;
  const press = () => page.getByRole("button", { name: "Confirmer avec ma clé d’accès" }).click();
  await page.goto(confirm);
  await press();
  await page.waitForURL(`${server.base}.account/settings/keys/new/`);

  // What a device answered counts once, even for who could look on and sends it again.
  await context.clearCookies();
  await page.goto(`${server.base}.account/login/passkey/`);
  const sent = page.waitForRequest((request) => request.method() === "POST");
  await page.getByRole("button", { name: "Utiliser ma clé d’accès" }).click();
  const form = (await sent).postData();
  await page.waitForURL(`${server.base}.account/`);
  const cookies = await context.cookies();
  const again = async (kept) => {
    await context.clearCookies();
    await context.addCookies(kept);
    const headers = { "content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin" };
    const answer = await context.request.post(`${server.base}.account/login/passkey/`, { data: form, headers });
    return [answer.status(), (await answer.text()).includes("La clé d’accès n’a pas été reconnue")];
  };
  assert.deepEqual(await again(cookies.filter(({ name }) => name.endsWith("-browser"))), [403, true]);
  await context.clearCookies();
  await context.addCookies(cookies);

  // A device that its owner did not unlock confirms nothing.
  await devtools.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false });
  await page.goto(confirm);
  await press();
  await page.waitForFunction(() => document.activeElement?.tagName === "BUTTON");
  assert.equal(page.url(), confirm);
  await context.close();
});
