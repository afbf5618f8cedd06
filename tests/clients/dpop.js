// Solid-OIDC client credentials with nothing but Node: a token, and a DPoP proof for each request (RFC 9449).
//
//   export SOLID_CLIENT_ID=… SOLID_CLIENT_SECRET=… [SOLID_ISSUER=http://localhost:3000/]
//   node dpop.js GET http://localhost:3000/demo/ | curl -H @- http://localhost:3000/demo/

import { createHash, generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { fileURLToPath } from "node:url";

/** Gets a DPoP-bound access token and returns `headers(method, url)` for requests with it. */
export async function signIn({ issuer, id, secret }) {
  const { token_endpoint } = await json(await fetch(new URL(".well-known/openid-configuration", issuer)));
  const key = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const answer = await json(
    await fetch(token_endpoint, {
      method: "POST",
      headers: {
        authorization: `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString("base64")}`,
        "content-type": "application/x-www-form-urlencoded",
        dpop: proof(key, "POST", token_endpoint),
      },
      body: "grant_type=client_credentials&scope=webid",
    }),
  );
  const token = answer.access_token;
  const ath = createHash("sha256").update(token).digest("base64url");
  const headers = (method, url) => ({ authorization: `DPoP ${token}`, dpop: proof(key, method, url, { ath }) });
  return { answer, token, key, headers };
}

/** A proof that the holder of `key` makes this request. `claims` and `header` override, for tests of refusal. */
export function proof(key, method, url, claims = {}, header = {}) {
  const { kty, crv, x, y } = key.publicKey.export({ format: "jwk" });
  const htu = url.split(/[?#]/)[0];
  const iat = Math.floor(Date.now() / 1000);
  const signed = [
    { typ: "dpop+jwt", alg: "ES256", jwk: { kty, crv, x, y }, ...header },
    { jti: randomUUID(), htm: method, htu, iat, ...claims },
  ]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  const signature = sign("sha256", Buffer.from(signed), { key: key.privateKey, dsaEncoding: "ieee-p1363" });
  return `${signed}.${signature.toString("base64url")}`;
}

async function json(response) {
  const body = await response.json();
  if (!response.ok) throw new Error(`${response.url}: ${response.status} ${body.error ?? body.title ?? ""}`);
  return body;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { SOLID_CLIENT_ID: id, SOLID_CLIENT_SECRET: secret, SOLID_ISSUER: issuer } = process.env;
  const [method, url] = process.argv.slice(2);
  if (!id || !secret || !url) {
    console.error("usage: SOLID_CLIENT_ID=… SOLID_CLIENT_SECRET=… node dpop.js METHOD URL");
    process.exit(2);
  }
  const { headers } = await signIn({ issuer: issuer ?? `${new URL(url).origin}/`, id, secret });
  for (const [name, value] of Object.entries(headers(method, url))) console.log(`${name}: ${value}`);
}
