//! Letters in English.

use super::super::{Leaving, Remedy};
use super::Letter;
use crate::language::{Language, date};
use crate::path::PodName;

impl Letter<'_> {
    #[expect(clippy::too_many_lines, reason = "a table: one letter after the other")]
    pub(super) fn english(&self, base: &str) -> (&'static str, String) {
        match self {
            Self::Check { link } => (
                "Confirm your e-mail address",
                format!(
                    "You are creating your space. To show that this address is yours, open this link, then press “Confirm \
                     my address”:\n\n{link}\n\nThe link works once, for 24 hours.\n\nYou asked for nothing? Do nothing: no \
                     space will be created with your address."
                ),
            ),
            Self::HasAccount => (
                "You have a space already",
                format!(
                    "Somebody, probably you, wanted to use this address for a space. It opens yours already.\n\nTo sign \
                     in: {base}.account/login/\nForgotten password: {base}.account/reset/\n\nIt was not you? Do nothing: \
                     your space has not changed."
                ),
            ),
            Self::Reset { link } => (
                "Choose a new password",
                format!(
                    "You asked for a new password. Open this link to choose it:\n\n{link}\n\nThe link works once, for 60 \
                     minutes.\n\nYou asked for nothing? Do nothing: your password stays the same."
                ),
            ),
            Self::PasswordChanged => (
                "Your password has changed",
                format!(
                    "The password of your account has just changed, and you were signed out on all your devices.\n\nIt was \
                     not you? Choose another one now: {base}.account/reset/"
                ),
            ),
            Self::NewAddress { link } => (
                "Confirm your new e-mail address",
                format!(
                    "You want to use this address for your account. Open this link, then press “Confirm my \
                     address”:\n\n{link}\n\nThe link works once, for 24 hours.\n\nYou asked for nothing? Do nothing."
                ),
            ),
            Self::AddressChanged { undo } => (
                "The e-mail address of your account has changed",
                format!(
                    "Your account now uses another e-mail address than this one.\n\nIt was not you? You can go back to this \
                     address for 7 days:\n\n{undo}"
                ),
            ),
            Self::AddressRestored => (
                "Your account has its former address again",
                format!(
                    "The e-mail address of your account is the former one again, and all devices were signed out.\n\nTo be \
                     safe, choose a new password: {base}.account/reset/"
                ),
            ),
            Self::Guessing => (
                "Somebody is trying to enter your account",
                format!(
                    "Ten wrong passwords were tried on your account. It stays protected: each new try has to wait \
                     longer.\n\nIt was you? You can choose a new password: {base}.account/reset/\nIt was not you? Make sure \
                     that you use your password nowhere else."
                ),
            ),
            Self::GuessingCodes => (
                "Somebody is trying codes on your account",
                format!(
                    "Ten wrong codes were tried on your account, by somebody who had already given the right password or who came \
                     from your school. Each new try has to wait longer.\n\nIt was not you? Choose a new password: \
                     {base}.account/reset/"
                ),
            ),
            Self::FactorsChanged => (
                "The second proof of your account has changed",
                format!(
                    "A code app or a passkey has just been added to your account, or removed.\n\nIt was not you? Look at what \
                     opens your account, then change your password: {base}.account/settings/ways/"
                ),
            ),
            Self::SchoolLinked { issuer } => (
                "A school now opens your account",
                format!(
                    "Your account can now be entered through {issuer}.\n\nIt was not you? Unlink this school, then change your \
                     password: {base}.account/settings/ways/"
                ),
            ),
            Self::SchoolUnlinked { issuer } => (
                "A school no longer opens your account",
                format!(
                    "Your account is no longer entered through {issuer}. Nothing has changed in your files.\n\nIt was not you? \
                     Change your password: {base}.account/settings/password/"
                ),
            ),
            Self::ApplicationCopied { host } => (
                "The access of an application was ended",
                format!(
                    "The access that you had given to {host} was used twice, as if somebody had copied it. To be safe, it was \
                     ended.\n\nYou use this application? Allow it again next time. You do not know it? See what you have \
                     allowed: {base}.account/settings/applications/"
                ),
            ),
            Self::Closing { why, day, undo } => (
                "Your account will be deleted in 30 days",
                format!(
                    "{why} On {day} your spaces and all they contain will be erased, and their addresses will be given to \
                     nobody else. Until then your spaces are closed: nobody reads anything there.\n\nYou want to keep \
                     everything, or take a copy first? This link undoes it, until that day; you will find your spaces as \
                     they were:\n\n{undo}",
                    why = match why {
                        Leaving::Wished => "You asked for your account to be deleted.",
                        Leaving::ByOperator => "Whoever looks after the server asked for your account to be deleted.",
                        Leaving::Unaffiliated =>
                            "No school opens your space any more, and nobody has come in for a long time.",
                    },
                    day = date::day(*day, Language::English)
                ),
            ),
            Self::Reopened => (
                "Your account is kept",
                format!("Your account will not be deleted. Nothing was erased.\n\nTo sign in: {base}.account/login/"),
            ),
            Self::Guardian { pod, link } => (
                "A pupil asks for your agreement",
                format!(
                    "A pupil who is a minor has opened the space “{pod}” and says that you hold parental responsibility. \
                     Optional services need your agreement besides theirs. Read what it is about, then accept or \
                     refuse:\n\n{link}\n\nThe link works once, for 24 hours. The pupil can have another one sent to \
                     you.\n\nYou do not know this pupil? Do nothing: without an answer these services stay off."
                ),
            ),
            Self::GuardianAnswered { pod, given, link } => (
                "Your answer is recorded",
                format!(
                    "{answer} for the space “{pod}”.\n\nYou can change your answer at any time with this link. Keep this \
                     message:\n\n{link}",
                    answer = if *given {
                        "You have agreed to the optional services"
                    } else {
                        "You have refused the optional services"
                    }
                ),
            ),
            Self::Unaffiliated => (
                "Your school no longer opens your space",
                format!(
                    "Your space is not linked to a school any more. It stays yours, with the same address and all that is \
                     in it.\n\nFrom now on come in with your e-mail address or your passkey: \
                     {base}.account/login/\nForgotten password: {base}.account/reset/\n\nIf you have a new school, you \
                     can link it from your account."
                ),
            ),
            Self::Invited { link, day } => (
                "Choose how to enter your space",
                format!(
                    "Your space is not linked to a school any more, and you have no other way in. It stays yours: choose a \
                     password with this link.\n\n{link}\n\nThe link works once, for 24 hours. After that you can ask for \
                     another one here: {base}.account/reset/\n\nIf nobody comes in until then, the space will close on \
                     {day}. Keep a copy of what matters.",
                    day = date::day(*day, Language::English)
                ),
            ),
            Self::Rescue { remedy, operators: [one, other], due, stop } => (
                "You are about to get back into your account",
                format!(
                    "{one} and {other}, who look after the server, have asked {what}. It will be done on {due}.\n\nYou asked \
                     for nothing, or need it no longer? This link stops it, until then:\n\n{stop}\n\nNothing else \
                     changes: your files and the address of your space stay the same, and nobody enters it in your place.",
                    what = match remedy {
                        Remedy::Factors => "that your second proof be removed, since you are said to have lost it",
                        Remedy::WayIn => "that you be sent a link with which you choose a new password",
                    },
                    due = date::moment(*due, Language::English)
                ),
            ),
            Self::WayIn { link } => (
                "Choose a new password",
                format!(
                    "This is the link with which you get into your space again. It replaces your password and removes your \
                     second proof:\n\n{link}\n\nThe link works once, for 24 hours. After that, link your school and a \
                     second proof again from your account."
                ),
            ),
            Self::FactorsDropped => (
                "Your second proof is removed",
                format!(
                    "As agreed, your account no longer asks for a second proof. Come in as usual, then add a new one: \
                     {base}.account/settings/ways/"
                ),
            ),
            Self::Issuers { pod, gone } => issuers_in_english(pod, *gone, base),
            Self::Erased => (
                "Your account is deleted",
                "Your account, your spaces and all they contained are erased. Their addresses will be given to nobody else. \
                 This is the last message that you get."
                    .to_owned(),
            ),
        }
    }
}

fn issuers_in_english(pod: &PodName, gone: bool, base: &str) -> (&'static str, String) {
    if gone {
        return (
            "Applications do not let you in any more",
            format!(
                "The profile of your space {pod} names no service any more that tells applications that you are you. Your \
             files have not changed, but no application lets you in under this identity.\n\nYou can repair that on \
             your account page, under “Spaces and identities”: {base}.account/settings/"
            ),
        );
    }
    (
        "Who may enter under your identity has changed",
        format!(
            "The profile of your space {pod} names a service now that was not there before: it can tell applications \
             that somebody is you.\n\nIt was you, or an application that you asked to do it? All is well.\n\nIt was \
             not you? End the access of applications that you do not recognise, then change your password: \
             {base}.account/settings/"
        ),
    )
}
