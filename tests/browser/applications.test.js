// Applications of strangers sign people in, in a real browser. Requirements: O-401, O-402, O-403, O-404, O-405, O-407,
// O-421.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Session } from "@inrupt/solid-client-authn-node";
import { newContext } from "./browser.js";
import { allow, begin, fetchIn, signIn, webIdIn } from "./person.js";
import { stage } from "./story.js";

const { server, browser, ada, story } = await stage();

/** Writes a private document and reads it back. */
async function writesAndReads(page, text) {
  const url = `${ada.pod}carnet/note.txt`;
  const written = await fetchIn(page, url, { method: "PUT", headers: { "content-type": "text/plain" }, body: text });
  assert.ok([201, 204, 205].includes(written.status), `PUT ${written.status}`);
  assert.deepEqual(await fetchIn(page, url), { status: 200, text });
  assert.equal((await fetch(url)).status, 401, "the document is private");
}

for (const app of ["inrupt", "uvdsl"]) {
  story(`${app}: signing in, consent, a private document, and the session after a reload`, app, async (scene) => {
    const { page } = scene;
    await begin(page, scene.app, server.base);
    await signIn(page, ada);
    await allow(page, scene.app.host, { remember: true });
    await page.waitForURL(`${scene.app.url}**`);
    assert.equal(await webIdIn(page), ada.webId);
    await writesAndReads(page, "premier");
    await page.reload();
    assert.equal(await webIdIn(page), ada.webId);
    await writesAndReads(page, "second");
  });

  story(`${app}: who refuses goes back without being signed in`, app, async (scene) => {
    const { page } = scene;
    await begin(page, scene.app, server.base);
    await signIn(page, ada);
    const back = page.waitForRequest((request) => request.url().startsWith(`${scene.app.url}?`));
    await page.getByRole("button", { name: "Refuser", exact: true }).click();
    assert.equal(new URL((await back).url()).searchParams.get("error"), "access_denied");
    await page.waitForLoadState();
    assert.equal((await fetchIn(page, `${ada.pod}carnet/`)).status, 401);
  });
}

story("inrupt: a token is refreshed before it ends, and the refresh token changes", "inrupt", async ({ app, context, page }) => {
  const used = [];
  await context.route(`${server.base}.oidc/token`, async (route) => {
    const form = new URLSearchParams(route.request().postData() ?? "");
    const response = await route.fetch();
    const answer = await response.json();
    if (form.get("grant_type") === "refresh_token") used.push(form.get("refresh_token"));
    // The library refreshes five seconds before the end.
    const soon = used.length < 2 ? 6 : 3600;
    await route.fulfill({ response, json: { ...answer, expires_in: soon } });
  });
  await begin(page, app, server.base);
  await signIn(page, ada);
  await allow(page, app.host, { remember: true });
  await page.waitForURL(`${app.url}**`);
  assert.equal(await webIdIn(page), ada.webId);
  for (let waited = 0; used.length < 2 && waited < 100; waited += 1) await page.waitForTimeout(100);
  assert.equal(new Set(used).size, 2, "two different refresh tokens were used");
  await writesAndReads(page, "rafraîchi");
});

story("uvdsl: the session is refreshed without the provider's cookie", "uvdsl", async ({ app, context, page }) => {
  await begin(page, app, server.base);
  await signIn(page, ada);
  await allow(page, app.host, { remember: true });
  await page.waitForURL(`${app.url}**`);
  assert.equal(await webIdIn(page), ada.webId);
  await context.clearCookies();
  for (const text of ["troisième", "quatrième"]) {
    await page.goto("about:blank");
    await page.goto(app.url);
    assert.equal(await webIdIn(page), ada.webId);
    await writesAndReads(page, text);
  }
});

story("inrupt: signing out ends the session here too, after asking", "inrupt", async ({ app, page }) => {
  await begin(page, app, server.base);
  await signIn(page, ada);
  await allow(page, app.host);
  await page.waitForURL(`${app.url}**`);
  assert.equal(await webIdIn(page), ada.webId);
  await page.evaluate(() => void globalThis.app.logout());
  await page.getByRole("button", { name: "Me déconnecter" }).click();
  await page.waitForURL(`${app.url}**`);
  assert.equal(await webIdIn(page), null);
  await page.evaluate((issuer) => void globalThis.app.login(issuer), server.base);
  await page.getByLabel("Adresse e-mail").waitFor();
});

