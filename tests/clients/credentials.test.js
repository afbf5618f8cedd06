// Client credentials: what @inrupt/solid-client-authn-node verifies, and which proofs are refused.
// Requirements: O-405, O-406, O-421, O-6, O-11 to O-26, O-170, O-181.

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { after, before, test } from "node:test";
import { Session } from "@inrupt/solid-client-authn-node";
import { proof, signIn } from "./dpop.js";
import { startServer, withdrawKey } from "./server.js";

let server, owner, url, signedIn;

before(async () => {
  server = await startServer();
  owner = server.person("owner");
  url = owner.pod;
  signedIn = await signIn({ issuer: server.base, id: owner.id, secret: owner.secret });
});

after(() => server?.stop());

function claims(jwt) {
  return JSON.parse(Buffer.from(jwt.split(".")[1], "base64url"));
}

/** The answer to a GET with our token and a proof made by `dpop`. */
function get(target, dpop, token = signedIn.token) {
  return fetch(target, { headers: { authorization: `DPoP ${token}`, dpop } });
}

async function refused(answer) {
  const { status, headers } = await answer;
  assert.equal(status, 401);
  assert.match(headers.get("www-authenticate"), /^DPoP .*error="invalid_(dpop_proof|token)"/);
}

test("the library signs in and is known by its WebID", async () => {
  const session = await owner.session();
  assert.equal(session.info.isLoggedIn, true);
  assert.equal(session.info.webId, owner.webId);
  assert.equal((await session.fetch(url)).status, 200);
  assert.equal((await fetch(url)).status, 401);
});

test("a wrong secret signs nobody in", async () => {
  const session = new Session({ keepAlive: false });
  await assert.rejects(session.login({ clientId: owner.id, clientSecret: "wrong", oidcIssuer: server.base }));
  assert.equal(session.info.isLoggedIn, false);
});

test("the token says what other servers look for", async () => {
  const { answer, token } = signedIn;
  assert.equal(answer.token_type, "DPoP");
  assert.equal(typeof answer.expires_in, "number");
  assert.equal(answer.refresh_token, undefined);
  const { iss, aud, webid, client_id, azp, exp, iat, cnf, jti } = claims(token);
  assert.equal(iss, server.base);
  assert.deepEqual([aud].flat(), ["solid"]);
  assert.equal(webid, owner.webId);
  assert.equal(client_id, owner.id);
  assert.equal(azp, owner.id);
  assert.equal(exp - iat, answer.expires_in);
  assert.ok(cnf.jkt && jti);
  const { alg, kid } = JSON.parse(Buffer.from(token.split(".")[0], "base64url"));
  const { jwks_uri } = await (await fetch(new URL(".well-known/openid-configuration", server.base))).json();
  const { keys } = await (await fetch(jwks_uri)).json();
  assert.ok(keys.some((key) => key.kid === kid && key.alg === alg && key.d === undefined));
});

test("a fresh proof is accepted, the same one again is not", async () => {
  const once = proof(signedIn.key, "GET", url);
  assert.equal((await get(url, once)).status, 200);
  await refused(get(url, once));
});

test("a clock that is nearly two minutes ahead is accepted, one that is an hour off is not", async () => {
  const now = Math.floor(Date.now() / 1000);
  const skewed = (seconds) => get(url, proof(signedIn.key, "GET", url, { iat: now + seconds }));
  assert.equal((await skewed(110)).status, 200);
  for (const seconds of [-3600, 3600]) await refused(skewed(seconds));
  // Within the time that a slow clock may have, but from before the server began to remember proofs.
  await refused(skewed(-110));
});

test("a proof for another request, by another key or of another form is refused", async () => {
  const { key } = signedIn;
  const stranger = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const bad = {
    "another method": proof(key, "PUT", url),
    "another address": proof(key, "GET", `${url}other`),
    "another key": proof(stranger, "GET", url),
    "another token": proof(key, "GET", url, { ath: "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU" }),
    "another type": proof(key, "GET", url, {}, { typ: "JWT" }),
    "no algorithm": proof(key, "GET", url, {}, { alg: "none" }),
    "no identifier": proof(key, "GET", url, { jti: undefined }),
    "no proof at all": "",
    "no token at all": "a.b.c",
  };
  for (const [what, dpop] of Object.entries(bad)) await test(what, () => refused(get(url, dpop)));
});

test("a query may stay in the proof's address or be left out", async () => {
  const asked = `${url}?x=1`;
  for (const htu of [asked, url]) assert.equal((await get(asked, proof(signedIn.key, "GET", url, { htu }))).status, 200);
});

test("a changed token is refused", async () => {
  const [header, , signature] = signedIn.token.split(".");
  const forged = { ...claims(signedIn.token), webid: `${server.base}other/profile/card#me` };
  const token = [header, Buffer.from(JSON.stringify(forged)).toString("base64url"), signature].join(".");
  await refused(get(url, proof(signedIn.key, "GET", url), token));
});

test("the token alone, as Bearer, is refused", async () => {
  const { status } = await fetch(url, { headers: { authorization: `Bearer ${signedIn.token}` } });
  assert.equal(status, 401);
});

test("when the key that signs is withdrawn, its tokens are refused and a new sign-in works", async () => {
  const session = await owner.session();
  assert.equal((await session.fetch(url)).status, 200);
  withdrawKey(server);
  assert.equal((await session.fetch(url)).status, 401);
  const again = await owner.session();
  assert.equal((await again.fetch(url)).status, 200);
});
