"""Validates documents with `shapes/`, by an implementation of SHACL that is not ours.

    python tests/shapes/check.py [FOLDER]

Every bad graph of `tests/fixtures/shapes/bad/` is rejected by the shape that its file is named after, and by no other.
The example documents conform, and so does every document of FOLDER: what a server wrote into pods.
"""

import logging
import sys
from pathlib import Path

import pyshacl
from rdflib import BNode, Dataset, Graph
from rdflib.namespace import SH

ROOT = Path(__file__).resolve().parents[2]
NAMESPACE = "https://w3id.org/cartable/shapes#"
BASE = "https://pod.example/document"


def load_shapes() -> Graph:
    shapes = Graph()
    for file in sorted((ROOT / "shapes").glob("*.ttl")):
        shapes.parse(file)
    return shapes


def rejecting(graph: Graph, shapes: Graph) -> set[str]:
    """The names of the shapes that a graph does not conform to, warnings included."""
    _, report, _ = pyshacl.validate(graph, shacl_graph=shapes)
    names = set()
    # What is nested in a result only tells more about it.
    for result in report.objects(None, SH.result):
        shape = report.value(result, SH.sourceShape)
        while isinstance(shape, BNode):
            shape = shapes.value(predicate=SH.property, object=shape)
        names.add(str(shape).removeprefix(NAMESPACE))
    return names


def check_bad(shapes: Graph) -> list[str]:
    wrong = []
    files = sorted((ROOT / "tests/fixtures/shapes/bad").glob("*.ttl"))
    for file in files:
        found = rejecting(Graph().parse(file, publicID=BASE), shapes)
        expected = {file.name.split(".")[0]}
        if found != expected:
            wrong.append(f"{file.name}: rejected by {sorted(found)}")
    targets = [SH.targetClass, SH.targetSubjectsOf, SH.targetObjectsOf]
    named = {str(shape).removeprefix(NAMESPACE) for target in targets for shape in shapes.subjects(target)}
    missing = named - {file.name.split(".")[0] for file in files}
    wrong.extend(f"{name}: there is no bad graph" for name in sorted(missing))
    print(f"{len(files)} bad graphs for {len(named)} shapes")
    return wrong


def check_examples(shapes: Graph) -> list[str]:
    wrong = []
    for file in sorted((ROOT / "tests/fixtures/examples").glob("*.trig")):
        documents = Dataset()
        documents.parse(file, format="trig")
        for document in documents.graphs():
            # A document is checked by itself, as it is stored.
            graph = Graph()
            for triple in document:
                graph.add(triple)
            wrong.extend(f"{document.identifier}: {name}" for name in rejecting(graph, shapes))
    return wrong


def check_folder(folder: Path, shapes: Graph) -> list[str]:
    files = sorted(folder.rglob("*.ttl"))
    print(f"{len(files)} documents of {folder}")
    if not files:
        return [f"{folder}: there is nothing"]
    wrong = []
    for file in files:
        found = rejecting(Graph().parse(file, publicID=BASE), shapes)
        wrong.extend(f"{file.relative_to(folder)}: {name}" for name in sorted(found))
    return wrong


def main() -> int:
    # That a literal is ill-formed is for the shapes to say.
    logging.getLogger("rdflib").setLevel(logging.CRITICAL)
    shapes = load_shapes()
    wrong = check_bad(shapes) + check_examples(shapes)
    for folder in sys.argv[1:]:
        wrong += check_folder(Path(folder), shapes)
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
