//! A large school: as many people and groups as a test wants.

use serde_json::{Value, json};

/// The contacts answer of somebody who knows `people` in `groups` of one school. Everybody is in one class, and every
/// tenth in the group of all teachers, too.
pub fn roster(people: usize, groups: usize) -> Value {
    let uuid = |number: usize| format!("e1000000-0000-4000-8000-{number:012}");
    let is_teacher = |number: usize| number.is_multiple_of(10);
    let contacts: Vec<_> = (0..people)
        .map(|number| {
            json!({
                "uuid": uuid(number),
                "firstname": format!("Personne{number}"),
                "lastname": "Inventée",
                "title": if is_teacher(number) { "ENS" } else { "ELE" },
                "cloud_url": format!("p{number}.pods.armorique.example"),
                "mail": format!("p{number}@armorique.example"),
            })
        })
        .collect();
    let classes = groups.saturating_sub(1).max(1);
    let members = |in_group: &dyn Fn(usize) -> bool| -> Vec<Value> {
        (0..people).filter(|number| in_group(*number)).map(|number| json!({ "uuid": uuid(number) })).collect()
    };
    let class = |class: usize| {
        json!({
            "gid": format!("C{class:02}"),
            "name": format!("2026-2027 C{class:02}"),
            "group_contacts": members(&|number| number % classes == class),
        })
    };
    let teachers =
        (groups > 1).then(|| json!({ "gid": "ENS", "name": "Enseignants", "group_contacts": members(&is_teacher) }));
    let groups: Vec<_> = (0..classes).map(class).chain(teachers).collect();
    json!({
        "contacts": contacts,
        "structures": [{ "structure": super::SCHOOL, "name": "Lycée fictif Ar Mor Glas", "groups": groups }],
    })
}
