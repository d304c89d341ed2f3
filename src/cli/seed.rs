//! What the demo's organization looks like: departments, roles, message templates, a menu, and people of all three kinds. Each step is done at
//! most once, so that a demo that was cut off goes on with the rest at its next start.

use anyhow::Context as _;

use crate::domain::affiliation::Belonging;
use crate::domain::audit::By;
use crate::domain::external_user::Status;
use crate::domain::ids::AppId;
use crate::domain::menu::{MenuAction, WantedEntry, WantedMenu};
use crate::domain::module::ModuleKind;
use crate::domain::scope::OrgScope;
use crate::usecases::administration::{ChangeError, Prepared};
use crate::usecases::affiliations::NewAffiliation;
use crate::usecases::external_user_invitations::Invitation;
use crate::usecases::external_users::{UserChange, Whom};
use crate::usecases::modules::ModuleReference;
use crate::usecases::placement::Placement;
use crate::usecases::{Administration, PlatformAccounts};

/// Departments, as people in China and elsewhere read them.
const PURCHASING: &str = "采购部 Purchasing";
const LOGISTICS: &str = "物流部 Logistics";
const FINANCE: &str = "财务部 Finance";

/// The phone of the member whose password the demo tells.
pub const MEMBER_PHONE: &str = "17755530001";

/// An app of the demo.
pub struct SeedApp {
    /// Its id.
    pub id: AppId,
    /// Its portal.
    pub slug: String,
}

/// Seeds an organization.
pub struct Seed<'a> {
    /// Administering.
    pub admin: &'a Administration,
    /// Platform accounts.
    pub accounts: &'a PlatformAccounts,
    /// The organization.
    pub scope: OrgScope,
    /// The supplier portal.
    pub suppliers: SeedApp,
    /// The customer portal.
    pub customers: SeedApp,
    /// The password of registered people.
    pub password: &'a str,
}

/// An external user: phone, what it is called, role, department, whether it may be used.
type Outsider = (&'static str, &'static str, Option<&'static str>, Option<&'static str>, Status);

const SUPPLIERS: [Outsider; 6] = [
    ("17755530021", "钢材厂业务 Steel mill sales", Some("supplier"), Some(PURCHASING), Status::Active),
    ("17755530022", "包装厂业务 Packaging sales", Some("supplier"), Some(PURCHASING), Status::Active),
    ("17755530023", "干线司机 Line-haul driver", Some("driver"), Some(LOGISTICS), Status::Active),
    ("17755530024", "外仓主管 Warehouse lead", Some("warehouse"), Some(LOGISTICS), Status::Active),
    ("17755530025", "新供应商 New supplier", None, None, Status::Pending),
    ("17755530026", "前任司机 Former driver", Some("driver"), None, Status::Disabled),
];

const CUSTOMERS: [Outsider; 2] = [
    ("17755530031", "华东代理 East China dealer", Some("dealer"), None, Status::Active),
    ("17755530032", "门店采购 Store buyer", None, None, Status::Active),
];

