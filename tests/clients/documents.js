// The example documents of tests/fixtures/examples: TriG in which one named graph is one document.

import { readFile } from "node:fs/promises";
import { DataFactory, Parser, Store } from "n3";

const { namedNode, quad } = DataFactory;

/** The documents of an example, as a map from URL to quads, with the placeholder host replaced by `pod`. */
export async function documents(example, pod) {
  const file = new URL(`../fixtures/examples/${example}.trig`, import.meta.url);
  const text = (await readFile(file, "utf8")).replaceAll(placeholder(example), pod);
  const byUrl = new Map();
  for (const { subject, predicate, object, graph } of new Parser({ format: "application/trig" }).parse(text)) {
    if (!byUrl.has(graph.value)) byUrl.set(graph.value, []);
    byUrl.get(graph.value).push(quad(subject, predicate, object));
  }
  return byUrl;
}

/** The triples of a Turtle text. */
export function turtle(text, base) {
  return new Parser({ format: "text/turtle", baseIRI: base }).parse(text);
}

/** Quads as an RDF/JS dataset. */
export function dataset(quads) {
  return new Store(quads);
}

/** The objects of `property` of `subject`, as text. */
export function values(quads, subject, property) {
  return dataset(quads)
    .getObjects(namedNode(subject), namedNode(property), null)
    .map((term) => term.value);
}

function placeholder(example) {
  const owner = { "contacts-book": "nexemplaire", payslip: "rfactice" }[example];
  return `https://${owner}.pods.armorique.example/`;
}
