// What @inrupt/solid-client relies on. Requirements: P-128, P-153, P-225, P-228.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  buildThing,
  createAclFromFallbackAcl,
  createContainerAt,
  createContainerInContainer,
  createSolidDataset,
  createThing,
  deleteAclFor,
  deleteContainer,
  deleteFile,
  deleteSolidDataset,
  getContainedResourceUrlAll,
  getContentType,
  getEffectiveAccess,
  getFile,
  getJsonLdParser,
  getLinkedResourceUrlAll,
  getPodUrlAll,
  getResourceInfo,
  getSolidDataset,
  getSolidDatasetWithAcl,
  getSourceUrl,
  getStringNoLocale,
  getThing,
  getThingAll,
  getWebIdDataset,
  hasFallbackAcl,
  hasResourceAcl,
  isContainer,
  isRawData,
  overwriteFile,
  saveAclFor,
  saveFileInContainer,
  saveSolidDatasetAt,
  saveSolidDatasetInContainer,
  setAgentResourceAccess,
  setPublicResourceAccess,
  setStringNoLocale,
  setThing,
} from "@inrupt/solid-client";
import { startServer } from "./server.js";

const TITLE = "http://purl.org/dc/terms/title";
const NO_ACCESS = { read: false, append: false, write: false };
const ALL_MODES = { read: true, append: true, write: true, control: true };

let server, owner, other, as, asOther;

before(async () => {
  server = await startServer();
  [owner, other] = ["owner", "other"].map(server.person);
  as = { fetch: (await owner.session()).fetch };
  asOther = { fetch: (await other.session()).fetch };
});

after(() => server?.stop());

function titled(title) {
  return setThing(createSolidDataset(), buildThing(createThing({ name: "it" })).addStringNoLocale(TITLE, title).build());
}

function titleIn(found, url) {
  return getStringNoLocale(getThing(found, `${url}#it`), TITLE);
}

test("a new document is created once: a second creation does not overwrite it", async () => {
  const url = `${owner.pod}notes/one.ttl`;
  await saveSolidDatasetAt(url, titled("first"), as);
  await assert.rejects(saveSolidDatasetAt(url, titled("second"), as), { statusCode: 412 });
  assert.equal(titleIn(await getSolidDataset(url, as), url), "first");
});

test("changes to a loaded document are saved, also when there are none", async () => {
  const url = `${owner.pod}notes/two.ttl`;
  await saveSolidDatasetAt(url, titled("before"), as);
  const loaded = await getSolidDataset(url, as);
  const changed = setThing(loaded, setStringNoLocale(getThing(loaded, `${url}#it`), TITLE, "after"));
  await saveSolidDatasetAt(url, changed, as);
  const again = await getSolidDataset(url, as);
  assert.equal(titleIn(again, url), "after");
  assert.equal(getThingAll(again).length, 1);
  await saveSolidDatasetAt(url, again, as);
  assert.equal(titleIn(await getSolidDataset(url, as), url), "after");
});

test("a document in a container gets the suggested name, or one of its own", async () => {
  const container = `${owner.pod}notes/`;
  const named = await saveSolidDatasetInContainer(container, titled("slug"), { ...as, slugSuggestion: "named.ttl" });
  assert.equal(getSourceUrl(named), `${container}named.ttl`);
  const again = await saveSolidDatasetInContainer(container, titled("slug"), { ...as, slugSuggestion: "named.ttl" });
  assert.notEqual(getSourceUrl(again), getSourceUrl(named));
  assert.ok(getSourceUrl(again).startsWith(container));
});

test("containers are made at a URL and in a container, and only once", async () => {
  const url = `${owner.pod}boxes/a/`;
  await createContainerAt(url, as);
  await assert.rejects(createContainerAt(url, as), { statusCode: 412 });
  const inside = await createContainerInContainer(`${owner.pod}boxes/`, { ...as, slugSuggestion: "b" });
  assert.equal(getSourceUrl(inside), `${owner.pod}boxes/b/`);
  const listed = getContainedResourceUrlAll(await getSolidDataset(`${owner.pod}boxes/`, as));
  assert.deepEqual(listed.sort(), [url, `${owner.pod}boxes/b/`]);
});

