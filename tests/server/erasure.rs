//! What was deleted is gone from the disk, not only from sight.

use crate::picture::{files, files_with};
use crate::world::World;

const SECRET: &str = "the-tortoise-wears-a-red-scarf";

fn large() -> Vec<u8> {
    SECRET.repeat(10_000).into_bytes()
}

#[tokio::test]
async fn no_byte_of_a_deleted_resource_stays() {
    let world = World::start().await;
    let secret = format!("<> <#note> \"{SECRET}\" .");
    let put = async |place: &str| world.alice.put(place, &secret).await;
    put("notes/one").await.created();
    put("notes/two").await.created();
    put("notes/.meta").await.created();
    put("notes/moved").await.created();
    world.alice.put("notes/patched", "<> a <#Note> .").await.created();
    world.alice.patch("notes/patched", &format!("solid:inserts {{ <> <#note> \"{SECRET}\" }}")).await.is(204);
    world.alice.ask("PUT", "notes/picture").content("image/png", large()).send().await.created();
    world.alice.ask("PUT", "notes/replaced").content("image/png", large()).send().await.created();
    world.alice.rules("notes/one", &format!("[] a acl:Authorization; acl:agent <https://{SECRET}.example/>.")).await;
    world.sqlite.maintain().await.unwrap();
    assert!(!files_with(world.folder.path(), SECRET.as_bytes()).is_empty(), "there was nothing to erase");

    world.alice.delete("notes/one").await.is(204);
    world.alice.put("notes/two", "<> a <#Harmless> .").await.is(204);
    world.alice.delete("notes/.meta").await.is(204);
    let moved = world.alice.ask("MOVE", "notes/moved").header("destination", &world.alice.url("notes/there"));
    moved.send().await.is(201);
    world.alice.delete("notes/there").await.is(204);
    let undone = world.alice.patch("notes/patched", &format!("solid:deletes {{ <> <#note> \"{SECRET}\" }}")).await;
    undone.is(204);
    world.alice.delete("notes/picture").await.is(204);
    world.alice.ask("PUT", "notes/replaced").content("image/png", "small").send().await.is(204);
    world.sqlite.maintain().await.unwrap();
    assert_eq!(files_with(world.folder.path(), SECRET.as_bytes()), Vec::<std::path::PathBuf>::new());
    assert!(files(&world.folder.path().join("blobs")).is_empty());
}
