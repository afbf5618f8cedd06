//! Letters in French.

use super::super::{Leaving, Remedy};
use super::Letter;
use crate::language::{Language, date};
use crate::path::PodName;

impl Letter<'_> {
    #[expect(clippy::too_many_lines, reason = "a table: one letter after the other")]
    pub(super) fn french(&self, base: &str) -> (&'static str, String) {
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
