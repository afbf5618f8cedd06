// Accounts on a host of their own, each pod on another, all under TLS: an application signs somebody in. Requirements:
// O-101, O-118, O-192, O-401.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startApp } from "./app.js";
import { launch, look, newContext } from "./browser.js";
import { startHouse } from "./house.js";
import { allow, begin, fetchIn, signIn, webIdIn } from "./person.js";

let house, browser;

before(async () => {
  house = await startHouse();
  browser = await launch(house.flags);
});

after(async () => {
  await browser?.close();
  await house?.stop();
});

test("inrupt: signing in with accounts and pods on hosts of their own", async () => {
  const ada = house.person("ada");
  const app = await startApp("inrupt", "Carnet");
  const context = await newContext(browser);
  context.setDefaultTimeout(15_000);
  try {
    const page = await context.newPage();
    await begin(page, app, house.base);
    await look(page);
    await signIn(page, ada);
    await allow(page, app.host, { remember: true });
    await page.waitForURL(`${app.url}**`);
    assert.equal(await webIdIn(page), ada.webId);
    const note = `${ada.pod}carnet/note.txt`;
    const put = await fetchIn(page, note, { method: "PUT", headers: { "content-type": "text/plain" }, body: "premier" });
    assert.equal(put.status, 201);
    assert.deepEqual(await fetchIn(page, note), { status: 200, text: "premier" });
    await page.reload();
    assert.equal(await webIdIn(page), ada.webId);
    assert.equal((await fetchIn(page, note)).status, 200);

    const cookies = await context.cookies();
    assert.ok(cookies.length > 0);
    for (const { name, domain, secure, httpOnly } of cookies) {
      assert.match(name, /^__Host-/);
      assert.deepEqual({ domain, secure, httpOnly }, { domain: new URL(house.base).hostname, secure: true, httpOnly: true });
    }
    const sent = page.waitForRequest(`${ada.pod}profile/card`);
    await page.goto(`${ada.pod}profile/card`);
    assert.equal((await (await sent).allHeaders()).cookie, undefined, "no cookie goes to a pod");
    assert.equal((await page.goto(`${ada.pod}.account/login/`)).status() >= 400, true, "and no account page is there");
  } finally {
    await context.close();
    await app.stop();
  }
});
