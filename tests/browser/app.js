// Bundles the pages in apps/ and serves each at an origin of its own, as applications of strangers are.

import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/**
 * A served page: `url`, and `stop()`. `name` is that of a file in apps/; `title` is what the page calls itself. It has a
 * client identifier document at `/id.jsonld`, and uses it when its address ends with `?document`.
 */
export async function startApp(name, title) {
  const files = new Map([
    ["/", ["text/html;charset=utf-8", page(title)]],
    ["/app.js", ["text/javascript", await bundle(here(`apps/${name}.js`))]],
  ]);
  if (name === "uvdsl") {
    const worker = here("node_modules/@uvdsl/solid-oidc-client-browser/dist/esm/web/RefreshWorker.js");
    files.set("/RefreshWorker.js", ["text/javascript", await bundle(worker)]);
  }
  const server = createServer((request, response) => {
    const [type, body] = files.get(new URL(request.url, "http://localhost").pathname) ?? [];
    response.writeHead(body ? 200 : 404, { "content-type": type ?? "text/plain", "cache-control": "no-store" }).end(body);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const host = `localhost:${server.address().port}`;
  const url = `http://${host}/`;
  files.set("/id.jsonld", ["application/ld+json", JSON.stringify(description(url, title))]);
  return {
    url,
    host,
    stop: () => new Promise((resolve) => server.close(resolve).closeAllConnections()),
  };
}

const description = (url, title) => ({
  "@context": ["https://www.w3.org/ns/solid/oidc-context.jsonld"],
  client_id: `${url}id.jsonld`,
  client_name: title,
  redirect_uris: [`${url}?document`],
  post_logout_redirect_uris: [`${url}?document`],
  scope: "openid offline_access webid",
  grant_types: ["authorization_code", "refresh_token"],
  response_types: ["code"],
  token_endpoint_auth_method: "none",
});

const page = (title) => `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>${title}</title><link rel="icon" href="data:,"></head>
<body><h1>${title}</h1><script type="module" src="/app.js"></script></body></html>`;

async function bundle(entry) {
  const built = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: "esm",
    target: "chrome120",
    logLevel: "error",
    define: { global: "globalThis" },
  });
  return built.outputFiles[0].text;
}
