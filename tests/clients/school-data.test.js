// A pupil's address book and a payslip, kept with solid-client, shared with one person, read by them with rdflib.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  fromRdfJsDataset,
  getContainedResourceUrlAll,
  getSolidDataset,
  saveSolidDatasetAt,
  toRdfJsDataset,
  universalAccess,
} from "@inrupt/solid-client";
import { isomorphic } from "rdf-isomorphic";
import { Fetcher, graph, sym } from "rdflib";
import { dataset, documents } from "./documents.js";
import { startServer } from "./server.js";

const FN = sym("http://www.w3.org/2006/vcard/ns#fn");
const NET = sym("https://w3id.org/cartable/ns#netPaid");
const VALUE = sym("http://schema.org/value");

let server, owner, colleague, stranger, fetchAs, book, payslip;

before(async () => {
  server = await startServer();
  [owner, colleague, stranger] = ["owner", "colleague", "stranger"].map(server.person);
  fetchAs = new Map();
  for (const person of [owner, colleague, stranger]) fetchAs.set(person, (await person.session()).fetch);
  book = await documents("contacts-book", owner.pod);
  payslip = await documents("payslip", owner.pod);
});

after(() => server?.stop());

/** Reads a document with rdflib, anonymously if `person` is not given; gives the store or rejects with the answer's status. */
async function load(url, person) {
  const store = graph();
  const fetcher = new Fetcher(store, { fetch: person ? fetchAs.get(person) : fetch });
  await fetcher.load(url);
  return store;
}

async function refused(url, person, status) {
  await assert.rejects(load(url, person), (error) => {
    assert.equal(error.status ?? error.response?.status, status);
    return true;
  });
}

test("the documents are stored and come back with the same triples", async () => {
  const as = { fetch: fetchAs.get(owner) };
  for (const [url, quads] of [...book, ...payslip]) {
    await saveSolidDatasetAt(url, fromRdfJsDataset(dataset(quads)), as);
    const stored = [...toRdfJsDataset(await getSolidDataset(url, as))];
    assert.ok(isomorphic(stored, [...toRdfJsDataset(fromRdfJsDataset(dataset(quads)))]), url);
  }
});

test("the containers on the way were made and list what they hold", async () => {
  const container = `${owner.pod}contacts/b1/`;
  const listed = getContainedResourceUrlAll(await getSolidDataset(container, { fetch: fetchAs.get(owner) }));
  assert.deepEqual(listed.sort(), ["Group/", "Org/", "Person/", "groups.ttl", "index.ttl", "people.ttl"].map((name) => container + name));
});

test("nobody else reads them before they are shared", async () => {
  for (const url of [...book.keys(), ...payslip.keys()]) {
    await refused(url, colleague, 403);
    await refused(url, undefined, 401);
  }
});

test("one document is shared with one person, who reads it with rdflib", async () => {
  const url = `${owner.pod}contacts/b1/people.ttl`;
  const as = { fetch: fetchAs.get(owner) };
  const access = await universalAccess.setAgentAccess(url, colleague.webId, { read: true }, as);
  assert.deepEqual(access, { read: true, append: false, write: false, controlRead: false, controlWrite: false });

  const store = await load(url, colleague);
  const names = store.each(undefined, FN, undefined, sym(url)).length;
  assert.equal(names, 2);
  const teacher = sym(`${owner.pod}contacts/b1/Person/p6/index.ttl#this`);
  assert.equal(store.anyValue(teacher, FN, null, sym(url)), "Yann-Ber Prototype");

  await refused(url, stranger, 403);
  await refused(url, undefined, 401);
  await refused(`${owner.pod}contacts/b1/groups.ttl`, colleague, 403);
  const overwriting = saveSolidDatasetAt(url, fromRdfJsDataset(dataset(book.get(url))), { fetch: fetchAs.get(colleague) });
  await assert.rejects(overwriting, { statusCode: 403 });
});

test("the payslip is shared without its amounts", async () => {
  const [record, amounts] = [...payslip.keys()];
  await universalAccess.setAgentAccess(record, colleague.webId, { read: true }, { fetch: fetchAs.get(owner) });
  assert.ok((await load(record, colleague)).length > 0);
  await refused(amounts, colleague, 403);

  const own = await load(amounts, owner);
  const net = own.any(sym(`${amounts}#it`), NET);
  assert.equal(own.anyValue(net, VALUE), "2104.17");
});

test("the owner keeps their access, and ends that of the other", async () => {
  const url = `${owner.pod}contacts/b1/people.ttl`;
  const as = { fetch: fetchAs.get(owner) };
  await universalAccess.setAgentAccess(url, colleague.webId, { read: false }, as);
  await refused(url, colleague, 403);
  const own = await universalAccess.getAgentAccess(url, owner.webId, as);
  assert.deepEqual(own, { read: true, append: true, write: true, controlRead: true, controlWrite: true });
});
