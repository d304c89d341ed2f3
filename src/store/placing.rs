//! The names of what affiliations refer to, read for a whole page at once.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use entities::{affiliation, affiliation_role, app, department, joining, module, portal, role};

use crate::domain::affiliation::{JoinedApp, Placed, RoleOfApp};
use crate::domain::ids::AppId;
use crate::domain::module::Module;

use super::affiliations;
use super::connect::Tools;
use super::error::StoreError;
use super::modules;

/// Reads affiliations with the names of what they refer to.
pub(super) async fn place<C: ConnectionTrait>(
    db: &C,
    tools: &Tools,
    rows: Vec<affiliation::Model>,
) -> Result<Vec<Placed>, StoreError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let departments = departments(db, &rows).await?;
    let mut roles = roles(db, &ids).await?;
    let (mut apps, mut modules) = joined(db, &ids).await?;
    for list in roles.values_mut() {
        list.sort_by(|a, b| a.name.cmp(&b.name));
    }
    for list in apps.values_mut() {
        list.sort_by(|a, b| a.name.cmp(&b.name));
    }
    for list in modules.values_mut() {
        list.sort_by(|a, b| a.name.cmp(&b.name));
    }
    rows.iter()
        .map(|row| {
            Ok(Placed {
                affiliation: affiliations::read(tools, row)?,
                department: row.department_id.and_then(|id| departments.get(&id).cloned()),
                roles: roles.remove(&row.id).unwrap_or_default(),
                apps: apps.remove(&row.id).unwrap_or_default(),
                modules: modules.remove(&row.id).unwrap_or_default(),
            })
        })
        .collect()
}

async fn departments<C: ConnectionTrait>(
    db: &C,
    rows: &[affiliation::Model],
) -> Result<HashMap<Uuid, String>, StoreError> {
    let wanted: BTreeSet<Uuid> = rows.iter().filter_map(|row| row.department_id).collect();
    let found = department::Entity::find().filter(department::Column::Id.is_in(wanted)).all(db).await?;
    Ok(found.into_iter().map(|row| (row.id, row.name)).collect())
}

async fn roles<C: ConnectionTrait>(
    db: &C,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Vec<RoleOfApp>>, StoreError> {
    let held = affiliation_role::Entity::find()
        .filter(affiliation_role::Column::AffiliationId.is_in(ids.iter().copied()))
        .all(db)
        .await?;
    let wanted: BTreeSet<Uuid> = held.iter().map(|row| row.role_id).collect();
    let found = role::Entity::find().filter(role::Column::Id.is_in(wanted)).all(db).await?;
    let known: HashMap<Uuid, RoleOfApp> =
        found.into_iter().map(|row| (row.id, modules::role_of_app(row))).collect();
    Ok(grouped(held.into_iter().map(|row| (row.affiliation_id, known.get(&row.role_id).cloned()))))
}

type Joined = (HashMap<Uuid, Vec<JoinedApp>>, HashMap<Uuid, Vec<Module>>);

async fn joined<C: ConnectionTrait>(db: &C, ids: &[Uuid]) -> Result<Joined, StoreError> {
    let joinings = joining::Entity::find()
        .filter(joining::Column::AffiliationId.is_in(ids.iter().copied()))
        .all(db)
        .await?;
    let wanted: BTreeSet<Uuid> = joinings.iter().filter_map(|row| row.app_id).collect();
    let portals = portal::Entity::find().filter(portal::Column::AppId.is_in(wanted.clone())).all(db).await?;
    let slugs: HashMap<Uuid, String> = portals.into_iter().map(|row| (row.app_id, row.slug)).collect();
    let found = app::Entity::find().filter(app::Column::Id.is_in(wanted)).all(db).await?;
    let apps: HashMap<Uuid, JoinedApp> = found
        .into_iter()
        .filter_map(|row| {
            let slug = slugs.get(&row.id)?.clone();
            Some((row.id, JoinedApp { id: AppId(row.id), name: row.name, slug, enabled: row.enabled }))
        })
        .collect();
    let wanted: BTreeSet<Uuid> = joinings.iter().filter_map(|row| row.module_id).collect();
    let found = module::Entity::find().filter(module::Column::Id.is_in(wanted)).all(db).await?;
    let modules = found
        .into_iter()
        .map(|row| Ok((row.id, modules::read(row)?)))
        .collect::<Result<HashMap<Uuid, Module>, StoreError>>()?;
    let of = |row: &joining::Model| row.affiliation_id;
    Ok((
        grouped(joinings.iter().map(|row| (of(row), row.app_id.and_then(|id| apps.get(&id).cloned())))),
        grouped(joinings.iter().map(|row| (of(row), row.module_id.and_then(|id| modules.get(&id).cloned())))),
    ))
}

fn grouped<K: Eq + Hash, V>(pairs: impl Iterator<Item = (K, Option<V>)>) -> HashMap<K, Vec<V>> {
    let mut groups: HashMap<K, Vec<V>> = HashMap::new();
    for (key, value) in pairs {
        if let Some(value) = value {
            groups.entry(key).or_default().push(value);
        }
    }
    groups
}