story("inrupt: an application that describes itself is asked for by its address", "inrupt", async ({ app, page }) => {
  const described = { ...app, url: `${app.url}?document` };
  await begin(page, described, server.base);
  await signIn(page, ada);
  await allow(page, app.host, { remember: true });
  await page.waitForURL(`${app.url}**`);
  assert.equal(await webIdIn(page), ada.webId);
  await writesAndReads(page, "décrit");
  // It registered where to go on, and shows whose session it means: nothing is left to ask.
  await page.evaluate(() => void globalThis.app.logout());
  await page.waitForURL(`${app.url}**`);
  assert.equal(await webIdIn(page), null);
});

story("an application that lost its access cannot come back by itself", "uvdsl", async ({ app, page }) => {
  await begin(page, app, server.base);
  await signIn(page, ada);
  await allow(page, app.host, { remember: true });
  await page.waitForURL(`${app.url}**`);
  assert.equal(await webIdIn(page), ada.webId);
  await page.goto(`${server.base}.account/settings/applications/`);
  await page.getByRole("button", { name: `Couper l’accès de ${app.host}` }).click();
  await page.waitForLoadState();
  assert.equal(await page.getByRole("button", { name: `Couper l’accès de ${app.host}` }).count(), 0);
  await page.goto(app.url);
  assert.equal(await webIdIn(page), null);
});

story("a script signs in with a code that a person allowed", "uvdsl", async ({ app, page }) => {
  const session = new Session({ keepAlive: false });
  const asked = new Promise((resolve) => {
    session.login({ oidcIssuer: server.base, redirectUrl: app.url, clientName: "Script", handleRedirect: resolve });
  });
  await page.goto(await asked);
  await signIn(page, ada);
  const back = page.waitForRequest((request) => request.url().startsWith(`${app.url}?`));
  await allow(page, app.host, { remember: true });
  await session.handleIncomingRedirect((await back).url());
  assert.equal(session.info.webId, ada.webId);
  assert.equal((await session.fetch(ada.pod)).status, 200);
  await session.logout();
});

story("what an application calls itself is text", "uvdsl", async ({ app, page }) => {
  await begin(page, app, server.base);
  await signIn(page, ada);
  await page.getByRole("heading", { name: "Autoriser une application" }).waitFor();
  assert.match(await page.locator("main").innerText(), /Carnet <b>uvdsl<\/b>/);
  assert.equal(await page.locator("main b").count(), 0);
});

test("a page kept in a pod runs no script and cannot read our pages", async () => {
  const context = await newContext(browser);
  try {
    const page = await context.newPage();
    await page.goto(`${server.base}.account/login/`);
    await signIn(page, ada);
    await page.waitForURL(`${server.base}.account/`);
    const as = new Session({ keepAlive: false });
    await as.login({ clientId: ada.id, clientSecret: ada.secret, oidcIssuer: server.base });
    const html = `<!DOCTYPE html><title>before</title><script>
        fetch("/.account/settings/").then((answer) => answer.text()).then((text) => (document.title = text.includes("csrf") ? "read" : "run"));
      </script><iframe src="/.account/settings/applications/"></iframe>`;
    const url = `${ada.pod}profile/page.html`;
    const put = await as.fetch(url, { method: "PUT", headers: { "content-type": "text/html" }, body: html });
    assert.equal(put.status, 201);
    const acl = `<#all> a <http://www.w3.org/ns/auth/acl#Authorization>;
      <http://www.w3.org/ns/auth/acl#agentClass> <http://xmlns.com/foaf/0.1/Agent>;
      <http://www.w3.org/ns/auth/acl#accessTo> <${url}>; <http://www.w3.org/ns/auth/acl#mode> <http://www.w3.org/ns/auth/acl#Read>.
      <#own> a <http://www.w3.org/ns/auth/acl#Authorization>; <http://www.w3.org/ns/auth/acl#agent> <${ada.webId}>;
      <http://www.w3.org/ns/auth/acl#accessTo> <${url}>; <http://www.w3.org/ns/auth/acl#mode>
      <http://www.w3.org/ns/auth/acl#Read>, <http://www.w3.org/ns/auth/acl#Write>, <http://www.w3.org/ns/auth/acl#Control>.`;
    await as.fetch(`${url}.acl`, { method: "PUT", headers: { "content-type": "text/turtle" }, body: acl });
    await as.logout();
    await page.goto(url);
    await page.waitForLoadState("networkidle");
    assert.equal(await page.title(), "before");
    assert.ok(page.frames().every((frame) => !/settings/.test(frame.url()) || frame.isDetached()), "it is framed");
    // Without the sandbox it would read them: it shares our origin.
    await page.route(url, async (route) => {
      const response = await route.fetch();
      const { "content-security-policy": policy, ...headers } = response.headers();
      assert.match(policy, /sandbox/);
      await route.fulfill({ response, headers });
    });
    await page.goto(url);
    await page.waitForFunction(() => document.title === "read");
  } finally {
    await context.close();
  }
});
