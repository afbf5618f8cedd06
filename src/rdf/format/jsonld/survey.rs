//! A look at a JSON-LD document before it is read: what its contexts could make it cost.
//!
//! The parser keeps whole objects in memory, recurses along terms that are defined by terms, and works through a
//! context wherever one applies. A few kilobytes could ask for gigabytes, hours or the whole stack.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};

use json_event_parser::{JsonEvent, SliceJsonParser};

use super::super::{Format, Malformed, bounds, contexts};

/// Arrays and objects within each other.
const NESTING: usize = 64;

/// Terms that are defined by terms, one after the other.
const CHAIN: usize = 16;

/// Values, times the objects that each is in: the parser copies an object's values for each object around it.
const COPIES: usize = 4_000_000;

/// Bytes of contexts, times how often they apply: about two seconds.
const CONTEXT_WORK: usize = 32 << 20;

/// Bytes of different contexts.
const CONTEXTS: usize = 1 << 20;

/// Refuses documents that nest too deep, say too much, or whose contexts multiply.
pub(super) fn check(bytes: &[u8]) -> Result<(), Malformed> {
    let mut survey = Survey {
        json: SliceJsonParser::new(bytes),
        values: 0,
        copies: 0,
        contexts: 0,
        context_text: 0,
        longest: 0,
        expansion: 0,
        scoped: false,
        known: HashSet::new(),
        hashes: RandomState::new(),
    };
    let root = survey.next()?;
    survey.data(&root, 0)?;
    survey.next()?;
    // With scoped contexts, any value can make a context apply once more.
    let times = if survey.scoped { survey.values } else { survey.contexts };
    let context_work = survey.context_text.saturating_mul(times);
    let expanded_text = (survey.longest + survey.expansion).saturating_mul(survey.values);
    if survey.values > bounds::TRIPLES || survey.copies > COPIES {
        return Err(Malformed::because("the document says too much"));
    }
    if survey.context_text > CONTEXTS || context_work > CONTEXT_WORK || expanded_text > bounds::TEXT {
        return Err(Malformed::because("the document's contexts say too much"));
    }
    Ok(())
}

struct Survey<'a> {
    json: SliceJsonParser<'a>,
    /// Values of any kind outside of contexts.
    values: usize,
    /// The same, times their depth.
    copies: usize,
    /// Contexts, each time one is named or given.
    contexts: usize,
    /// Bytes of different contexts.
    context_text: usize,
    /// Bytes of the longest name that a context makes by itself.
    longest: usize,
    /// Bytes that contexts which build upon others can add to a name.
    expansion: usize,
    /// Whether a term has a context of its own.
    scoped: bool,
    /// Contexts that were counted, by their hashes.
    known: HashSet<u64>,
    hashes: RandomState,
}

