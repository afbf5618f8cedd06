//! GET, HEAD and OPTIONS.

use crate::world::World;

const NOTE: &str = "@prefix s: <http://schema.org/>.\n# a comment\n<> a s:Note; s:text \"héllo\".\n";

/// Shows: P-90, P-91, P-128, P-129, P-139, solid#server-put-patch-intermediate-containers
#[tokio::test]
async fn what_was_put_comes_back_byte_for_byte() {
    let world = World::start().await;
    let url = world.alice.put("notes/one", NOTE).await.created();
    assert_eq!(url, world.alice.url("notes/one"));
    let answer = world.alice.get("notes/one").await.is(200);
    assert_eq!(answer.text(), NOTE);
    assert_eq!(answer.field("content-type"), "text/turtle");
    assert_eq!(answer.field("wac-allow"), "user=\"read write control\",public=\"\"");
    world.nobody.get(&url).await.is(401);
    world.bob.get(&url).await.is(403);
}
