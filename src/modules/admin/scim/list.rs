//! What a directory asks to be listed, and how it is found (RFC 7644 3.4.2).

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
};
use serde_json::{Map, Value};
use sqlx::{FromRow, postgres::PgRow, sqlite::SqliteRow};
use url::form_urlencoded;

use super::{
    answer::Answer,
    error::{ScimError, ScimType},
    filter::{self, Narrowed, Resolved, Written, holds, narrow},
    limits::{MAX_MEMBERS, MAX_PAGE, MAX_SCAN, PAGE},
    projection::Projection,
    schema::ResourceType,
};
use crate::{modules::Context, store::Query};

/// What was asked for.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) filter: Option<Written>,
    pub(super) window: Window,
    pub(super) projection: Projection,
    /// Whether anything was said of which attributes are to be told.
    pub(super) is_projected: bool,
}

/// Which of all that is found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    /// The first is 1.
    pub(super) start: usize,
    pub(super) count: usize,
}

/// Some of what was found.
pub(super) struct Found {
    pub(super) total: usize,
    pub(super) resources: Vec<Value>,
}

impl Found {
    pub(super) const fn nothing() -> Self {
        Self {
            total: 0,
            resources: Vec::new(),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = ScimError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ScimError> {
        let query = parts.uri.query().unwrap_or_default();
        let mut asked = Map::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            asked.insert(name.into_owned(), value.into_owned().into());
        }
        Self::of(&asked)
    }
}

impl Asked {
    /// From a query, or the body of `/.search` (RFC 7644 3.4.3). Sorting is not supported, and so passed
    /// over, as 3.4.2.3 wants.
    pub(super) fn of(asked: &Map<String, Value>) -> Result<Self, ScimError> {
        let find = |wanted: &str| {
            let found = asked
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(wanted));
            found
                .map(|(_, value)| value)
                .filter(|value| !value.is_null())
        };
        let filter = match find("filter") {
            None => None,
            Some(Value::String(text)) => Some(filter::parse(text)?),
            Some(_) => {
                return Err(ScimError::new(
                    ScimType::InvalidFilter,
                    "`filter` is a text",
                ));
            }
        };
        let start = find("startIndex").map(|value| number("startIndex", value));
        let count = find("count").map(|value| number("count", value));
        let projection =
            Projection::of(names(find("attributes")), names(find("excludedAttributes")))?;
        Ok(Self {
            filter,
            window: Window {
                start: start.transpose()?.unwrap_or(1).max(1),
                count: count.transpose()?.unwrap_or(PAGE).min(MAX_PAGE),
            },
            projection,
            is_projected: find("attributes").or(find("excludedAttributes")).is_some(),
        })
    }

    /// The filter, tied to the attributes of one type.
    fn resolved(&self, resource: &ResourceType) -> Result<Option<Resolved>, ScimError> {
        let filter = self.filter.clone();
        filter
            .map(|filter| filter::resolve(filter, resource))
            .transpose()
    }
}

/// RFC 7644 3.4.2.4: below the least is the least.
fn number(name: &str, value: &Value) -> Result<usize, ScimError> {
    let number = match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse::<i64>().ok(),
        _ => None,
    };
    let wrong = || {
        ScimError::new(
            ScimType::InvalidValue,
            format!("`{name}` is a whole number"),
        )
    };
    Ok(usize::try_from(number.ok_or_else(wrong)?.max(0)).unwrap_or(usize::MAX))
}

