//! Lists as `--format` asks for them: a table, JSON, a Go template, or a table of a template.

use serde_json::{Map, Value, json};

use super::Table;
use super::template::{Template, TemplateError};

/// How a list is printed.
#[derive(Clone, Debug)]
pub enum Format {
    /// The list's own table.
    Table,
    /// JSON.
    Json,
    /// A template per entry.
    Template(Template),
    /// A table whose columns are what tabs separate in the template.
    TableOf(Template),
}

impl Format {
    /// Reads the value of `--format`. `\t` and `\n` stand for themselves, as with the docker client.
    ///
    /// # Errors
    /// A template that is not understood.
    pub fn parse(text: &str) -> Result<Format, TemplateError> {
        let template = |text: &str| Template::parse(&text.replace("\\t", "\t").replace("\\n", "\n"));
        match text {
            "" | "table" => Ok(Format::Table),
            "json" => Ok(Format::Json),
            other if !other.contains("{{") => Err(TemplateError::unknown_format(other)),
            _ => match text.strip_prefix("table ") {
                Some(columns) => Ok(Format::TableOf(template(columns.trim_start())?)),
                None => Ok(Format::Template(template(text)?)),
            },
        }
    }
}

/// What one kind of list looks like.
#[derive(Clone, Copy, Debug)]
pub struct Listing {
    /// The columns of its table: field and heading. Fields beside these have headings of their own name.
    pub columns: &'static [(&'static str, &'static str)],
    /// Headings of fields that only templates name.
    pub headings: &'static [(&'static str, &'static str)],
    /// Whether JSON is one array, or an object per line.
    pub json_array: bool,
    /// Columns are at least this wide, the blanks after them counted: each of Docker's tools has its own width.
    pub least_width: usize,
}

impl Listing {
    /// Prints entries, each with a text or value for every field.
    ///
    /// # Errors
    /// A template that asks for a field that entries do not have.
    pub fn print(&self, format: &Format, entries: &[Map<String, Value>]) -> Result<(), TemplateError> {
        super::lines(self.lines(format, entries)?);
        Ok(())
    }

    /// The printed form.
    ///
    /// # Errors
    /// As [`Self::print`].
    pub fn lines(
        &self,
        format: &Format,
        entries: &[Map<String, Value>],
    ) -> Result<Vec<String>, TemplateError> {
        match format {
            Format::Table => Ok(self.table(entries)),
            Format::Json if self.json_array => {
                Ok(vec![json!(entries.iter().map(public).collect::<Vec<_>>()).to_string()])
            }
            Format::Json => {
                Ok(entries.iter().map(|entry| Value::Object(public(entry)).to_string()).collect())
            }
            Format::Template(template) => {
                entries.iter().map(|entry| template.render(&Value::Object(entry.clone()))).collect()
            }
            Format::TableOf(template) => self.table_of(template, entries),
        }
    }

    fn table(&self, entries: &[Map<String, Value>]) -> Vec<String> {
        let headings: Vec<&str> = self.columns.iter().map(|(_, heading)| *heading).collect();
        let mut table = Table::new(&headings).with_least_width(self.least_width);
        for entry in entries {
            table.row(self.columns.iter().map(|(field, _)| cell(entry, field)));
        }
        table.lines()
    }

    fn table_of(
        &self,
        template: &Template,
        entries: &[Map<String, Value>],
    ) -> Result<Vec<String>, TemplateError> {
        let mut headings = Map::new();
        for field in template.fields() {
            headings.insert(field.to_owned(), self.heading(field, entries));
        }
        let heading = template.render(&Value::Object(headings))?;
        let heading: Vec<&str> = heading.split('\t').collect();
        let mut table = Table::new(&heading).with_least_width(self.least_width);
        for entry in entries {
            let row = template.render(&Value::Object(entry.clone()))?;
            table.row(row.split('\t').map(str::to_owned));
        }
        Ok(table.lines())
    }

    /// The heading of a field; a field that is looked into by key has the key's last part.
    fn heading(&self, field: &str, entries: &[Map<String, Value>]) -> Value {
        let known = self.columns.iter().chain(self.headings).find(|(name, _)| *name == field);
        let text = known.map_or_else(|| field.to_uppercase(), |(_, heading)| (*heading).to_owned());
        match entries.first().and_then(|entry| entry.get(field)) {
            Some(Value::Object(map)) => {
                let last = |key: &String| key.rsplit('.').next().unwrap_or(key).to_owned();
                Value::Object(map.keys().map(|key| (key.clone(), last(key).into())).collect())
            }
            _ => text.into(),
        }
    }
}

/// An entry of a list from its fields.
pub fn entry<const N: usize>(fields: [(&str, Value); N]) -> Map<String, Value> {
    fields.into_iter().map(|(field, value)| (field.to_owned(), value)).collect()
}

fn cell(entry: &Map<String, Value>, field: &str) -> String {
    match entry.get(field) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

/// What JSON shows: without [`LABEL`], which templates call.
fn public(entry: &Map<String, Value>) -> Map<String, Value> {
    entry
        .iter()
        .filter(|(field, _)| *field != LABEL)
        .map(|(field, value)| (field.clone(), value.clone()))
        .collect()
}

/// The field by which templates look up one label: `{{.Label "key"}}`.
pub const LABEL: &str = "Label";

#[cfg(test)]
mod tests {
    use super::*;

    const LISTING: Listing = Listing {
        columns: &[("Name", "NAME"), ("Size", "SIZE")],
        headings: &[("ID", "CONTAINER ID")],
        json_array: false,
        least_width: 0,
    };

    fn lines(format: &str) -> Vec<String> {
        let entry = json!({"Name": "web", "Size": "3B", "ID": "abc", "Label": {"a.team": "blue"}});
        let entries = [entry.as_object().unwrap().clone()];
        LISTING.lines(&Format::parse(format).unwrap(), &entries).unwrap()
    }

    #[test]
    fn every_format_shows_the_same_entries() {
        assert_eq!(lines("table"), ["NAME   SIZE", "web    3B"]);
        assert_eq!(lines("json"), [r#"{"Name":"web","Size":"3B","ID":"abc"}"#]);
        assert_eq!(lines("{{.Name}} {{.ID}}"), ["web abc"]);
        assert_eq!(lines(r"table {{.ID}}\t{{.Name}}"), ["CONTAINER ID   NAME", "abc            web"]);
        assert_eq!(lines(r#"table {{.Label "a.team"}}"#), ["team", "blue"]);
    }

    #[test]
    fn a_field_that_is_not_there_is_an_error() {
        let format = Format::parse("{{.Nosuch}}").unwrap();
        assert!(LISTING.lines(&format, &[Map::new()]).is_err());
        assert_eq!(LISTING.lines(&format, &[]).unwrap(), Vec::<String>::new());
    }
}
