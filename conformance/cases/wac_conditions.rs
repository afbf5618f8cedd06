//! Conditions of authorizations, from the editor's draft.

use super::prelude::*;

pub const GROUP: Group = group!(
    "wac_conditions",
    "Conditions of authorizations",
    [
        conditions_are_advertised,
        an_issuer_condition_counts,
        a_client_condition_counts,
        all_conditions_must_hold,
        values_of_a_condition_are_alternatives,
        a_condition_that_says_nothing_never_holds,
        any_client_and_issuer_includes_the_unknown,
        unknown_conditions_are_passed_over,
        wac_allow_takes_conditions_into_account,
    ]
);

const REL: &str = "http://www.w3.org/ns/auth/acl#condition";

/// The types of conditions that the server says it evaluates.
async fn advertised(t: &Trial) -> Verdict<Vec<String>> {
    let url = t.document("note.ttl", A_TRIPLE).await?;
    t.allow(&url, &[]).await?;
    let acl = t.acl_of(&url).await?;
    let types = t.alice.get(&acl).await?.is(200)?.linked(REL);
    if types.is_empty() {
        return Err(Stop::Inapplicable("the server advertises no conditions".into()));
    }
    Ok(types)
}

/// Goes on if the server evaluates conditions of this type.
async fn evaluates(t: &Trial, class: &str) -> Verdict {
    let types = advertised(t).await?;
    if types.contains(&format!("{}{class}", rdf::ACL)) {
        return Ok(());
    }
    Err(Stop::Inapplicable(format!("the server does not evaluate acl:{class}")))
}

/// A document that Bob may read under these conditions.
async fn under(t: &Trial, conditions: &str) -> Verdict<String> {
    let url = t.document("note.ttl", A_TRIPLE).await?;
    let rule = Rule::to(format!("acl:agent <{}> ; acl:condition {conditions}", t.bob.webid()), "Read");
    t.allow(&url, &[rule]).await?;
    Ok(url)
}

fn claim(t: &Trial, name: &str) -> Verdict<String> {
    let claims = crate::dpop::claims(&t.bob.credentials()?.token).unwrap_or_default();
    let value = claims[name].as_str().map(str::to_owned);
    value.ok_or_else(|| Stop::Untested(format!("the token has no `{name}` to compare with")))
}

/// The ACL's responses link to the types of conditions that are evaluated.
///
/// Shows: wac-ed#server-link-condition, W-69
async fn conditions_are_advertised(t: Trial) -> Verdict {
    let types = advertised(&t).await?;
    let known = |class: &&String| class.starts_with("http");
    ensure(types.iter().all(|class| known(&class)), format!("{types:?} are advertised"))?;
    let acl = t.acl_of(&t.at("note.ttl")).await?;
    ensure(t.alice.head(&acl).await?.linked(REL) == types, "HEAD advertises other types")
}

/// A condition on the issuer counts.
///
/// Shows: wac-ed#server-condition-evaluation, W-70, W-73
async fn an_issuer_condition_counts(t: Trial) -> Verdict {
    evaluates(&t, "IssuerCondition").await?;
    let issuer = claim(&t, "iss")?;
    let url = under(&t, &format!("[ a acl:IssuerCondition ; acl:issuer <{issuer}> ]")).await?;
    t.bob.get(&url).await?.is(200)?;
    let url = under(&t, "[ a acl:IssuerCondition ; acl:issuer <https://elsewhere.example/> ]").await?;
    t.bob.get(&url).await?.is(403)?;
    let group =
        t.document("issuers", &format!("<#g> <http://www.w3.org/2006/vcard/ns#hasMember> <{issuer}> .")).await?;
    let url = under(&t, &format!("[ a acl:IssuerCondition ; acl:issuerGroup <{group}#g> ]")).await?;
    t.bob.get(&url).await?.is(200)?;
    Ok(())
}

