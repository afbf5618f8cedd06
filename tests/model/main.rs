//! Random requests by several people, played on the server and on a model that fits on a page: both must give the
//! same statuses, and end with the same resources.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod model;
#[path = "../support/picture.rs"]
#[expect(dead_code, reason = "the stories use the rest")]
mod picture;
mod play;
#[path = "../server/world.rs"]
#[expect(dead_code, reason = "the stories use the rest")]
mod world;

use std::cell::Cell;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use model::{Condition, Grant, MODES, Request, Verb, Who};
use world::World;

/// A handful of places that get in each other's way.
const PLACES: [&str; 11] =
    ["/a", "/a/", "/a/b", "/a/b/", "/a/c/", "/a/c/d", "/a/c/d/", "/a/c/d/e", "/g", "/g/", "/g/h/i"];

fn who() -> impl Strategy<Value = Who> {
    prop_oneof![4 => Just(Who::Owner), 4 => Just(Who::Friend), 1 => Just(Who::Nobody)]
}

fn place() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(&PLACES[..])
}

fn document() -> impl Strategy<Value = &'static str> {
    let documents: Vec<_> = PLACES.into_iter().filter(|place| !place.ends_with('/')).collect();
    proptest::sample::select(documents)
}

fn condition() -> impl Strategy<Value = Condition> {
    prop_oneof![
        6 => Just(Condition::None),
        1 => Just(Condition::IfNoneMatchAny),
        1 => Just(Condition::IfMatchAny),
        1 => Just(Condition::IfMatchNow),
        1 => Just(Condition::IfMatchOld),
    ]
}

fn grant() -> impl Strategy<Value = Grant> {
    let to = prop_oneof![1 => Just(Who::Owner), 3 => Just(Who::Friend), 1 => Just(Who::Nobody)];
    (to, 1..=MODES, 0..3_u8).prop_map(|(to, modes, scope)| Grant { to, modes, itself: scope != 1, members: scope != 2 })
}

fn request() -> impl Strategy<Value = Request> {
    let value = 0..4_u8;
    prop_oneof![
        4 => (place(), vec(value.clone(), 0..3), condition())
            .prop_map(|(at, values, condition)| Request::Put { at, values: values.into_iter().collect(), condition }),
        2 => (place(), proptest::option::of(proptest::sample::select(vec!["b", "c", "h"])), any::<bool>())
            .prop_map(|(at, slug, container)| Request::Post { at, slug, container }),
        3 => (document(), proptest::option::of(value.clone()), proptest::option::of(value))
            .prop_filter("a patch does something", |(_, insert, delete)| insert.is_some() || delete.is_some())
            .prop_map(|(at, insert, delete)| Request::Patch { at, insert, delete }),
        3 => (place(), condition()).prop_map(|(at, condition)| Request::Delete { at, condition }),
        2 => place().prop_map(|at| Request::Get { at }),
        4 => (place(), vec(grant(), 0..4)).prop_map(|(at, grants)| Request::PutAcl { at, grants }),
        1 => place().prop_map(|at| Request::DeleteAcl { at }),
        1 => place().prop_map(|at| Request::GetAcl { at }),
        3 => (any::<bool>(), place(), place(), any::<bool>()).prop_map(|(copy, from, to, overwrite)| {
            Request::Transfer { verb: if copy { Verb::Copy } else { Verb::Move }, from, to, overwrite }
        }),
    ]
}

/// Shows: P-9, P-10, P-19, P-21, P-23, P-24, P-71, P-196, W-24, W-41
#[test]
fn the_server_does_what_the_model_says() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let world = runtime.block_on(World::start());
    let games = Cell::new(0);
    let config = ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() };
    let played = TestRunner::new(config).run(&vec((who(), request()), 1..60), |requests| {
        games.set(games.get() + 1);
        runtime.block_on(play::play(&world, games.get(), &requests));
        Ok(())
    });
    if let Err(failure) = played {
        panic!("{failure}");
    }
}