test("files keep their bytes and their type", async () => {
  const bytes = new Uint8Array([0, 255, 13, 10, 0x89, 0x50]);
  const url = `${owner.pod}files/photo.png`;
  await overwriteFile(url, new Blob([bytes]), { ...as, contentType: "image/png" });
  const file = await getFile(url, as);
  assert.deepEqual(new Uint8Array(await file.arrayBuffer()), bytes);
  assert.equal(file.type, "image/png");
  await overwriteFile(url, new Blob(["plain"]), { ...as, contentType: "text/plain" });
  assert.equal(await (await getFile(url, as)).text(), "plain");

  const saved = await saveFileInContainer(`${owner.pod}files/`, new Blob(["é"]), { ...as, slug: "été.txt", contentType: "text/plain;charset=utf-8" });
  assert.equal(getSourceUrl(saved), `${owner.pod}files/${encodeURIComponent("été.txt")}`);
  assert.equal(await (await getFile(getSourceUrl(saved), as)).text(), "é");
});

test("resource info tells type, linked resources and effective access", async () => {
  const document = `${owner.pod}notes/info.ttl`;
  await saveSolidDatasetAt(document, titled("info"), as);
  const info = await getResourceInfo(document, as);
  assert.equal(getContentType(info), "text/turtle");
  assert.equal(isRawData(info), false);
  assert.equal(isContainer(info), false);
  assert.deepEqual(getLinkedResourceUrlAll(info).acl, [`${document}.acl`]);
  assert.deepEqual(getLinkedResourceUrlAll(info).describedby, [`${document}.meta`]);
  assert.deepEqual(getEffectiveAccess(info), { user: { read: true, append: true, write: true }, public: NO_ACCESS });

  const container = await getResourceInfo(`${owner.pod}notes/`, as);
  assert.equal(isContainer(container), true);
  assert.deepEqual(getLinkedResourceUrlAll(container).acl, [`${owner.pod}notes/.acl`]);

  const profile = await getResourceInfo(owner.webId, asOther);
  assert.deepEqual(getEffectiveAccess(profile), { user: { ...NO_ACCESS, read: true }, public: { ...NO_ACCESS, read: true } });
});

test("the same document is read as JSON-LD", async () => {
  const url = `${owner.pod}notes/json.ttl`;
  await saveSolidDatasetAt(url, titled("json"), as);
  const parsers = { "application/ld+json": getJsonLdParser() };
  assert.equal(titleIn(await getSolidDataset(url, { ...as, parsers }), url), "json");
});

test("the WebID leads to the pod", async () => {
  assert.deepEqual(await getPodUrlAll(owner.webId), [owner.pod]);
  const profile = await getWebIdDataset(owner.webId);
  assert.ok(getThing(profile, owner.webId));
});

test("an ACL is made from the inherited one, changes access, and is removed again", async () => {
  const url = `${owner.pod}notes/shared.ttl`;
  await saveSolidDatasetAt(url, titled("shared"), as);
  const found = await getSolidDatasetWithAcl(url, as);
  assert.equal(hasResourceAcl(found), false);
  assert.ok(hasFallbackAcl(found));
  let acl = createAclFromFallbackAcl(found);
  acl = setAgentResourceAccess(acl, owner.webId, ALL_MODES);
  acl = setAgentResourceAccess(acl, other.webId, { ...NO_ACCESS, read: true, append: true, control: false });
  await saveAclFor(found, acl, as);

  const info = await getResourceInfo(url, asOther);
  assert.deepEqual(getEffectiveAccess(info), { user: { ...NO_ACCESS, read: true, append: true }, public: NO_ACCESS });

  const shared = await getSolidDatasetWithAcl(url, as);
  assert.ok(hasResourceAcl(shared));
  await saveAclFor(shared, setPublicResourceAccess(shared.internal_acl.resourceAcl, { ...NO_ACCESS, read: true, control: false }), as);
  assert.equal(titleIn(await getSolidDataset(url), url), "shared");

  await deleteAclFor(await getSolidDatasetWithAcl(url, as), as);
  await assert.rejects(getSolidDataset(url), { statusCode: 401 });
  await assert.rejects(getSolidDataset(url, asOther), { statusCode: 403 });
});

test("everything is removed: documents, files, and containers once they are empty", async () => {
  const container = `${owner.pod}gone/`;
  await createContainerAt(container, as);
  const names = ["a.ttl", "b.ttl", "c.ttl"].map((name) => container + name);
  await Promise.all(names.map((url) => saveSolidDatasetAt(url, titled("gone"), as)));
  await overwriteFile(`${container}d.bin`, new Blob(["x"]), as);
  await assert.rejects(deleteContainer(container, as), { statusCode: 409 });
  await Promise.all([...names.map((url) => deleteSolidDataset(url, as)), deleteFile(`${container}d.bin`, as)]);
  assert.deepEqual(getContainedResourceUrlAll(await getSolidDataset(container, as)), []);
  await deleteContainer(container, as);
  await assert.rejects(getSolidDataset(container, as), { statusCode: 404 });
});
