// What rdflib, and with it solid-ui and mashlib, relies on. Requirements: P-226, P-227.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { BlankNode, Fetcher, Namespace, UpdateManager, graph, lit, st, sym } from "rdflib";
import { startServer } from "./server.js";

const DCT = Namespace("http://purl.org/dc/terms/");
const LDP = Namespace("http://www.w3.org/ns/ldp#");
const LINK = Namespace("http://www.w3.org/2007/ont/link#");
const RDF = Namespace("http://www.w3.org/1999/02/22-rdf-syntax-ns#");
const STAT = Namespace("http://www.w3.org/ns/posix/stat#");
const VCARD = Namespace("http://www.w3.org/2006/vcard/ns#");
const IANA = "http://www.iana.org/assignments/link-relations/";

let server, owner, other, ownerFetch, otherFetch;

before(async () => {
  server = await startServer();
  [owner, other] = ["owner", "other"].map(server.person);
  ownerFetch = (await owner.session()).fetch;
  otherFetch = (await other.session()).fetch;
});

after(() => server?.stop());

/** A store of its own, as an application has after a fresh start. */
function client(fetch) {
  const store = graph();
  const fetcher = new Fetcher(store, { fetch });
  return { store, fetcher, updater: new UpdateManager(store) };
}

async function put(url, data, contentType = "text/turtle") {
  const { fetcher } = client(ownerFetch);
  await fetcher.webOperation("PUT", url, { data, contentType });
}

test("a document is created, and inserts and deletes are saved", async () => {
  const doc = sym(`${owner.pod}notes/update.ttl`);
  const { store, fetcher, updater } = client(ownerFetch);
  await fetcher.createIfNotExists(doc);
  await updater.update([], [st(doc, DCT("title"), lit("one"), doc), st(doc, DCT("subject"), lit("kept"), doc)]);
  await updater.update([st(doc, DCT("title"), lit("one"), doc)], [st(doc, DCT("title"), lit("two"), doc)]);
  assert.equal(store.anyValue(doc, DCT("title"), null, doc), "two");

  const fresh = client(ownerFetch);
  await fresh.fetcher.load(doc);
  assert.deepEqual(fresh.store.each(doc, DCT("title"), null, doc).map((o) => o.value), ["two"]);
  assert.equal(fresh.store.anyValue(doc, DCT("subject"), null, doc), "kept");
});

test("blank nodes are inserted, found again by what is said of them, and deleted", async () => {
  const doc = sym(`${owner.pod}notes/blank.ttl`);
  await put(doc.value, `@prefix vcard: <http://www.w3.org/2006/vcard/ns#> .
<#it> vcard:hasTelephone [ a vcard:Home; vcard:value <tel:+33200000001> ], [ a vcard:Work; vcard:value <tel:+33200000002> ] .`);
  const { store, fetcher, updater } = client(ownerFetch);
  await fetcher.load(doc);
  const it = sym(`${doc.value}#it`);
  const home = store.any(null, RDF("type"), VCARD("Home"), doc);
  assert.equal(home.termType, "BlankNode");
  await updater.update(
    [st(home, VCARD("value"), sym("tel:+33200000001"), doc)],
    [st(home, VCARD("value"), sym("tel:+33200000003"), doc)],
  );
  const extra = new BlankNode();
  await updater.update([], [st(it, VCARD("hasTelephone"), extra, doc), st(extra, VCARD("value"), sym("tel:+33200000004"), doc)]);

  const fresh = client(ownerFetch);
  await fresh.fetcher.load(doc);
  const numbers = fresh.store.each(it, VCARD("hasTelephone"), null, doc).map((node) => fresh.store.anyValue(node, VCARD("value"), null, doc));
  assert.deepEqual(numbers.sort(), ["tel:+33200000002", "tel:+33200000003", "tel:+33200000004"]);
});

test("what may be edited is learnt from the headers", async () => {
  const url = `${owner.pod}notes/editable.ttl`;
  await put(url, '<#it> <http://purl.org/dc/terms/title> "mine" .');
  const mine = client(ownerFetch);
  await mine.fetcher.load(url);
  assert.equal(mine.updater.editable(url), "SPARQL");

  const profile = owner.webId.split("#")[0];
  const theirs = client(otherFetch);
  await theirs.fetcher.load(profile);
  assert.equal(theirs.updater.editable(profile), false);
});

test("links lead to the ACL and the description", async () => {
  const url = `${owner.pod}notes/links.ttl`;
  await put(url, '<#it> <http://purl.org/dc/terms/title> "linked" .');
  const { store, fetcher } = client(ownerFetch);
  const { headers } = await fetcher.load(url);
  assert.match(headers.get("wac-allow"), /user="[^"]*write[^"]*"/);
  assert.match(headers.get("accept-patch"), /application\/sparql-update/);
  assert.equal(store.any(sym(url), sym(`${IANA}acl`))?.value ?? store.any(sym(url), LINK("acl"))?.value, `${url}.acl`);
  assert.equal(store.any(sym(url), sym(`${IANA}describedby`))?.value, `${url}.meta`);
});

test("a container lists types, sizes and dates as Turtle", async () => {
  const container = sym(`${owner.pod}listed/`);
  await put(`${container.value}a.ttl`, '<#it> <http://purl.org/dc/terms/title> "a" .');
  await put(`${container.value}b.txt`, "12345", "text/plain");
  await put(`${container.value}sub/c.txt`, "c", "text/plain");

  const { store, fetcher } = client(ownerFetch);
  await fetcher.load(container);
  const held = store.each(container, LDP("contains"), null, container).map((node) => node.value);
  assert.deepEqual(held.sort(), ["a.ttl", "b.txt", "sub/"].map((name) => container.value + name));

  const text = sym(`${container.value}b.txt`);
  assert.equal(store.anyValue(text, STAT("size"), null, container), "5");
  assert.match(store.anyValue(text, STAT("mtime"), null, container), /^\d+$/);
  assert.ok(!Number.isNaN(Date.parse(store.anyValue(text, DCT("modified"), null, container))));
  assert.ok(store.holds(text, RDF("type"), sym("http://www.w3.org/ns/iana/media-types/text/plain#Resource"), container));
  assert.ok(store.holds(sym(`${container.value}sub/`), RDF("type"), LDP("Container"), container));
  assert.ok(store.holds(container, RDF("type"), LDP("BasicContainer"), container));
});

test("containers are created and documents deleted", async () => {
  const { fetcher } = client(ownerFetch);
  const created = await fetcher.createContainer(`${owner.pod}`, "made");
  assert.equal(created.status, 201);
  const url = `${owner.pod}made/x.ttl`;
  await put(url, '<#it> <http://purl.org/dc/terms/title> "x" .');
  await fetcher.delete(url);
  await assert.rejects(client(ownerFetch).fetcher.load(url), (error) => error.status === 404 || error.response.status === 404);
});

test("two editors of one document do not lose each other's changes", async () => {
  const doc = sym(`${owner.pod}notes/both.ttl`);
  await put(doc.value, '<#it> <http://purl.org/dc/terms/title> "start" .');
  const editors = [client(ownerFetch), client(ownerFetch)];
  for (const { fetcher } of editors) await fetcher.load(doc);
  await Promise.all(editors.map(({ updater }, n) => updater.update([], [st(doc, DCT("subject"), lit(`editor ${n}`), doc)])));
  const fresh = client(ownerFetch);
  await fresh.fetcher.load(doc);
  assert.deepEqual(fresh.store.each(doc, DCT("subject"), null, doc).map((o) => o.value).sort(), ["editor 0", "editor 1"]);
});
