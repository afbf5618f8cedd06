// Stories of people with an application in a browser.

import { after, test } from "node:test";
import { startServer } from "../clients/server.js";
import { startApp } from "./app.js";
import { launch, newContext } from "./browser.js";

/** A server for the stories of a file, a browser, Ada, and how a story is told. */
export async function stage() {
  const browser = await launch();
  const server = await startServer(["--dev"]);
  after(async () => {
    await browser.close();
    await server.stop();
  });
  /** Tells a story with an application and a window of its own. */
  function story(title, app, tell) {
    test(title, async () => {
      const served = await startApp(app, `Carnet <b>${app}</b>`);
      const context = await newContext(browser);
      context.setDefaultTimeout(15_000);
      try {
        await tell({ app: served, context, page: await context.newPage() });
      } finally {
        await context.close();
        await served.stop();
      }
    });
  }
  return { server, browser, ada: server.person("ada"), story };
}
