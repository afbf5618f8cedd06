// Our pages, looked at in every way: phone and desk, light and dark, French and English; most of them on the way
// through signing in with an application. `SCREENS=write npm test` keeps pictures in docs/screens/. Requirements: O-106, O-191.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startServer } from "../clients/server.js";
import { launch, look, newContext, VIEWS } from "./browser.js";

const WORDS = {
  fr: { email: "Adresse e-mail", password: "Mot de passe", enter: "Entrer", remember: "Se souvenir de mon accord" },
  en: { email: "E-mail address", password: "Password", enter: "Sign in", remember: "Remember that I agreed" },
};
/** The pages of somebody who is signed in. */
const OWN = [
  "",
  "settings/",
  "settings/applications/",
  "settings/events/",
  "settings/password/",
  "settings/keys/new/",
  "settings/email/",
  "settings/guardian/",
  "email/confirm/?t=old",
  "email/undo/?t=old",
  "guardian/?t=old",
  "contacts/",
  "contacts/new/",
  "payslips/",
  "payslips/drop/",
  "connectors/",
  "confirm/",
  "terms/",
  "parts/",
];
const REDIRECT = "https://carnet.example/back";
const CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

let server, browser, client;

before(async () => {
  server = await startServer(["--dev"]);
  browser = await launch();
  const metadata = { redirect_uris: [REDIRECT], client_name: "Carnet de bord", token_endpoint_auth_method: "none" };
  const registered = await fetch(`${server.base}.oidc/reg`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(metadata),
  });
  assert.equal(registered.status, 201);
  client = (await registered.json()).client_id;
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

/** Somebody new, with two pods. */
async function pupil(name) {
  const person = server.person(name);
  await secondPod(person, `${name}lycee`);
  return person;
}

async function secondPod(person, name) {
  const send = async (url, body, authorization) => {
    const headers = { "content-type": "application/json", accept: "application/json", ...authorization };
    const answer = await fetch(url, { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body) });
    assert.ok(answer.ok, `${url}: ${answer.status}`);
    return answer.json();
  };
  const { email, password } = person;
  const { controls } = await send(`${server.base}.account/`);
  const { authorization } = await send(controls.password.login, { email, password });
  const signedIn = { authorization: `CSS-Account-Token ${authorization}` };
  const own = await send(`${server.base}.account/`, undefined, signedIn);
  await send(own.controls.account.pod, { name }, signedIn);
}

async function enter(page, words, person) {
  await page.getByLabel(words.email).fill(person.email);
  await page.getByLabel(words.password).fill(person.password);
  await page.getByRole("button", { name: words.enter, exact: true }).click();
}

/** The address of an authorization request, with some parameters instead of the usual ones. */
function request(changes = {}) {
  const usual = {
    client_id: client,
    redirect_uri: REDIRECT,
    response_type: "code",
    scope: "openid webid offline_access",
    state: "state",
    code_challenge: CHALLENGE,
    code_challenge_method: "S256",
    prompt: "consent",
  };
  return `${server.base}.oidc/auth?${new URLSearchParams({ ...usual, ...changes })}`;
}

for (const view of VIEWS) {
  const { language, colours, width } = view;
  test(`pages in ${language}, ${colours}, ${width} px wide`, async () => {
    const words = WORDS[language];
    // Short names for the pictures, long ones to see whether they fit.
    const pictured = language === "fr" && colours === "light";
    const ada = await pupil(pictured ? { 360: "ada", 1280: "grace" }[width] : `adalovelace${language}${colours}${width}`);
    const context = await newContext(browser, view);
    context.setDefaultTimeout(15_000);
    // Where the answer goes is nobody's business here.
    await context.route("https://carnet.example/**", (route) => route.fulfill({ body: "back", contentType: "text/plain" }));
    const page = await context.newPage();
    const seen = (name) => look(page, { ...view, name });
    try {
      await page.goto(server.base);
      await seen();
      await page.goto(request({ client_id: "nobody" }));
      await seen();
      await page.goto(request({ redirect_uri: "https://carnet.example/other" }));
      await seen();

      await page.goto(request());
      await page.getByLabel(words.email).waitFor();
      await seen("sign-in");
      await enter(page, words, ada);
      await page.locator("input[type=radio]").first().waitFor();
      await seen("choose-webid");
      await page.locator("input[type=radio]").first().check();
      await page.locator("main form.stack .button").click();

      await page.getByLabel(words.remember).waitFor();
      await seen("consent");
      await page.getByLabel(words.remember).check();
      await page.locator("button[value=allow]").click();
      await page.waitForURL(`${REDIRECT}?**`);
      assert.equal(new URL(page.url()).searchParams.get("state"), "state");

      await page.goto(request());
      await page.locator("button[value=allow]").waitFor();
      await seen();
      const interaction = page.url();
      await page.locator("button[value=refuse]").click();
      await page.waitForURL(`${REDIRECT}?error=access_denied**`);
      await page.goto(interaction);
      await seen();

      for (const path of OWN) {
        await page.goto(`${server.base}.account/${path}`);
        await seen();
      }

      await page.goto(`${server.base}.oidc/session/end?client_id=${client}&post_logout_redirect_uri=${REDIRECT}`);
      await seen();
      // Who agreed before and signs in anew goes right back.
      await context.clearCookies();
      await page.goto(request({ prompt: "login" }));
      await enter(page, words, ada);
      await page.waitForURL(`${REDIRECT}?code=**`);

      await page.goto(`${server.base}.oidc/session/end`);
      await page.locator("main button").click();
      await page.waitForURL(`${server.base}.account/signed-out/`);
      await seen("signed-out");
    } finally {
      await context.close();
    }
  });
}
