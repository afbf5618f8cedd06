// Signing up with nothing but a keyboard, and where the focus is when an answer is wrong. Requirements: O-321.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, newContext } from "./browser.js";
import { startSchool } from "./school.js";

let school, browser;

before(async () => {
  school = await startSchool();
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await school?.stop();
});

/** What has the focus: the name of a field, or what a link or button says. */
const focused = (page) =>
  page.evaluate(() => {
    const element = document.activeElement;
    return element.name || element.innerText.replaceAll("\u00a0", " ").split("\n")[0];
  });

/** Presses Tab until this has the focus; whatever comes before it on the page has it first. */
async function tabTo(page, wanted) {
  const passed = [];
  for (let presses = 0; presses < 30; presses += 1) {
    await page.keyboard.press("Tab");
    const now = await focused(page);
    if (now === wanted) return passed;
    passed.push(now);
  }
  throw new Error(`Tab does not lead to ${wanted}, but past ${passed.join(", ")}`);
}

const isStep = (page, number) => page.getByText(`Étape ${number} sur 8`).waitFor();

test("a keyboard is enough for the eight steps", async () => {
  const context = await newContext(browser, { width: 360 });
  context.setDefaultTimeout(15_000);
  try {
    const page = await context.newPage();
    const type = (text) => page.keyboard.type(text);
    const press = async (name) => {
      const passed = await tabTo(page, name);
      await page.keyboard.press("Enter");
      return passed;
    };
    await page.goto(`${school.base}.account/signup/`);
    assert.deepEqual(await press("Commencer"), ["Aller au contenu", "Cartable", "English"]);

    await isStep(page, 2);
    await tabTo(page, "email");
    await type("dora@example.org");
    assert.deepEqual(await press("Continuer"), ["newsletter"]);

    await isStep(page, 3);
    await tabTo(page, "name");
    await page.keyboard.press("Control+A");
    await type("a");
    await page.keyboard.press("Enter");
    // What is wrong has the focus, and leads to its field.
    await page.getByRole("alert").waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute("role")), "alert");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.activeElement.name === "name");
    await page.keyboard.press("Control+A");
    await type("renard-bleu-42");
    await page.keyboard.press("Enter");

    await isStep(page, 4);
    await press("Accepter et continuer");
    await page.getByRole("alert").waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.id), "accept-error");
    await tabTo(page, "accept");
    await page.keyboard.press("Space");
    await press("Accepter et continuer");

    await isStep(page, 5);
    await page.goto(await school.link("dora@example.org"));
    await press("Confirmer mon adresse");

    await isStep(page, 6);
    await tabTo(page, "password");
    await type("un pont sur la rivière");
    await press("Continuer");

    await isStep(page, 7);
    await press("Continuer");
    await isStep(page, 8);
    await press("Ouvrir mon espace");
    await page.waitForURL(`${school.base}.account/`);
    await page.getByText("renard-bleu-42").first().waitFor();
  } finally {
    await context.close();
  }
});
