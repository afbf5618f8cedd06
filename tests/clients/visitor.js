// A browser without JavaScript: it keeps cookies, follows redirects and sends forms.

import assert from "node:assert/strict";

export class Visitor {
  #cookies = new Map();

  /** Opens an address; where it led, and what is there. */
  async open(url, init = {}) {
    for (let hops = 0; hops < 20; hops += 1) {
      const answer = await fetch(url, { ...init, redirect: "manual", headers: { ...init.headers, ...this.#sent(url) } });
      for (const line of answer.headers.getSetCookie()) this.#keep(url, line);
      if (answer.status < 300 || answer.status > 399) return { url, status: answer.status, text: await answer.text() };
      await answer.arrayBuffer();
      url = new URL(answer.headers.get("location"), url).href;
      init = { headers: { Accept: "text/html" } };
    }
    throw new Error("too many redirects");
  }

  /** Sends the form of a page that has a field or button of this name. */
  async send(page, name, fields) {
    const forms = page.text.match(/<form method="post".*?<\/form>/gs) ?? [];
    const form = forms.find((each) => each.includes(`name="${name}"`));
    assert.ok(form, `${page.status} ${page.url} has no form with ${name}`);
    const action = form.match(/action="([^"]*)"/)[1].replaceAll("&amp;", "&");
    const hidden = form.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g);
    const body = new URLSearchParams([...Array.from(hidden, ([, field, value]) => [field, value]), ...Object.entries(fields)]);
    const url = new URL(action, page.url).href;
    const headers = { "Content-Type": "application/x-www-form-urlencoded", Accept: "text/html", Origin: new URL(url).origin };
    return this.open(url, { method: "POST", headers, body: body.toString() });
  }

  #sent(url) {
    const jar = this.#cookies.get(new URL(url).origin) ?? new Map();
    return jar.size ? { Cookie: Array.from(jar, ([name, value]) => `${name}=${value}`).join("; ") } : {};
  }

  #keep(url, line) {
    const { origin } = new URL(url);
    const [name, value] = line.split(";")[0].split(/=(.*)/s);
    if (!this.#cookies.has(origin)) this.#cookies.set(origin, new Map());
    if (value === "" || /max-age=0/i.test(line)) this.#cookies.get(origin).delete(name);
    else this.#cookies.get(origin).set(name, value);
  }
}
