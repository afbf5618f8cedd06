// Two readers of address books that know nothing of Cartable: each lists the books of a WebID, and in them people with their
// e-mail addresses, and groups with their members. Both give { title, people: { name: [e-mail] }, groups: { name: [name] } }.

import contacts from "@solid-data-modules/contacts-rdflib";
import { Fetcher, graph, Namespace, sym, UpdateManager } from "rdflib";

const DC = Namespace("http://purl.org/dc/elements/1.1/");
const PIM = Namespace("http://www.w3.org/ns/pim/space#");
const SOLID = Namespace("http://www.w3.org/ns/solid/terms#");
const VCARD = Namespace("http://www.w3.org/2006/vcard/ns#");

function load(fetch) {
  const store = graph();
  const fetcher = new Fetcher(store, { fetch });
  return { store, fetcher };
}

/** The module of solid-contrib, which PodOS shows contacts with. */
export async function dataModules(webId, fetch) {
  const { store, fetcher } = load(fetch);
  const module = new (contacts.default ?? contacts)({ store, fetcher, updater: new UpdateManager(store) });
  const { publicUris, privateUris } = await module.listAddressBooks(webId);
  const books = [];
  for (const uri of [...publicUris, ...privateUris]) {
    const book = await module.readAddressBook(uri);
    const people = {};
    for (const contact of book.contacts) {
      const full = await module.readContact(contact.uri);
      people[full.name] = full.emails.map((email) => email.value).sort();
    }
    const groups = {};
    for (const group of book.groups) {
      const full = await module.readGroup(group.uri);
      groups[full.name] = full.members.map((member) => member.name).sort();
    }
    books.push({ title: book.title, people, groups });
  }
  return books;
}

/** The model of SolidOS: its contacts pane needs a browser, so this follows the same links through the same library. */
export async function solidOs(webId, fetch) {
  const { store, fetcher } = load(fetch);
  const me = sym(webId);
  await fetcher.load(me.doc());
  const preferences = store.any(me, PIM("preferencesFile"));
  await fetcher.load(preferences);
  const indexes = [
    ...store.each(me, SOLID("publicTypeIndex"), null, me.doc()),
    ...store.each(me, SOLID("privateTypeIndex"), null, preferences.doc()),
  ];
  await Promise.all(indexes.map((index) => fetcher.load(index)));
  const registrations = indexes.flatMap((index) => store.each(null, SOLID("forClass"), VCARD("AddressBook"), index));
  const books = registrations.flatMap((registration) => store.each(registration, SOLID("instance")));
  return Promise.all(books.map((book) => readBook(store, fetcher, book)));
}

async function readBook(store, fetcher, book) {
  await fetcher.load(book.doc());
  const [peopleIndex, groupIndex] = ["nameEmailIndex", "groupIndex"].map((name) => store.any(book, VCARD(name), null, book.doc()));
  await fetcher.load([peopleIndex, groupIndex]);
  const name = (thing, document) => store.anyValue(thing, VCARD("fn"), null, document);

  const people = {};
  for (const person of store.each(null, VCARD("inAddressBook"), book, peopleIndex)) {
    await fetcher.load(person.doc());
    const emails = store.each(person, VCARD("hasEmail"), null, person.doc());
    people[name(person, peopleIndex)] = emails.map((email) => store.anyValue(email, VCARD("value"), null, email.doc()).replace("mailto:", "")).sort();
  }
  const groups = {};
  for (const group of store.each(book, VCARD("includesGroup"), null, groupIndex)) {
    await fetcher.load(group.doc());
    const members = store.each(group, VCARD("hasMember"), null, group.doc());
    groups[name(group, groupIndex)] = members.map((member) => name(member, group.doc())).sort();
  }
  const title = store.anyValue(book, DC("title")) ?? name(book, book.doc());
  return { title, people, groups };
}