impl Seed<'_> {
    /// Does what is not there yet.
    ///
    /// # Errors
    /// The database or the sandbox refused.
    pub async fn plant(&self) -> anyhow::Result<()> {
        let by = By::operator();
        for name in [PURCHASING, LOGISTICS, FINANCE] {
            once(self.admin.create_department(self.scope, name, None, &by).await).await?;
        }
        for (app, role) in [
            (&self.suppliers, "supplier"),
            (&self.suppliers, "driver"),
            (&self.suppliers, "warehouse"),
            (&self.customers, "dealer"),
        ] {
            once(self.admin.create_role(self.scope, app.id, role.into(), &by).await).await?;
        }
        self.members(&by).await?;
        self.collaborators(&by).await?;
        for outsider in SUPPLIERS {
            self.outsider(&self.suppliers, outsider, &by).await?;
        }
        for outsider in CUSTOMERS {
            self.outsider(&self.customers, outsider, &by).await?;
        }
        if let Some(account) = self.admin.store().service_account_of(self.scope.organization()).await? {
            self.admin.first_templates(self.scope, &account).await;
        }
        self.menu(&by).await.context("the demo's menu could not be set at the sandbox")
    }

    async fn members(&self, by: &By) -> anyhow::Result<()> {
        let apps = || Some(vec![self.suppliers.id.to_string(), self.customers.id.to_string()]);
        let place = |name: &str, department: &str| Placement {
            name: Some(name.into()),
            department: Some(Some(department.into())),
            apps: apps(),
            ..Placement::default()
        };
        let lead = place("采购经理 Purchasing manager", PURCHASING);
        let lead = self.person(Belonging::Member, MEMBER_PHONE, lead, true, by).await?;
        let mut dispatcher = place("物流主管 Dispatcher", LOGISTICS);
        dispatcher.manager = lead.map(Some);
        self.person(Belonging::Member, "17755530002", dispatcher, true, by).await?;
        let accountant = place("财务专员 Accountant", FINANCE);
        self.person(Belonging::Member, "17755530003", accountant, false, by).await?;
        Ok(())
    }

    async fn collaborators(&self, by: &By) -> anyhow::Result<()> {
        let place = |name: &str, kind, module: &str| Placement {
            name: Some(name.into()),
            modules: Some(vec![ModuleReference::Named { kind, name: module.into() }]),
            ..Placement::default()
        };
        let inspector = place("验货员 Inspector", ModuleKind::Project, "秋季验货 Autumn inspection");
        self.person(Belonging::Collaborator, "17755530011", inspector, true, by).await?;
        let designer = place("包装设计师 Packaging designer", ModuleKind::Group, "包装设计 Packaging design");
        self.person(Belonging::Collaborator, "17755530012", designer, true, by).await?;
        Ok(())
    }

    /// Invites a person, and registers them where they shall have joined; gives their id when they are new.
    async fn person(
        &self,
        belonging: Belonging,
        phone: &str,
        placement: Placement,
        joins: bool,
        by: &By,
    ) -> anyhow::Result<Option<String>> {
        let name = placement.name.clone().unwrap_or_default();
        let new = NewAffiliation { belonging, phone: phone.into(), placement };
        let invited = once(self.admin.invite_person(self.scope, new, by).await).await?;
        let Some((placed, invitation)) = invited else { return Ok(None) };
        if joins {
            let token = invitation.token.reveal();
            self.accounts.vouch(token, &name, self.password, &by.caller).await?;
        }
        Ok(Some(placed.affiliation.id.to_string()))
    }

    async fn outsider(&self, app: &SeedApp, outsider: Outsider, by: &By) -> anyhow::Result<()> {
        let (phone, name, role, department, status) = outsider;
        let invitation = Invitation {
            phone: phone.into(),
            name: Some(name.into()),
            role: role.map(Into::into),
            department: department.map(Into::into),
        };
        let invited = once(self.admin.invite(self.scope, app.id, &invitation, by).await).await?;
        let (Some(invited), true) = (invited, status != Status::Pending) else { return Ok(()) };
        let whom = Whom { scope: self.scope, app: app.id, user: invited.user.id };
        let change = UserChange { status: Some(status), ..UserChange::default() };
        once(self.admin.change_user(whom, change, by).await).await?;
        Ok(())
    }

    /// Sets the service account's menu, whose entries open the portals.
    ///
    /// # Errors
    /// The database or the sandbox refused.
    pub async fn menu(&self, by: &By) -> anyhow::Result<()> {
        let portal = |name: &str, app: &SeedApp| WantedEntry {
            name: name.into(),
            portal: Some(app.slug.clone()),
            action: None,
            entries: Vec::new(),
        };
        let click = |name: &str, key: &str| WantedEntry {
            name: name.into(),
            portal: None,
            action: Some(MenuAction::click(key)),
            entries: Vec::new(),
        };
        let portals = WantedEntry {
            name: "门户".into(),
            portal: None,
            action: None,
            entries: vec![
                portal("供应商门户 Suppliers", &self.suppliers),
                portal("客户门户 Customers", &self.customers),
            ],
        };
        let menu = WantedMenu { entries: vec![portals, click("联系我们", "CONTACT")] };
        self.admin.set_menu(self.scope, &menu, by).await?.settle(None).await?;
        Ok(())
    }
}

/// Makes a change true; none when it was made before.
async fn once<T>(prepared: Result<Prepared<T>, ChangeError>) -> anyhow::Result<Option<T>> {
    match prepared {
        Ok(prepared) => Ok(Some(prepared.settle(None).await?)),
        Err(ChangeError::Conflict(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