/// Names with commas between them, or a list of names.
fn names(value: Option<&Value>) -> Vec<String> {
    let texts: Vec<&str> = match value {
        Some(Value::String(text)) => text.split(',').collect(),
        Some(Value::Array(values)) => values.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let texts = texts.into_iter().map(str::trim);
    texts
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Rows that are resources.
pub(super) trait Listed
where
    Self: Sized + Send + Sync + Unpin,
    Self: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow>,
{
    const TYPE: &'static ResourceType;
    /// What one is called where there is none.
    const NOUN: &'static str;
    /// The statement up to its condition.
    const SELECT: &'static str;
    /// The same that counts.
    const COUNT: &'static str;
    /// The attribute that is in other rows.
    const RELATED: &'static str;

    /// The resources of rows, in their order.
    fn resources(
        context: &Context,
        rows: &[Self],
        with_related: bool,
    ) -> impl Future<Output = Result<Vec<Map<String, Value>>, ScimError>> + Send;
}

/// Whether what is in other rows is few enough to be told.
pub(super) fn check_related(found: usize) -> Result<(), ScimError> {
    if found <= MAX_MEMBERS {
        return Ok(());
    }
    Err(ScimError::new(
        ScimType::TooMany,
        format!(
            "these have more than {MAX_MEMBERS} members or groups together; ask for fewer at a time, or with `excludedAttributes=members` or `groups`"
        ),
    ))
}

/// The one with this id, as it was asked for.
pub(super) async fn shown<L: Listed>(
    context: &Context,
    id: &str,
    asked: &Asked,
    status: StatusCode,
) -> Result<Answer, ScimError> {
    let with_related = asked.projection.tells(L::TYPE, L::RELATED);
    let resource = one::<L>(context, id, with_related).await?;
    let resource = resource.ok_or_else(|| ScimError::not_found(L::NOUN))?;
    let shown = asked.projection.show(L::TYPE, &resource);
    Ok(Answer::resource(status, &resource, shown))
}

/// All that was asked for.
pub(super) async fn found<L: Listed>(
    context: &Context,
    asked: &Asked,
) -> Result<Answer, ScimError> {
    let found = find::<L>(context, asked, asked.window).await?;
    Ok(Answer::list(
        found.total,
        asked.window.start,
        found.resources,
    ))
}

/// The one with this id.
async fn one<L: Listed>(
    context: &Context,
    id: &str,
    with_related: bool,
) -> Result<Option<Map<String, Value>>, ScimError> {
    let mut query = Query::new(&context.store, L::SELECT);
    query.push("id = ").bind(id);
    let rows: Vec<L> = query.fetch_all(&context.store).await?;
    let mut resources = L::resources(context, &rows, with_related).await?;
    Ok(resources.pop())
}

/// Finds resources, the oldest first; of all that was asked for, those in the window.
pub(super) async fn find<L: Listed>(
    context: &Context,
    asked: &Asked,
    window: Window,
) -> Result<Found, ScimError> {
    let (filter, projection) = (asked.resolved(L::TYPE)?, &asked.projection);
    let filter = filter.as_ref();
    let narrowed = filter.map(|filter| narrow(filter, L::TYPE));
    let with_related = projection.tells(L::TYPE, L::RELATED);
    let show = |resource: &Map<String, Value>| projection.show(L::TYPE, resource);
    if let Some(filter) = filter
        && narrowed.as_ref().is_some_and(|narrowed| !narrowed.is_exact)
    {
        let rows = scan::<L>(context, narrowed.as_ref(), filter).await?;
        let total = rows.len();
        let skipped = rows.into_iter().skip(window.start - 1);
        let page: Vec<L> = skipped.take(window.count).collect();
        let resources = L::resources(context, &page, with_related).await?;
        return Ok(Found {
            total,
            resources: resources.iter().map(show).collect(),
        });
    }
    let mut count = Query::new(&context.store, L::COUNT);
    write_condition(&mut count, narrowed.as_ref());
    let counted: Vec<(i64,)> = count.fetch_all(&context.store).await?;
    let total = counted.first().map_or(0, |(total,)| *total);
    let total = usize::try_from(total).unwrap_or_default();
    if window.count == 0 || window.start > total {
        return Ok(Found {
            total,
            resources: Vec::new(),
        });
    }
    let mut query = Query::new(&context.store, L::SELECT);
    write_condition(&mut query, narrowed.as_ref());
    let offset = i64::try_from(window.start - 1).unwrap_or(i64::MAX);
    let limit = i64::try_from(window.count).unwrap_or(i64::MAX);
    query.push(" ORDER BY id LIMIT ").bind(limit);
    query.push(" OFFSET ").bind(offset);
    let rows: Vec<L> = query.fetch_all(&context.store).await?;
    let resources = L::resources(context, &rows, with_related).await?;
    Ok(Found {
        total,
        resources: resources.iter().map(show).collect(),
    })
}

/// Looks at one after the other, where no index answers.
async fn scan<L: Listed>(
    context: &Context,
    narrowed: Option<&Narrowed>,
    filter: &Resolved,
) -> Result<Vec<L>, ScimError> {
    let mut query = Query::new(&context.store, L::SELECT);
    write_condition(&mut query, narrowed);
    let limit = i64::try_from(MAX_SCAN + 1).unwrap_or(i64::MAX);
    query.push(" ORDER BY id LIMIT ").bind(limit);
    let rows: Vec<L> = query.fetch_all(&context.store).await?;
    if rows.len() > MAX_SCAN {
        return Err(ScimError::new(
            ScimType::TooMany,
            format!(
                "no index answers this filter, and more than {MAX_SCAN} resources would have to be looked at; add `and` with a comparison of `userName`, `externalId`, `emails`, `displayName` or `meta.lastModified`"
            ),
        ));
    }
    let with_related = filter.mentions(L::RELATED);
    let resources = L::resources(context, &rows, with_related).await?;
    let found = rows.into_iter().zip(&resources);
    Ok(found
        .filter(|(_, resource)| holds(filter, resource))
        .map(|(row, _)| row)
        .collect())
}

fn write_condition(query: &mut Query, narrowed: Option<&Narrowed>) {
    match narrowed.and_then(|narrowed| narrowed.condition.as_ref()) {
        Some(condition) => condition.write(query),
        None => {
            query.push("TRUE");
        }
    }
}
