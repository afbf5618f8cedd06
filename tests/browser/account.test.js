// The pages of an account, looked at in every way: phone and desk, light and dark, French and English. `SCREENS=write
// npm test` keeps pictures in docs/screens/. Requirements: O-106, O-192, O-193, O-343.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startServer } from "../clients/server.js";
import { launch, look, newContext, VIEWS } from "./browser.js";

const WORDS = {
  fr: { add: "Créer une clé", make: "Créer la clé", remove: "Supprimer cette clé", copy: "Copier", copied: "Copié" },
  en: { add: "Make a key", make: "Make the key", remove: "Delete this key", copy: "Copy", copied: "Copied" },
};

let server, browser;

before(async () => {
  server = await startServer(["--dev"]);
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

for (const view of VIEWS) {
  const { language, colours, width } = view;
  test(`the account in ${language}, ${colours}, ${width} px wide`, async () => {
    const words = WORDS[language];
    const lea = server.person(`lea-${language}-${colours}-${width}`);
    const context = await newContext(browser, view);
    context.setDefaultTimeout(15_000);
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    const page = await context.newPage();
    const complaints = [];
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    const seen = (name) => look(page, { ...view, name });
    const at = (place) => page.goto(`${server.base}.account/${place}`);
    const enter = async (password) => {
      await page.locator("#email").fill(lea.email);
      await page.locator("#password").fill(password);
      await page.locator("main form .button").click();
    };
    try {
      await page.goto(server.base);
      await seen("start");
      await at("settings/");
      await enter("not the password");
      await page.locator(".banner.stop").waitFor();
      await seen("sign-in-wrong");
      complaints.length = 0; // Chromium tells of the status 403.
      await enter(lea.password);
      await page.waitForURL(`${server.base}.account/settings/`);
      await seen("settings");

      await page.getByRole("link", { name: words.add }).click();
      await seen("key-new");
      await page.locator("#name").fill("Sauvegarde");
      await page.getByRole("button", { name: words.make }).click();
      await page.locator("#secret").waitFor();
      await seen();
      await page.getByRole("button", { name: words.copy }).nth(1).click();
      await page.getByRole("button", { name: words.copied }).waitFor();
      const copied = await page.evaluate(() => navigator.clipboard.readText());
      assert.equal(copied, await page.locator("#secret").textContent());

      await at("settings/");
      await page.locator(".rows a[href*='/keys/']").last().click();
      await page.getByRole("button", { name: words.remove }).waitFor();
      await seen("key");
      await page.getByRole("button", { name: words.remove }).click();
      await page.locator(".banner.ok").waitFor();

      for (const [place, name] of [
        ["", "home"],
        ["settings/password/", "password"],
        ["settings/events/", "events"],
        ["confirm/", "confirm"],
        ["parts/", undefined],
      ]) {
        await at(place);
        await seen(name);
      }
      assert.deepEqual(complaints, [], "the browser complains of nothing");
      await at("nothing/");
      await seen("error");
    } finally {
      await context.close();
    }
  });
}
