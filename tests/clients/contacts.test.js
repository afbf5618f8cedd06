// Address books as readers that know nothing of Cartable find and show them.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fromRdfJsDataset, saveSolidDatasetAt } from "@inrupt/solid-client";
import { dataset, documents } from "./documents.js";
import { dataModules, solidOs } from "./readers.js";
import { startServer } from "./server.js";

const INDEX = "settings/privateTypeIndex.ttl";

let server, owner, fetchAs;

before(async () => {
  server = await startServer();
  owner = server.person("owner");
  fetchAs = (await owner.session()).fetch;
  for (const [url, quads] of await documents("contacts-book", owner.pod)) {
    if (url.endsWith(INDEX)) await register(quads, `${owner.pod}settings/privateTypeIndex`);
    else await saveSolidDatasetAt(url, fromRdfJsDataset(dataset(quads)), { fetch: fetchAs });
  }
});

after(() => server?.stop());

/** Adds the registrations of the example to the index that the pod has. */
async function register(quads, index) {
  const lines = quads.filter((quad) => quad.subject.value.includes("#")).map((quad) => `<${quad.subject.value}> <${quad.predicate.value}> <${quad.object.value}> .`);
  const body = `@prefix solid: <http://www.w3.org/ns/solid/terms#> .\n_:p a solid:InsertDeletePatch ; solid:inserts { ${lines.join("\n")} } .`;
  const answer = await fetchAs(index, { method: "PATCH", headers: { "Content-Type": "text/n3" }, body });
  assert.ok(answer.ok, `${answer.status}`);
}

const EXAMPLE = [
  {
    title: "Carnet scolaire",
    people: { "Malo Fictif": [], "Yann-Ber Prototype": ["yann-ber.prototype@ac-armorique.example"] },
    groups: { "2026-2027 2GT3": ["Malo Fictif"] },
  },
];

for (const reader of [dataModules, solidOs]) {
  test(`${reader.name} finds the book, its people, their e-mail addresses and the groups`, async () => {
    assert.deepEqual(await reader(owner.webId, fetchAs), EXAMPLE);
  });

  test(`${reader.name} finds no book without the owner's leave`, async () => {
    const found = await reader(owner.webId, fetch).catch(() => []);
    assert.deepEqual(found, []);
  });
}