impl<'a> Survey<'a> {
    fn next(&mut self) -> Result<JsonEvent<'a>, Malformed> {
        self.json.parse_next().map_err(|error| {
            let start = error.location().start;
            Malformed::at(Format::JsonLd, start.line + 1, start.column + 1)
        })
    }

    /// The next element of an array, or the next key of an object; `None` at its end.
    fn more(&mut self) -> Result<Option<JsonEvent<'a>>, Malformed> {
        let event = self.next()?;
        Ok((!matches!(event, JsonEvent::EndArray | JsonEvent::EndObject | JsonEvent::Eof)).then_some(event))
    }

    fn data(&mut self, value: &JsonEvent<'a>, depth: usize) -> Result<(), Malformed> {
        self.values += 1;
        self.copies += depth;
        check_depth(depth)?;
        if !matches!(value, JsonEvent::StartArray | JsonEvent::StartObject) {
            return Ok(());
        }
        while let Some(event) = self.more()? {
            match event {
                JsonEvent::ObjectKey(key) if key == "@context" => {
                    let context = self.next()?;
                    self.context(context, depth + 1)?;
                }
                JsonEvent::ObjectKey(_) => {
                    let value = self.next()?;
                    self.data(&value, depth + 1)?;
                }
                element => self.data(&element, depth + 1)?,
            }
        }
        Ok(())
    }

    /// A context by URL, in place, or several in an array.
    fn context(&mut self, value: JsonEvent<'a>, depth: usize) -> Result<(), Malformed> {
        check_depth(depth)?;
        match value {
            JsonEvent::StartArray => {
                while let Some(element) = self.more()? {
                    self.context(element, depth + 1)?;
                }
            }
            JsonEvent::StartObject => {
                self.contexts += 1;
                self.terms(depth)?;
            }
            JsonEvent::String(url) => {
                self.contexts += 1;
                self.count(&url);
            }
            _ => self.contexts += 1,
        }
        Ok(())
    }

    fn count(&mut self, url: &str) {
        let text = contexts::at(url).unwrap_or_default();
        if self.known.insert(self.hashes.hash_one(text)) {
            self.context_text += text.len();
        }
    }

    fn terms(&mut self, depth: usize) -> Result<(), Malformed> {
        let mut terms = Terms::new();
        while let Some(JsonEvent::ObjectKey(term)) = self.more()? {
            let mut texts = vec![term.clone()];
            let definition = self.next()?;
            if let (JsonEvent::String(url), "@import") = (&definition, &*term) {
                self.count(url);
            }
            self.definition(definition, depth + 1, &mut texts)?;
            terms.entry(term).or_default().extend(texts);
        }
        if self.known.insert(self.hashes.hash_one(&terms)) {
            self.context_text += terms.values().flatten().map(|text| text.len()).sum::<usize>();
        }
        let length = expansion(&terms)?;
        if builds_on_others(&terms) {
            self.expansion += length;
        } else {
            self.longest = self.longest.max(length);
        }
        Ok(())
    }

    /// Collects the texts of a term's definition.
    fn definition(
        &mut self,
        value: JsonEvent<'a>,
        depth: usize,
        texts: &mut Vec<Cow<'a, str>>,
    ) -> Result<(), Malformed> {
        check_depth(depth)?;
        match value {
            JsonEvent::String(text) => texts.push(text),
            JsonEvent::StartArray | JsonEvent::StartObject => {
                while let Some(event) = self.more()? {
                    match event {
                        JsonEvent::ObjectKey(key) if key == "@context" => {
                            self.scoped = true;
                            let context = self.next()?;
                            self.context(context, depth + 1)?;
                        }
                        JsonEvent::ObjectKey(_) => {
                            let value = self.next()?;
                            self.definition(value, depth + 1, texts)?;
                        }
                        element => self.definition(element, depth + 1, texts)?,
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }
}

fn check_depth(depth: usize) -> Result<(), Malformed> {
    if depth > NESTING { Err(Malformed::because("the document nests too deep")) } else { Ok(()) }
}

/// Terms of one context, with the texts of their definitions.
type Terms<'a> = BTreeMap<Cow<'a, str>, Vec<Cow<'a, str>>>;

/// Whether names of a context can grow out of those of an earlier one: by a prefix, or a relative base or vocabulary.
fn builds_on_others(terms: &Terms<'_>) -> bool {
    let absolute = |text: &str| text.contains("://");
    let alone = |text: &str| {
        text.split_once(':').is_none_or(|(prefix, rest)| rest.starts_with("//") || terms.contains_key(prefix))
    };
    terms.iter().any(|(term, texts)| {
        let is_base = matches!(&**term, "@base" | "@vocab");
        texts.iter().skip(usize::from(is_base)).any(|text| if is_base { !absolute(text) } else { !alone(text) })
    })
}

/// The most bytes that a term of a context stands for, where terms may be made of terms.
fn expansion(terms: &Terms<'_>) -> Result<usize, Malformed> {
    let mut reached = HashMap::new();
    let mut longest = 0;
    for term in terms.keys() {
        longest = longest.max(reach(term, terms, &mut reached, 0)?.1);
    }
    Ok(longest)
}

/// How many terms a term is made of, and the bytes it stands for. A cycle ends where it closes: the parser refuses it.
fn reach<'t>(
    term: &'t str,
    terms: &'t Terms<'_>,
    reached: &mut HashMap<&'t str, (usize, usize)>,
    depth: usize,
) -> Result<(usize, usize), Malformed> {
    if let Some(known) = reached.get(term) {
        return Ok(*known);
    }
    reached.insert(term, (0, 0));
    let (mut height, mut length) = (0, 0);
    for text in terms.get(term).into_iter().flatten() {
        let prefix = text.split_once(':').map_or("", |(prefix, _)| prefix);
        length = length.max(text.len());
        for name in [&**text, prefix].into_iter().filter(|name| *name != term && terms.contains_key(*name)) {
            let (above, more) = reach(name, terms, reached, depth + 1)?;
            height = height.max(above + 1);
            length = length.max(text.len() + more);
        }
        if height.max(depth) > CHAIN {
            return Err(Malformed::because("the terms of a JSON-LD context hang together too far"));
        }
    }
    reached.insert(term, (height, length));
    Ok((height, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn honest_contexts_pass() {
        let texts = [
            "{}",
            "[]",
            "\"text\"",
            r#"{"@context": "https://www.w3.org/ns/activitystreams", "type": "Create"}"#,
            r#"{"@context": ["https://www.w3.org/ns/activitystreams", {"e": "https://e.org/", "n": {"@id": "e:n"}}]}"#,
            r#"{"@context": {"a": "b:", "b": "c:", "c": "https://e.org/"}, "@graph": [{"@context": {"d": null}}]}"#,
            r#"{"@context": {"a": {"@id": "https://e.org/", "@context": {"b": "https://e.org/b"}}}, "a": {"b": 1}}"#,
        ];
        for text in texts {
            assert_eq!(check(text.as_bytes()), Ok(()), "{text}");
        }
        let items = r#"{"@context": {"e": "https://e.org/", "t": "e:t"}, "e:a": [{"e:b": 1}, 2]},"#.repeat(20_000);
        assert_eq!(check(format!("[{items} 1]").as_bytes()), Ok(()));
        let items = r#"{"@context": "https://www.w3.org/ns/activitystreams", "type": "Create"},"#.repeat(2_000);
        assert_eq!(check(format!("[{items} 1]").as_bytes()), Ok(()));
    }

    #[test]
    fn bombs_do_not() {
        let chain: String = (0..1_000).map(|i| [format!("\"t{i}\": \"t{}:x\",", i + 1)].concat()).collect();
        let terms: String = (0..3_000).map(|i| [format!("\"t{i}\": \"https://e.org/{i}\",")].concat()).collect();
        let objects = "{\"a\": 1},".repeat(50_000);
        let bombs = [
            "[".repeat(100_000),
            format!("{}1{}", "[".repeat(100), "]".repeat(100)),
            format!("{}1{}", "{\"a\":".repeat(100), "}".repeat(100)),
            format!("{{\"@context\": {} 1 {}}}", "[".repeat(100), "]".repeat(100)),
            format!("[{} 1]", "1,".repeat(bounds::TRIPLES)),
            format!("{}[{}1]{}", "{\"a\":".repeat(50), "1,".repeat(100_000), "}".repeat(50)),
            // Terms made of terms.
            format!("{{\"@context\": {{{chain} \"z\": 1}}}}"),
            // A long prefix, used often.
            format!("[{{\"@context\": {{\"p\": \"https://e.org/{}\"}}}}, {objects} 1]", "x".repeat(10_000)),
            // Prefixes that grow from object to object.
            format!(
                "[{} {objects} 1]",
                r#"{"@context": {"p": "q:xxxxxxxx"}}, {"@context": {"q": "p:xxxxxxxx"}},"#.repeat(500)
            ),
            // A large context that applies to each object, or is changed by each.
            format!(
                "{{\"@context\": {{{terms} \"a\": {{\"@id\": \"t0\", \"@context\": {{}}}}}}, \"a\": [{objects} 1]}}"
            ),
            format!("{{\"@context\": {{{terms} \"z\": null}}, \"a\": [{} 1]}}", "{\"@context\": {}},".repeat(5_000)),
        ];
        for text in bombs {
            assert!(check(text.as_bytes()).is_err(), "{}", &text[..80]);
        }
    }
}