/// A condition on the client counts.
///
/// Shows: wac-ed#server-condition-evaluation, W-70, W-72
async fn a_client_condition_counts(t: Trial) -> Verdict {
    evaluates(&t, "ClientCondition").await?;
    let url = under(&t, "[ a acl:ClientCondition ; acl:client <https://elsewhere.example/app> ]").await?;
    t.bob.get(&url).await?.is(403)?;
    let url = under(&t, "[ a acl:ClientCondition ; acl:clientClass foaf:Agent ]").await?;
    t.bob.get(&url).await?.is(200)?;
    Ok(())
}

/// All conditions must hold.
///
/// Shows: wac-ed#server-condition-evaluation-conjunctive, W-70
async fn all_conditions_must_hold(t: Trial) -> Verdict {
    evaluates(&t, "IssuerCondition").await?;
    let holds = format!("[ a acl:IssuerCondition ; acl:issuer <{}> ]", claim(&t, "iss")?);
    let fails = "[ a acl:IssuerCondition ; acl:issuer <https://elsewhere.example/> ]";
    let url = under(&t, &format!("{holds}, [ a acl:IssuerCondition ; acl:issuerClass foaf:Agent ]")).await?;
    t.bob.get(&url).await?.is(200)?;
    let url = under(&t, &format!("{holds}, {fails}")).await?;
    t.bob.get(&url).await?.is(403)?;
    Ok(())
}

/// The values of one condition are alternatives.
///
/// Shows: W-74
async fn values_of_a_condition_are_alternatives(t: Trial) -> Verdict {
    evaluates(&t, "IssuerCondition").await?;
    let issuer = claim(&t, "iss")?;
    let url = under(&t, &format!("[ a acl:IssuerCondition ; acl:issuer <https://x.example/>, <{issuer}> ]")).await?;
    t.bob.get(&url).await?.is(200)?;
    Ok(())
}

/// A condition of an evaluated type that says nothing never holds.
///
/// Shows: W-74
async fn a_condition_that_says_nothing_never_holds(t: Trial) -> Verdict {
    evaluates(&t, "IssuerCondition").await?;
    for condition in ["[ a acl:IssuerCondition ]", "[ a acl:IssuerCondition ; acl:issuer \"text\" ]"] {
        let url = under(&t, condition).await?;
        t.bob.get(&url).await?.is(403)?;
    }
    Ok(())
}

/// A condition that admits any issuer or client admits the anonymous too; no other does.
///
/// Shows: W-75
async fn any_client_and_issuer_includes_the_unknown(t: Trial) -> Verdict {
    evaluates(&t, "IssuerCondition").await?;
    let url = t.document("note.ttl", A_TRIPLE).await?;
    let public = |condition: &str| Rule::to(format!("acl:agentClass foaf:Agent ; acl:condition {condition}"), "Read");
    t.allow(&url, &[public("[ a acl:IssuerCondition ; acl:issuerClass foaf:Agent ]")]).await?;
    t.anyone.get(&url).await?.is(200)?;
    t.allow(&url, &[public(&format!("[ a acl:IssuerCondition ; acl:issuer <{}> ]", claim(&t, "iss")?))]).await?;
    t.anyone.get(&url).await?.is(401)?;
    t.bob.get(&url).await?.is(200)?;
    Ok(())
}

/// A condition of a type that is not advertised is passed over.
///
/// Shows: W-71
async fn unknown_conditions_are_passed_over(t: Trial) -> Verdict {
    let url = under(&t, "[ a <https://example.org/MoonCondition> ; <https://example.org/phase> \"full\" ]").await?;
    t.bob.get(&url).await?.is(200)?;
    Ok(())
}

/// WAC-Allow tells what the conditions leave.
///
/// Shows: W-85
async fn wac_allow_takes_conditions_into_account(t: Trial) -> Verdict {
    evaluates(&t, "IssuerCondition").await?;
    let url = t.document("note.ttl", A_TRIPLE).await?;
    let fails = "acl:condition [ a acl:IssuerCondition ; acl:issuer <https://elsewhere.example/> ]";
    let append = Rule::to(format!("acl:agent <{}> ; {fails}", t.bob.webid()), "Append");
    t.allow(&url, &[Rule::agent(&t.bob, "Read"), append]).await?;
    let told = t.bob.get(&url).await?.is(200)?.need("WAC-Allow")?;
    ensure(!told.contains("append"), format!("it says {told}"))
}
