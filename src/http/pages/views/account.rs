//! What the pages of registered people show: taking up an invitation, signing in, what was joined.

use askama::Template;

use crate::domain::affiliation::Belonging;
use crate::domain::inbox::InboxKind;
use crate::domain::module::ModuleKind;
use crate::http::assets::asset_url;
use crate::http::i18n::Lang;

/// An invitation, and how to take it up.
#[derive(Clone, Debug, Template)]
#[template(path = "join.html")]
pub struct JoinPage {
    /// The page's language.
    pub lang: Lang,
    /// The host this site is served on.
    pub host: String,
    /// The invitation's token.
    pub token: String,
    /// Who invites.
    pub organization: String,
    /// As what.
    pub belonging: Belonging,
    /// The phone that is invited, its middle hidden.
    pub phone_masked: String,
    /// What went wrong with the last attempt, as text.
    pub error: Option<String>,
    /// How it can be taken up.
    pub step: JoinStep,
}

/// How an invitation can be taken up.
#[derive(Clone, Debug)]
pub enum JoinStep {
    /// By registering.
    Register(RegisterForm),
    /// By whoever is signed in, whose phone is invited.
    Accept {
        /// What they are called.
        name: String,
    },
    /// Not by whoever is signed in: another phone is invited.
    OtherPhone {
        /// What they are called.
        name: String,
        /// Their own phone, its middle hidden.
        phone_masked: String,
    },
}

/// What was typed to register.
#[derive(Clone, Debug, Default)]
pub struct RegisterForm {
    /// The phone.
    pub phone: String,
    /// The code.
    pub code: String,
    /// The name.
    pub name: String,
    /// The masked number a code went to, once one was sent.
    pub code_sent_to: Option<String>,
    /// Fewest characters of a password.
    pub password_least: usize,
    /// Whether the phone has an account.
    pub registered: bool,
}

impl JoinPage {
    /// As what, in a word.
    fn kind(&self) -> &'static str {
        belonging_text(self.lang, self.belonging)
    }

    /// What the invitation says, in a sentence.
    fn lead(&self) -> String {
        let key = match self.belonging {
            Belonging::Member => "join.lead_member",
            Belonging::Collaborator => "join.lead_collaborator",
        };
        self.lang.tf(key, &[("organization", &self.organization)])
    }
}

/// Signing in with a platform account.
#[derive(Clone, Debug, Template)]
#[template(path = "account_sign_in.html")]
pub struct AccountSignInPage {
    /// The page's language.
    pub lang: Lang,
    /// The host this site is served on.
    pub host: String,
    /// The invitation to go on to, by its token.
    pub invitation: Option<String>,
    /// The phone that was typed.
    pub phone: String,
    /// Whether a code is asked for instead of the password.
    pub by_code: bool,
    /// The masked number a code has just gone to.
    pub code_sent_to: Option<String>,
    /// What went wrong with the last attempt, as text.
    pub error: Option<String>,
}

/// What an account has joined.
#[derive(Clone, Debug, Template)]
#[template(path = "account.html")]
pub struct AccountPage {
    /// The page's language.
    pub lang: Lang,
    /// The host this site is served on.
    pub host: String,
    /// What the person is called.
    pub name: String,
    /// The phone, its middle hidden.
    pub phone_masked: String,
    /// The newest of the inbox.
    pub inbox: Vec<InboxLine>,
    /// How many items of the inbox in all were not read.
    pub unread: u64,
    /// What was joined, by organization.
    pub organizations: Vec<JoinedOrganization>,
}

impl AccountPage {
    /// How much was not read, in a word.
    fn unread_text(&self) -> String {
        self.lang.tf("account.inbox.unread", &[("count", &self.unread.to_string())])
    }
}

/// An item of the inbox.
#[derive(Clone, Debug)]
pub struct InboxLine {
    /// Its id.
    pub id: String,
    /// What it is, in a word.
    pub kind: &'static str,
    /// The organization and the app that sent it.
    pub from: String,
    /// The fields: name and text.
    pub fields: Vec<(String, String)>,
    /// What it opens.
    pub url: Option<String>,
    /// When it came, for programs.
    pub instant: String,
    /// When it came, to the minute in UTC.
    pub when: String,
    /// Whether it was not read.
    pub unread: bool,
}

/// What was joined in one organization.
#[derive(Clone, Debug)]
pub struct JoinedOrganization {
    /// The organization.
    pub name: String,
    /// As what, in a word.
    pub kind: &'static str,
    /// The apps: name, and the portal's place in links.
    pub apps: Vec<(String, String)>,
    /// The modules: what each is in a word, and its name.
    pub modules: Vec<(&'static str, String)>,
}

/// What an item of an inbox is, in a word.
pub fn inbox_text(lang: Lang, kind: InboxKind) -> &'static str {
    lang.t(match kind {
        InboxKind::StationMessage => "account.inbox.station_message",
        InboxKind::Approval => "account.inbox.approval",
        InboxKind::FillIn => "account.inbox.fill_in",
    })
}

/// As what somebody belongs to an organization, in a word.
pub fn belonging_text(lang: Lang, belonging: Belonging) -> &'static str {
    lang.t(match belonging {
        Belonging::Member => "account.kinds.member",
        Belonging::Collaborator => "account.kinds.collaborator",
    })
}

/// What a module is, in a word.
pub fn module_text(lang: Lang, kind: ModuleKind) -> &'static str {
    lang.t(match kind {
        ModuleKind::Project => "account.modules.project",
        ModuleKind::Task => "account.modules.task",
        ModuleKind::Group => "account.modules.group",
    })
}
