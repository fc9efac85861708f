//! `docs/compatibility.md`, made from the table and the schema.
//!
//! `UPDATE_COMPATIBILITY=1 cargo test -p wharf --test attribute_table` writes it anew.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use wharf::project::attributes::{self, Attribute, EngineKind, Key, Limit, Rule, Support};

use crate::compared::{DIFFERENCES, Difference};
use crate::schema;

const FILE: &str = "docs/compatibility.md";
const HEAD: &str = include_str!("head.md");
const DOCKER: EngineKind = EngineKind::Docker { api: (u32::MAX, 0) };

#[test]
fn the_document_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    let wanted = document();
    if std::env::var_os("UPDATE_COMPATIBILITY").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == wanted,
        "{FILE} is stale: UPDATE_COMPATIBILITY=1 cargo test -p wharf --test attribute_table the_document"
    );
}

fn document() -> String {
    let forms = schema::paths();
    let rows: BTreeMap<&str, &Attribute> = attributes::all().map(|row| (row.path, row)).collect();
    let mut text = HEAD.to_owned();
    for Difference { place, compose, wharf, why } in DIFFERENCES {
        writeln!(text, "| `{place}` | {compose} | {wharf} | {why} |").unwrap();
    }
    for (title, section) in attributes::sections() {
        write!(text, "\n## {title}\n\n").unwrap();
        text.push_str(
            "| Attribute | What it is | Forms | Default | A later file | Built-in engine | Docker Engine |\n",
        );
        text.push_str("|---|---|---|---|---|---|---|\n");
        for row in section {
            let forms = &forms[row.path];
            let columns = [
                format!("`{}`", row.path),
                row.about.to_owned(),
                forms.join(", "),
                row.default.to_owned(),
                merging(row, forms),
                support(row, &rows, EngineKind::BuiltIn),
                docker(row, &rows),
            ];
            writeln!(text, "| {} |", columns.join(" | ")).unwrap();
        }
    }
    text
}

fn merging(row: &Attribute, forms: &[String]) -> String {
    let has = |kind: &str| forms.iter().any(|form| form == kind);
    let ordinary = match () {
        () if has("object") => "merges",
        () if has("array") => "appends",
        () => "replaces",
    };
    let own = row.merge.map_or(ordinary, |rule| match rule {
        Rule::Replace => "replaces, null too",
        Rule::KeyValueList => "appends, as a list of `key=value`",
        Rule::DistinctList => "appends what is new",
        Rule::NamesToMap => "merges, a name being an empty map",
        Rule::Dependencies => "merges, a name being the long form with its defaults",
        Rule::Build => "merges, a text being the context",
        Rule::Logging => "merges for the same driver, else replaces",
        Rule::AddressPools => "merges pools of the same subnet, appends others",
    });
    match row.unique {
        Some(key) => format!("{own}; the same {} replaces", key_text(key)),
        None => own.to_owned(),
    }
}

fn key_text(key: Key) -> &'static str {
    match key {
        Key::BeforeEquals => "text before `=`",
        Key::Text => "text",
        Key::Device | Key::ConfigTarget | Key::SecretTarget | Key::MountTarget => "target",
        Key::EnvFile => "path",
        Key::Port => "address, port and protocol",
    }
}

fn docker(row: &Attribute, rows: &BTreeMap<&str, &Attribute>) -> String {
    let text = support(row, rows, DOCKER);
    match row.since {
        Some((major, minor)) => format!("{text}; from API {major}.{minor}"),
        None => text,
    }
}

fn support(row: &Attribute, rows: &BTreeMap<&str, &Attribute>, engine: EngineKind) -> String {
    match row.support(engine) {
        Support::Honoured => parent(row.path, rows, engine),
        Support::Differs(how) => format!("yes: {how}"),
        Support::Warned(limit) => limited("warned of", &limit),
        Support::Refused(limit) => limited("refused", &limit),
    }
}

fn limited(verb: &str, limit: &Limit) -> String {
    match limit.case.name {
        "" => format!("{verb}: {}", limit.why),
        case => format!("yes; {verb} for {case}: {}", limit.why),
    }
}

/// What stands below something without effect has none either.
fn parent(path: &str, rows: &BTreeMap<&str, &Attribute>, engine: EngineKind) -> String {
    let mut above = path;
    while let Some((shorter, _)) = above.rsplit_once('.') {
        above = shorter;
        let word = match rows.get(above).map(|row| row.support(engine)) {
            Some(Support::Warned(limit)) if limit.case.name.is_empty() => "warned of",
            Some(Support::Refused(limit)) if limit.case.name.is_empty() => "refused",
            _ => continue,
        };
        return format!("{word}, as `{above}`");
    }
    "yes".to_owned()
}
