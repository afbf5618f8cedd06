//! What letters say, in both languages.

use super::{Account, AccountId, Accounts, Email, Leaving, Remedy, Result};
use crate::clock::Timestamp;
use crate::jobs::Task;
use crate::language::{Language, date};
use crate::mail::Message;
use crate::path::PodName;
use crate::storage::EntryWrite;

/// A letter to the owner of an address. Links are whole URLs.
pub(super) enum Letter<'a> {
    /// Proves the address of a sign-up.
    Check {
        link: String,
    },
    /// Somebody signs up with an address that has an account, or wants to change theirs to it.
    HasAccount,
    Reset {
        link: String,
    },
    PasswordChanged,
    /// Proves a new address of an account.
    NewAddress {
        link: String,
    },
    /// To the old address, with the way back.
    AddressChanged {
        undo: String,
    },
    AddressRestored,
    /// Somebody tries passwords.
    Guessing,
    /// Somebody tries codes.
    GuessingCodes,
    /// An app or a passkey came or went.
    FactorsChanged,
    SchoolLinked {
        issuer: String,
    },
    SchoolUnlinked {
        issuer: String,
    },
    /// A code or refresh token was used twice.
    ApplicationCopied {
        host: String,
    },
    Closing {
        why: Leaving,
        day: Timestamp,
        undo: String,
    },
    Reopened,
    Erased,
    /// To who holds parental responsibility for a minor.
    Guardian {
        pod: String,
        link: String,
    },
    GuardianAnswered {
        pod: String,
        given: bool,
        link: String,
    },
    /// No school opens the account any more; its owner can come in another way.
    Unaffiliated,
    /// The same, and there is no other way in: the link sets one.
    Invited {
        link: String,
        day: Timestamp,
    },
    /// Two operators want to give back a way in.
    Rescue {
        remedy: Remedy,
        operators: [String; 2],
        due: Timestamp,
        stop: String,
    },
    WayIn {
        link: String,
    },
    FactorsDropped,
    /// The profile in a pod names an issuer that it did not name before, or none any more.
    Issuers {
        pod: &'a PodName,
        gone: bool,
    },
}

impl Accounts {
    /// A letter on its way, to be written by the commit that makes it necessary.
    pub(super) fn letter(&self, letter: &Letter<'_>, to: &Email, language: Language) -> EntryWrite {
        let (subject, body) = letter.text(language, self.addresses.base());
        let (hello, sign) = match language {
            Language::French => ("Bonjour,", "Ce message est automatique : n’y répondez pas."),
            Language::English => ("Hello,", "This message is automatic: please do not reply."),
        };
        let host = self.addresses.host();
        let text = format!("{hello}\n\n{body}\n\n-- \nCartable, {host}\n{sign}\n");
        let message = Message { to: to.as_str().into(), language, subject: subject.to_owned(), text };
        self.jobs.entry(&Task::Mail(message), self.clock.now())
    }

    /// A letter to the owner of an account, if they have an address.
    pub(super) fn tell(&self, account: &Account, letter: &Letter) -> Option<EntryWrite> {
        let login = account.login.as_ref()?;
        Some(self.letter(letter, &login.email, account.speaks()))
    }

    /// Tells the owner of an account that the access of an application at a host was ended, since it was used twice.
    ///
    /// Spec: O-168
    pub(in crate::identity) async fn tell_of_copy(&self, id: &AccountId, host: &str) -> Result<Option<EntryWrite>> {
        let letter = Letter::ApplicationCopied { host: host.to_owned() };
        Ok(self.account(id).await?.and_then(|account| self.tell(&account, &letter)))
    }

    /// A page of the account, as a link in a letter.
    pub(super) fn page_of(&self, page: &str, ticket: &super::Ticket) -> String {
        format!("{}.account/{page}/?t={}", self.addresses.base(), ticket.reveal())
    }
}

