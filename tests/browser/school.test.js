// From the school's desk to a space in eight steps, in French, at a phone and at a desk; then an application, signing
// out at the school, leaving it, and coming back by the password. `SCREENS=write npm test` keeps pictures in
// docs/screens/. Requirements: CP-01, CP-02, CP-03, CP-04, CP-05, CP-06, CP-07, CP-08, CP-10, CP-12, CP-13, O-306, O-310.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startApp } from "./app.js";
import { launch, look, newContext } from "./browser.js";
import { allow, begin, fetchIn, signIn, webIdIn } from "./person.js";
import { startSchool } from "./school.js";

const PASSWORD = "un pont sur la rivière";
const PUPIL = { name: "Malo Fictif", given: "malo@eleves.example.org", email: "malo@maison.example.org" };
const TEACHER = { name: "Soizic Exemple", given: "soizic@profs.example.org", email: "soizic@profs.example.org" };

let browser;

before(async () => {
  browser = await launch();
});

after(async () => {
  await browser?.close();
});

/** Tells a story at a width, with a school and a browser of its own. */
function story(title, width, tell) {
  test(`${title}, ${width} px wide`, async () => {
    const school = await startSchool();
    const context = await newContext(browser, { width });
    context.setDefaultTimeout(15_000);
    const page = await context.newPage();
    const seen = (name) => look(page, { name, width, language: "fr", colours: "light", screen: width < 600 });
    try {
      await tell({ school, page, seen });
    } finally {
      await context.close();
      await school.stop();
    }
  });
}

const press = (page, name) => page.getByRole("button", { name, exact: true }).click();
const isStep = (page, number) => page.getByText(`Étape ${number} sur 8`).waitFor();

/** Enters at the school's desk and asks for the space there. */
async function fromTheDesk({ school, page, seen }, somebody) {
  await page.goto(school.desk);
  await page.getByRole("button", { name: somebody.name }).click();
  await seen("desk");
  await page.getByRole("link", { name: "Mon espace Cartable" }).click();
}

/** The eight steps, up to the home page. `is` says what this person finds on the way; `name` names the pictures. */
async function signUp(scene, somebody, { name, finds }) {
  const { school, page } = scene;
  const seen = (step) => scene.seen(name(step));
  await fromTheDesk(scene, somebody);
  await page.getByText(`Bonjour ${somebody.name}. ENT Armorique vous a reconnu.`).waitFor();
  await seen("1");
  await press(page, "Créer mon espace");

  await isStep(page, 2);
  await finds.email(page);
  assert.equal(await page.locator(":checked").count(), 0, "nothing is ticked for anybody");
  await seen("2");
  await press(page, "Continuer");

  await isStep(page, 3);
  const pod = await page.getByLabel("Nom de l’espace").inputValue();
  assert.match(pod, finds.pod);
  await seen("3");
  await press(page, "Continuer");

  await isStep(page, 4);
  await seen("4");
  await page.getByLabel("J’ai lu les conditions").check();
  await press(page, "Accepter et continuer");

  await isStep(page, 5);
  await page.getByText(somebody.email).waitFor();
  await seen("5");
  await page.goto(await school.link(somebody.email));
  await seen("5-link");
  await press(page, "Confirmer mon adresse");

  await isStep(page, 6);
  await seen("6");
  await page.getByLabel("Mot de passe").fill(PASSWORD);
  await press(page, "Continuer");

  await isStep(page, 7);
  await seen("7");
  await page.getByLabel("Oui, les recevoir").check();
  await press(page, "Continuer");

  await isStep(page, 8);
  const address = `${school.base}${pod}/`;
  await page.getByText(address, { exact: true }).waitFor();
  assert.equal((await fetch(`${address}profile/card`)).status, 404, "nothing is there before the last step");
  await seen("8");
  await press(page, "Ouvrir mon espace");

  await page.waitForURL(`${school.base}.account/`);
  await seen("home");
  assert.equal((await fetch(`${address}profile/card`)).status, 200);
  assert.equal((await fetch(address)).status, 401, "the space is private");
  return { pod: address, webId: `${address}profile/card#me` };
}

for (const width of [360, 1280]) {
  story("a pupil gets a space, uses it, leaves the school and still enters", width, async (scene) => {
    const { school, page } = scene;
    const pupil = await signUp(scene, PUPIL, {
      name: (step) => `sign-up-${step}`,
      finds: {
        // A minor: the name of the space tells nothing, and the address may be one that outlasts the school.
        pod: /^[a-z]+-[a-z]+-\d+$/,
        email: async () => {
          const email = page.getByLabel("Adresse e-mail");
          assert.equal(await email.inputValue(), PUPIL.given);
          await email.fill(PUPIL.email);
        },
      },
    });
    assert.doesNotMatch(pupil.pod, /malo|fictif/);

    const app = await startApp("inrupt", "Carnet");
    try {
      await begin(page, app, school.base);
      await allow(page, app.host, { remember: true });
      await page.waitForURL(`${app.url}**`);
      assert.equal(await webIdIn(page), pupil.webId);
      const note = `${pupil.pod}carnet/note.txt`;
      const put = await fetchIn(page, note, { method: "PUT", headers: { "content-type": "text/plain" }, body: "premier" });
      assert.equal(put.status, 201);
      assert.deepEqual(await fetchIn(page, note), { status: 200, text: "premier" });
    } finally {
      await app.stop();
    }

    // Signing out at the school signs out here, and its desk leads in again without a question.
    await page.goto(school.desk);
    await press(page, "Quitter l’ENT");
    await page.getByText("Qui êtes-vous ?").waitFor();
    await page.goto(`${school.base}.account/`);
    await page.waitForURL(`${school.base}.account/login/**`);
    await scene.seen("sign-in-school");
    await fromTheDesk(scene, PUPIL);
    await page.waitForURL(`${school.base}.account/`);

    // Leaving the school: its account opens the space no more, the password does.
    await page.goto(`${school.base}.account/settings/ways/`);
    await scene.seen("ways");
    await page.getByRole("link", { name: /^Délier/ }).click();
    await page.getByRole("heading", { name: "Délier ENT Armorique ?" }).waitFor();
    await scene.seen("leave-school");
    await press(page, "Délier cet établissement");
    await page.getByText("L’établissement est délié").waitFor();
    await scene.seen();
    await signIn(page, { email: PUPIL.email, password: PASSWORD });
    await page.waitForURL(`${school.base}.account/`);
    await page.getByText(pupil.pod, { exact: true }).waitFor();

    // The desk asks again whose space it is, and the one that is open can be linked anew.
    await page.goto(school.desk);
    await page.getByRole("link", { name: "Mon espace Cartable" }).click();
    await page.getByRole("heading", { name: /^Relier à l’espace/ }).waitFor();
    await scene.seen();
  });

  story("a teacher gets a space", width, async (scene) => {
    const { page } = scene;
    await signUp(scene, TEACHER, {
      name: (step) => (["2", "3"].includes(step) ? `sign-up-${step}-teacher` : undefined),
      finds: {
        pod: /^soizic-exemple$/,
        email: async () => {
          await page.getByText(TEACHER.given).waitFor();
          assert.equal(await page.getByLabel("Adresse e-mail").count(), 0, "the school's address is not changed here");
        },
      },
    });
  });
}
