// A school's contacts come into a pod through the pages, as a person would bring them, and readers that know nothing of
// Cartable find everybody. What the server wrote is kept in `target/ci/pods/`, where SHACL checks it.

import assert from "node:assert/strict";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { getContainedResourceUrlAll, getSolidDataset } from "@inrupt/solid-client";
import { dataModules, solidOs } from "./readers.js";
import { startSchool } from "./school.js";

const KEPT = fileURLToPath(new URL("../../target/ci/pods/", import.meta.url));
const WITHIN_MS = 60_000;

let school, owner;

before(async () => {
  school = await startSchool();
  owner = (await school.session()).fetch;
  const visitor = await school.signIn();
  const people = await visitor.open(`${school.base}.account/connectors/new/contacts/armorique/`);
  assert.ok(people.url.startsWith(school.school), people.url);
  const connected = await visitor.send(people, "person", { person: "malo" });
  assert.equal(connected.status, 200);
  await done(visitor);
});

after(() => school?.stop());

/** Waits until no connector of the page is at work. */
async function done(visitor) {
  const deadline = Date.now() + WITHIN_MS;
  while (Date.now() < deadline) {
    const found = await owner(`${school.pod}contacts/`);
    const page = await visitor.open(`${school.base}.account/connectors/`);
    if (found.ok && !/progress/.test(page.text)) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error("the contacts did not come");
}

/** What a reader should find of an answer of the school. */
async function expected(file) {
  const answer = JSON.parse(await readFile(new URL(`../fixtures/ent/${file}`, import.meta.url), "utf8"));
  const name = (contact) => [contact.firstname, contact.lastname].filter(Boolean).join(" ");
  const byId = new Map(answer.contacts.map((contact) => [contact.uuid, name(contact)]));
  const people = Object.fromEntries(answer.contacts.map((contact) => [name(contact), contact.mail ? [contact.mail] : []]));
  const all = answer.structures.flatMap((structure) => structure.groups);
  const groups = Object.fromEntries(all.map((group) => [group.name, group.group_contacts.map(({ uuid }) => byId.get(uuid)).sort()]));
  return { people, groups };
}

for (const reader of [dataModules, solidOs]) {
  test(`${reader.name} finds everybody whom the school knows`, async () => {
    const [book, ...others] = await reader(school.webId, owner);
    assert.deepEqual(others, []);
    const { people, groups } = await expected("contacts-pupil-initial.json");
    assert.match(book.title, /^Carnet scolaire/);
    assert.deepEqual(book.people, people);
    assert.deepEqual(book.groups, groups);
  });
}

test("every document is kept for SHACL", async () => {
  await rm(KEPT, { recursive: true, force: true });
  const kept = await keep(`${school.pod}contacts/`);
  assert.ok(kept > 10, `${kept}`);
});

/** Keeps the documents below a container; their number. */
async function keep(container) {
  const folder = KEPT + new URL(container).pathname.slice(1);
  await mkdir(folder, { recursive: true });
  let kept = 0;
  for (const url of getContainedResourceUrlAll(await getSolidDataset(container, { fetch: owner }))) {
    if (url.endsWith("/")) {
      kept += await keep(url);
    } else if (url.endsWith(".ttl")) {
      const answer = await owner(url, { headers: { Accept: "text/turtle" } });
      await writeFile(KEPT + new URL(url).pathname.slice(1), await answer.text());
      kept += 1;
    }
  }
  return kept;
}