impl Letter<'_> {
    /// Subject and body.
    fn text(&self, language: Language, base: &str) -> (&'static str, String) {
        match language {
            Language::French => self.french(base),
            Language::English => self.english(base),
        }
    }

    #[expect(clippy::too_many_lines, reason = "a table: one letter after the other")]
    fn french(&self, base: &str) -> (&'static str, String) {
        match self {
            Self::Check { link } => (
                "Confirmez votre adresse e-mail",
                format!(
                    "Vous créez votre espace. Pour montrer que cette adresse est la vôtre, ouvrez ce lien, puis appuyez \
                     sur « Confirmer mon adresse » :\n\n{link}\n\nLe lien sert une fois, pendant 24 heures.\n\nVous n’avez \
                     rien demandé ? Ne faites rien : aucun espace ne sera créé avec votre adresse."
                ),
            ),
            Self::HasAccount => (
                "Vous avez déjà un espace",
                format!(
                    "Quelqu’un, sans doute vous, a voulu utiliser cette adresse pour un espace. Elle ouvre déjà le vôtre.\n\nPour y \
                     entrer : {base}.account/login/\nMot de passe oublié : {base}.account/reset/\n\nCe n’était pas vous ? \
                     Ne faites rien : votre espace n’a pas changé."
                ),
            ),
            Self::Reset { link } => (
                "Choisissez un nouveau mot de passe",
                format!(
                    "Vous avez demandé un nouveau mot de passe. Ouvrez ce lien pour le choisir :\n\n{link}\n\nLe lien sert \
                     une fois, pendant 60 minutes.\n\nVous n’avez rien demandé ? Ne faites rien : votre mot de passe reste \
                     le même."
                ),
            ),
            Self::PasswordChanged => (
                "Votre mot de passe a changé",
                format!(
                    "Le mot de passe de votre compte vient de changer, et tous vos appareils sont \
                     déconnectés.\n\nCe n’était pas vous ? Choisissez-en un autre tout de suite : {base}.account/reset/"
                ),
            ),
            Self::NewAddress { link } => (
                "Confirmez votre nouvelle adresse e-mail",
                format!(
                    "Vous voulez utiliser cette adresse pour votre compte. Ouvrez ce lien, puis appuyez sur « Confirmer mon \
                     adresse » :\n\n{link}\n\nLe lien sert une fois, pendant 24 heures.\n\nVous n’avez rien demandé ? Ne \
                     faites rien."
                ),
            ),
            Self::AddressChanged { undo } => (
                "L’adresse e-mail de votre compte a changé",
                format!(
                    "Votre compte utilise maintenant une autre adresse e-mail que celle-ci.\n\nCe n’était pas vous ? Vous \
                     pouvez revenir à cette adresse pendant 7 jours :\n\n{undo}"
                ),
            ),
            Self::AddressRestored => (
                "Votre compte a retrouvé son ancienne adresse",
                format!(
                    "L’adresse e-mail de votre compte est de nouveau celle d’avant, et tous les appareils ont été \
                     déconnectés.\n\nPar prudence, choisissez un nouveau mot de passe : {base}.account/reset/"
                ),
            ),
            Self::Guessing => (
                "Quelqu’un essaie d’entrer dans votre compte",
                format!(
                    "Dix mots de passe faux ont été essayés sur votre compte. Il reste protégé : chaque nouvel essai doit \
                     attendre plus longtemps.\n\nC’était vous ? Vous pouvez choisir un nouveau mot de passe : \
                     {base}.account/reset/\nCe n’était pas vous ? Vérifiez que votre mot de passe ne sert nulle part \
                     ailleurs."
                ),
            ),
            Self::GuessingCodes => (
                "Quelqu’un essaie des codes sur votre compte",
                format!(
                    "Dix codes faux ont été essayés sur votre compte, par quelqu’un qui avait déjà donné le bon mot de passe ou \
                     qui venait de votre ENT. Chaque nouvel essai doit attendre plus longtemps.\n\nCe n’était pas vous ? \
                     Choisissez un nouveau mot de passe : {base}.account/reset/"
                ),
            ),
            Self::FactorsChanged => (
                "La seconde preuve de votre compte a changé",
                format!(
                    "Une application de codes ou une clé d’accès vient d’être ajoutée à votre compte, ou retirée.\n\nCe \
                     n’était pas vous ? Regardez ce qui ouvre votre compte, puis changez de mot de passe : \
                     {base}.account/settings/ways/"
                ),
            ),
            Self::SchoolLinked { issuer } => (
                "Un établissement ouvre maintenant votre compte",
                format!(
                    "On peut maintenant entrer dans votre compte par {issuer}.\n\nCe n’était pas vous ? Déliez cet \
                     établissement, puis changez de mot de passe : {base}.account/settings/ways/"
                ),
            ),
            Self::SchoolUnlinked { issuer } => (
                "Un établissement n’ouvre plus votre compte",
                format!(
                    "On n’entre plus dans votre compte par {issuer}. Rien n’a changé dans vos fichiers.\n\nCe n’était pas \
                     vous ? Changez de mot de passe : {base}.account/settings/password/"
                ),
            ),
            Self::ApplicationCopied { host } => (
                "L’accès d’une application est coupé",
                format!(
                    "L’accès que vous aviez donné à {host} a servi deux fois, comme si quelqu’un l’avait copié. Par prudence, il \
                     est coupé.\n\nVous vous servez de cette application ? Autorisez-la de nouveau la prochaine fois. Vous ne \
                     la connaissez pas ? Voyez ce que vous avez autorisé : {base}.account/settings/applications/"
                ),
            ),
            Self::Closing { why, day, undo } => (
                "Votre compte sera supprimé dans 30 jours",
                format!(
                    "{why} Le {day}, vos espaces et tout ce qu’ils contiennent seront effacés, et leurs adresses ne \
                     seront données à personne d’autre. D’ici là, vos espaces sont fermés : plus personne n’y lit \
                     rien.\n\nVous voulez tout garder, ou prendre une copie avant ? Ce lien annule tout, jusqu’à ce \
                     jour-là ; vous retrouverez vos espaces comme ils étaient :\n\n{undo}",
                    why = match why {
                        Leaving::Wished => "Vous avez demandé la suppression de votre compte.",
                        Leaving::ByOperator => "La personne qui s’occupe du serveur a demandé la suppression de votre compte.",
                        Leaving::Unaffiliated =>
                            "Plus aucun établissement n’ouvre votre espace, et personne n’y est entré depuis longtemps.",
                    },
                    day = date::day(*day, Language::French)
                ),
            ),
            Self::Reopened => (
                "Votre compte est conservé",
                format!(
                    "La suppression de votre compte est annulée. Rien n’a été effacé.\n\nPour entrer : {base}.account/login/"
                ),
            ),
            Self::Guardian { pod, link } => (
                "Un élève demande votre accord",
                format!(
                    "Un élève mineur a ouvert l’espace « {pod} » et dit que vous exercez l’autorité parentale. Pour les \
                     services facultatifs, il faut votre accord en plus du sien. Lisez de quoi il s’agit, puis acceptez ou \
                     refusez :\n\n{link}\n\nLe lien sert une fois, pendant 24 heures. L’élève peut vous en faire envoyer un \
                     autre.\n\nVous ne connaissez pas cet élève ? Ne faites rien : sans réponse, ces services restent éteints."
                ),
            ),
            Self::GuardianAnswered { pod, given, link } => (
                "Votre réponse est enregistrée",
                format!(
                    "{answer} pour l’espace « {pod} ».\n\nVous pouvez changer de réponse à tout moment avec ce lien. Gardez \
                     ce message :\n\n{link}",
                    answer = if *given {
                        "Vous avez donné votre accord aux services facultatifs"
                    } else {
                        "Vous avez refusé les services facultatifs"
                    }
                ),
            ),
            Self::Unaffiliated => (
                "Votre établissement n’ouvre plus votre espace",
                format!(
                    "Votre espace n’est plus relié à un établissement. Il reste à vous, avec la même adresse et tout ce \
                     qu’il contient.\n\nEntrez désormais avec votre adresse e-mail ou votre clé d’accès : \
                     {base}.account/login/\nMot de passe oublié : {base}.account/reset/\n\nSi vous avez un nouvel \
                     établissement, vous pourrez le relier depuis votre compte."
                ),
            ),
            Self::Invited { link, day } => (
                "Choisissez comment entrer dans votre espace",
                format!(
                    "Votre espace n’est plus relié à un établissement, et vous n’avez pas d’autre façon d’y entrer. Il \
                     reste à vous : choisissez un mot de passe avec ce lien.\n\n{link}\n\nLe lien sert une fois, pendant \
                     24 heures. Ensuite, vous pouvez en demander un autre ici : {base}.account/reset/\n\nSi personne n’y \
                     entre d’ici là, l’espace se fermera le {day}. Gardez une copie de ce qui compte.",
                    day = date::day(*day, Language::French)
                ),
            ),
            Self::Rescue { remedy, operators: [one, other], due, stop } => (
                "On va vous rendre l’accès à votre compte",
                format!(
                    "{one} et {other}, qui s’occupent du serveur, ont demandé {what}. Cela sera fait le {due}.\n\nVous \
                     n’avez rien demandé, ou vous n’en avez plus besoin ? Ce lien arrête tout, jusqu’à ce moment-là :\
                    \n\n{stop}\n\nRien d’autre ne change : vos fichiers et l’adresse de votre espace restent les mêmes, \
                     et personne n’y entre à votre place.",
                    what = match remedy {
                        Remedy::Factors => "que votre seconde preuve soit retirée, parce que vous l’auriez perdue",
                        Remedy::WayIn => "qu’un lien pour choisir un nouveau mot de passe vous soit envoyé",
                    },
                    due = date::moment(*due, Language::French)
                ),
            ),
            Self::WayIn { link } => (
                "Choisissez un nouveau mot de passe",
                format!(
                    "Voici le lien pour entrer de nouveau dans votre espace. Il remplace votre mot de passe et retire votre \
                     seconde preuve :\n\n{link}\n\nLe lien sert une fois, pendant 24 heures. Ensuite, reliez de nouveau \
                     votre établissement et une seconde preuve depuis votre compte."
                ),
            ),
            Self::FactorsDropped => (
                "Votre seconde preuve est retirée",
                format!(
                    "Comme convenu, votre compte ne demande plus de seconde preuve. Entrez comme d’habitude, puis \
                     ajoutez-en une nouvelle : {base}.account/settings/ways/"
                ),
            ),
            Self::Issuers { pod, gone } => issuers_in_french(pod, *gone, base),
            Self::Erased => (
                "Votre compte est supprimé",
                "Votre compte, vos espaces et tout ce qu’ils contenaient sont effacés. Leurs adresses ne seront données à \
                 personne d’autre. C’est le dernier message que vous recevez."
                    .to_owned(),
            ),
        }
    }

    #[expect(clippy::too_many_lines, reason = "a table: one letter after the other")]
    fn english(&self, base: &str) -> (&'static str, String) {
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

fn issuers_in_french(pod: &PodName, gone: bool, base: &str) -> (&'static str, String) {
    if gone {
        return (
            "Les applications ne vous laissent plus entrer",
            format!(
                "Le profil de votre espace {pod} ne nomme plus aucun service qui dise aux applications que c’est vous. \
             Vos fichiers n’ont pas changé, mais aucune application ne vous laisse plus entrer sous cette \
             identité.\n\nVous pouvez le réparer depuis votre compte, sous « Espaces et identités » : \
             {base}.account/settings/"
            ),
        );
    }
    (
        "Qui peut entrer sous votre identité a changé",
        format!(
            "Le profil de votre espace {pod} nomme maintenant un service qui n’y était pas : ce service peut dire aux \
             applications que c’est vous.\n\nC’était vous, ou une application à qui vous l’avez demandé ? Tout va \
             bien.\n\nCe n’était pas vous ? Coupez l’accès des applications que vous ne reconnaissez pas, puis \
             changez de mot de passe : {base}.account/settings/"
        ),
    )
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
