// A page that signs in with @inrupt/solid-client-authn-browser.

import { getDefaultSession } from "@inrupt/solid-client-authn-browser";

const session = getDefaultSession();
const described = new URLSearchParams(location.search).has("document");
const here = `${location.origin}/${described ? "?document" : ""}`;
const client = described ? { clientId: `${location.origin}/id.jsonld` } : { clientName: document.title };

/** Who is signed in, once the page knows: reading the answer of a sign-in, or restoring the one of last time. */
const ready = session
  .handleIncomingRedirect({ restorePreviousSession: true })
  .then(() => (session.info.isLoggedIn ? session.info.webId : null));

window.app = {
  ready,
  login: (oidcIssuer) => session.login({ oidcIssuer, redirectUrl: here, ...client }),
  logout: () => session.logout({ logoutType: "idp", postLogoutUrl: here }),
  fetch: async (url, init) => {
    const response = await session.fetch(url, init);
    return { status: response.status, text: await response.text() };
  },
};
