//! What literals mean: whether they are well-formed, and which of two is less.

use std::cmp::Ordering;
use std::str::FromStr;

use oxsdatatypes::{Boolean, Date, DateTime, Decimal, Double, Duration, Integer, Time};

use crate::rdf::graph::{Literal, Term};
use crate::rdf::vocab::{rdf, xsd};

/// A value that has an order.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Decimal(Decimal),
    Double(Double),
    Date(Date),
    DateTime(DateTime),
    Time(Time),
    Duration(Duration),
    Text(String),
}

impl Value {
    /// The value of a literal of an ordered datatype; `None`: it is something else, or ill-formed.
    pub fn of(term: &Term) -> Option<Self> {
        let Term::Literal(Literal { lexical, datatype, .. }) = term else { return None };
        if !is_of(term, datatype) {
            return None;
        }
        match &**datatype {
            xsd::INTEGER | xsd::NON_NEGATIVE_INTEGER | xsd::INT | xsd::LONG | xsd::DECIMAL => {
                lexical.parse().ok().map(Self::Decimal)
            }
            xsd::DOUBLE | xsd::FLOAT => lexical.parse().ok().map(Self::Double),
            xsd::DATE => lexical.parse().ok().map(Self::Date),
            xsd::DATE_TIME => lexical.parse().ok().map(Self::DateTime),
            xsd::TIME => lexical.parse().ok().map(Self::Time),
            xsd::DURATION => lexical.parse().ok().map(Self::Duration),
            xsd::STRING => Some(Self::Text((**lexical).to_owned())),
            _ => None,
        }
    }
}

impl PartialOrd for Value {
    /// `None` for values of different kinds, and where a time without zone is too close to one with a zone.
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Decimal(one), Self::Decimal(other)) => one.partial_cmp(other),
            (Self::Double(one), Self::Double(other)) => one.partial_cmp(other),
            (Self::Decimal(one), Self::Double(other)) => Double::from(*one).partial_cmp(other),
            (Self::Double(one), Self::Decimal(other)) => one.partial_cmp(&Double::from(*other)),
            (Self::Date(one), Self::Date(other)) => one.partial_cmp(other),
            (Self::DateTime(one), Self::DateTime(other)) => one.partial_cmp(other),
            (Self::Time(one), Self::Time(other)) => one.partial_cmp(other),
            (Self::Duration(one), Self::Duration(other)) => one.partial_cmp(other),
            (Self::Text(one), Self::Text(other)) => Some(one.cmp(other)),
            _ => None,
        }
    }
}

/// Whether a term is a literal of this datatype, and well-formed. Of a datatype that is not known any text is.
pub fn is_of(term: &Term, datatype: &str) -> bool {
    let Term::Literal(literal) = term else { return false };
    let is = |parses: fn(&str) -> bool| *literal.datatype == *datatype && parses(&literal.lexical);
    match datatype {
        xsd::BOOLEAN => is(parses::<Boolean>),
        xsd::INTEGER => is(parses::<Integer>),
        xsd::NON_NEGATIVE_INTEGER => is(|text| text.parse().is_ok_and(|it: Integer| it >= Integer::from(0))),
        xsd::INT => is(parses::<i32>),
        xsd::LONG => is(parses::<i64>),
        xsd::DECIMAL => is(parses::<Decimal>),
        xsd::DOUBLE | xsd::FLOAT => is(parses::<Double>),
        xsd::DATE => is(parses::<Date>),
        xsd::DATE_TIME => is(parses::<DateTime>),
        xsd::TIME => is(parses::<Time>),
        xsd::DURATION => is(parses::<Duration>),
        rdf::LANG_STRING => literal.language.is_some(),
        _ => is(|_| true),
    }
}

fn parses<T: FromStr>(text: &str) -> bool {
    text.parse::<T>().is_ok()
}
