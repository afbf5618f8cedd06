// Everything that strangers may write is text on our pages: nothing of it runs. Requirements: O-106, O-136.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startApp } from "./app.js";
import { launch, newContext } from "./browser.js";
import { signIn } from "./person.js";
import { startServer } from "../clients/server.js";

const HOSTILE = `</title></code>"'><script>alert(1)</script><img src=x onerror=alert(1)><svg onload=alert(1)>{{7*7}}`;
/** The pages of somebody who is signed in. */
const OWN = ["", "settings/", "settings/applications/", "settings/events/", "settings/ways/", "settings/devices/", "settings/keys/new/"];

let server, browser;

before(async () => {
  server = await startServer(["--dev"]);
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

test("what strangers write runs on no page", async () => {
  const app = await startApp("uvdsl", "Carnet");
  const context = await newContext(browser);
  context.setDefaultTimeout(15_000);
  try {
    const eve = server.person("eve");
    const page = await context.newPage();
    const ran = [];
    page.on("dialog", (dialog) => {
      ran.push(`${page.url()}: ${dialog.message()}`);
      return dialog.dismiss();
    });
    const clean = async (what) => {
      await page.waitForLoadState();
      const own = await page.evaluate(() => document.querySelectorAll("img, svg[onload], [onerror], script:not([src])").length);
      assert.equal(own, 0, `${what}: ${page.url()}`);
    };

    // What registers as an application, with every text that it may bring.
    const registered = await fetch(`${server.base}.oidc/reg`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        redirect_uris: [app.url],
        client_name: HOSTILE,
        client_uri: `${app.url}?${HOSTILE}`,
        logo_uri: `${app.url}logo.svg?${encodeURIComponent(HOSTILE)}`,
        contacts: [HOSTILE],
        token_endpoint_auth_method: "none",
      }),
    });
    assert.equal(registered.status, 201);
    const { client_id: client } = await registered.json();
    const query = {
      client_id: client,
      redirect_uri: app.url,
      response_type: "code",
      scope: "openid webid offline_access",
      state: HOSTILE,
      login_hint: HOSTILE,
      ui_locales: HOSTILE,
      code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
      code_challenge_method: "S256",
    };
    const request = (changes) => `${server.base}.oidc/auth?${new URLSearchParams({ ...query, ...changes })}`;
    await page.goto(request({ redirect_uri: `${app.url}${HOSTILE}` }));
    await clean("a wrong address");
    await page.goto(request({ client_id: HOSTILE }));
    await clean("an unknown application");
    await page.goto(request({}));
    await clean("signing in");
    // Typed again by the server, after a mistake.
    await page.locator("form").first().evaluate((form) => (form.noValidate = true));
    await page.locator("#email").fill(HOSTILE);
    await page.locator("#password").fill(HOSTILE);
    await page.getByRole("button", { name: "Entrer", exact: true }).click();
    await clean("a wrong address of somebody");
    await signIn(page, eve);
    await page.getByRole("heading", { name: "Autoriser une application" }).waitFor();
    await clean("consent");
    assert.ok((await page.locator("main").innerText()).includes("<script>alert(1)</script>"), "it is shown as text");
    await page.getByLabel("Se souvenir de mon accord").check();
    await page.getByRole("button", { name: "Autoriser", exact: true }).click();
    await page.waitForURL(`${app.url}?**`);

    await page.goto(`${server.base}.account/settings/keys/new/`);
    await page.locator("#name").fill(HOSTILE);
    await page.locator("main form .button").first().click();
    await page.locator("#secret").waitFor();
    await clean("a key");
    for (const path of OWN) {
      await page.goto(`${server.base}.account/${path}`);
      await clean("a page of the account");
    }
    await page.goto(`${server.base}.account/login/?next=javascript:alert(1)`);
    await clean("a way on");
    await page.goto(`${server.base}.account/%3Cscript%3Ealert(1)%3C/script%3E/`);
    await clean("a page that is not there");
    assert.deepEqual(ran, []);
  } finally {
    await context.close();
    await app.stop();
  }
});
