// A page that signs in with @uvdsl/solid-oidc-client-browser.

import { Session } from "@uvdsl/solid-oidc-client-browser";

const here = location.origin + location.pathname;
const session = new Session(
  { redirect_uris: [here], client_name: document.title },
  { workerUrl: new URL("/RefreshWorker.js", location.origin) },
);

/** Who is signed in, once the page knows: reading the answer of a sign-in, or restoring the one of last time. */
const ready = session
  .handleRedirectFromLogin()
  .then(() => session.isActive || session.restore().catch(() => {}))
  .then(() => (session.isActive ? session.webId : null));

window.app = {
  ready,
  login: (issuer) => session.login(issuer, here),
  logout: () => session.logout(),
  fetch: async (url, init) => {
    const response = await session.authFetch(url, init);
    return { status: response.status, text: await response.text() };
  },
};
