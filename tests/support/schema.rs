//! Whether documents fit the schemas in `schema/`.

use serde_json::Value;

/// Fails the test unless the document fits the schema in this file.
#[track_caller]
pub fn fits(schema: &str, document: &Value) {
    let path = super::repository("schema").join(schema);
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut errors = Vec::new();
    check(document, &schema, &schema, "$", &mut errors);
    assert!(errors.is_empty(), "{errors:?}\n{document:#}");
}

/// The keywords that the schema uses; any other one is an error, so that none is passed over.
fn check(value: &Value, schema: &Value, root: &Value, path: &str, errors: &mut Vec<String>) {
    for (keyword, rule) in schema.as_object().expect("a schema is an object") {
        let ok = match keyword.as_str() {
            "$schema" | "$id" | "$defs" | "title" | "description" => true,
            "$ref" => {
                let name =
                    rule.as_str().and_then(|rule| rule.strip_prefix("#/$defs/")).expect("a definition");
                check(value, &root["$defs"][name], root, path, errors);
                true
            }
            "type" => {
                rule.as_array().map_or_else(|| is(value, rule), |all| all.iter().any(|kind| is(value, kind)))
            }
            "const" => value == rule,
            "enum" => rule.as_array().expect("a list").contains(value),
            "minimum" => value.as_i64().is_none_or(|number| number >= rule.as_i64().expect("a number")),
            "minLength" => {
                value.as_str().is_none_or(|text| text.len() as u64 >= rule.as_u64().expect("a number"))
            }
            "pattern" => {
                let pattern = regex::Regex::new(rule.as_str().expect("text")).expect("a pattern");
                value.as_str().is_none_or(|text| pattern.is_match(text))
            }
            "required" => value.as_object().is_none_or(|object| {
                let mut keys = rule.as_array().expect("a list").iter();
                keys.all(|key| object.contains_key(key.as_str().expect("text")))
            }),
            "properties" => {
                for (key, child) in rule.as_object().expect("an object") {
                    if let Some(inner) = value.get(key) {
                        check(inner, child, root, &format!("{path}.{key}"), errors);
                    }
                }
                true
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(item, rule, root, &format!("{path}[{index}]"), errors);
                }
                true
            }
            "additionalProperties" => {
                let known = schema["properties"].as_object().expect("properties");
                value.as_object().is_none_or(|object| object.keys().all(|key| known.contains_key(key)))
            }
            _ => false,
        };
        if !ok {
            errors.push(format!("{path} does not fit {keyword}: {rule}"));
        }
    }
}

fn is(value: &Value, kind: &Value) -> bool {
    match kind.as_str().expect("a type") {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        _ => false,
    }
}
