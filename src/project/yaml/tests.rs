//! Trees from text, and what is refused.

use super::parse;
use crate::project::node::{Node, Value};
use crate::project::origin::Origins;
use crate::project::source::{FileId, SourceMap};

fn file() -> FileId {
    SourceMap::default().add(std::path::Path::new("test.yml"), String::new())
}

fn root(text: &str) -> Node {
    parse(file(), text, &mut Origins::default()).expect("valid").remove(0).root
}

fn json(text: &str) -> String {
    serde_json::to_string(&root(text)).expect("serializable")
}

fn refusal(text: &str) -> String {
    let error = parse(file(), text, &mut Origins::default()).expect_err("refused");
    format!("{}:{}: {}", error.span.line, error.span.column, error.message)
}

#[test]
fn scalars_have_the_types_go_yaml_gives_them() {
    let cases = [
        ("12", "12"),
        ("0644", "420"),
        ("0o17", "15"),
        ("0x1F", "31"),
        ("0b11", "3"),
        ("08", "8.0"),
        ("1_000", "1000"),
        ("1.10", "1.1"),
        ("1e3", "1000.0"),
        (".5", "0.5"),
        ("-7", "-7"),
        ("+7", "7"),
        ("yes", "\"yes\""),
        ("on", "\"on\""),
        ("y", "\"y\""),
        ("True", "true"),
        ("~", "null"),
        ("", "null"),
        ("22:22", "\"22:22\""),
        ("1.2.3", "\"1.2.3\""),
        ("\"12\"", "\"12\""),
        ("2024-01-01", "\"2024-01-01T00:00:00Z\""),
        ("2024-1-2 3:4:5.60", "\"2024-01-02T03:04:05.6Z\""),
        ("2024-13-01", "\"2024-13-01\""),
        ("! 12", "12"),
        ("!!str 12", "\"12\""),
        ("!!int \"12\"", "12"),
        ("!!float 1", "1.0"),
        ("!!binary aGk=", "\"hi\""),
        ("18446744073709551615", "18446744073709551615"),
    ];
    for (text, expected) in cases {
        assert_eq!(json(&format!("a: {text}\n")), format!("{{\"a\":{expected}}}"), "{text}");
    }
}

#[test]
fn aliases_and_merge_keys() {
    assert_eq!(json("a: &x {k: 1, l: 2}\nb: {<<: *x, k: 3}"), r#"{"a":{"k":1,"l":2},"b":{"k":3,"l":2}}"#);
    assert_eq!(
        json("a: &x {k: 1}\nb: &y {<<: *x, m: 2}\nc: {<<: *y}"),
        r#"{"a":{"k":1},"b":{"m":2,"k":1},"c":{"m":2,"k":1}}"#
    );
    assert_eq!(json("a: {<<: [{k: 1}, {k: 2, l: 3}]}"), r#"{"a":{"k":1,"l":3}}"#);
    assert_eq!(json("a: {\"<<\": {k: 1}}"), r#"{"a":{"<<":{"k":1}}}"#);
}

#[test]
fn reset_and_override_are_noted_and_reset_is_taken_out() {
    let mut documents =
        parse(file(), "a:\n  b: !reset x\n  c: !override [1]\n  d: [1, !reset 2]\n", &mut Origins::default())
            .expect("valid");
    let document = documents.remove(0);
    assert_eq!(serde_json::to_string(&document.root).expect("serializable"), r#"{"a":{"c":[1],"d":[1]}}"#);
    assert_eq!(document.removals, [vec!["a", "b"], vec!["a", "c"], vec!["a", "d", "1"]]);
}

#[test]
fn anchors_go_on_into_the_next_document() {
    let documents = parse(file(), "a: &x 1\n---\nb: *x\n", &mut Origins::default()).expect("valid");
    assert_eq!(documents.len(), 2);
    assert_eq!(serde_json::to_string(&documents[1].root).expect("serializable"), r#"{"b":1}"#);
}

#[test]
fn spans_point_at_keys_and_values() {
    let root = root("é: 1\nservices:\n  web:\n    image: nginx\n");
    let web = root.get("services").and_then(Node::as_mapping).and_then(|map| map.get("web")).expect("web");
    assert_eq!((web.key_span.line, web.key_span.column), (3, 3));
    let image = web.node.get("image").expect("image");
    assert_eq!((image.span.line, image.span.column, image.span.start, image.span.end), (4, 12, 34, 39));
}

#[test]
fn what_is_not_a_compose_document_is_refused_with_its_place() {
    let cases = [
        ("a: 1\nb: 2\na: 3\n", "3:1: mapping key \"a\" already defined at line 1"),
        ("x: {<<: {a: 1}, <<: {b: 1}}", "1:17: mapping key \"<<\" already defined at line 1"),
        ("a: {<<: 3}", "1:5: map merge requires map or sequence of maps as the value"),
        ("services:\n  1: {}\n", "2:3: non-string key: 1"),
        ("a: &x [*x]", "1:8: anchor 'x' value contains itself"),
        ("a: !!int b", "1:4: cannot decode `b` as a !!int"),
        ("a: [1, 2", "2:1: did not find expected ',' or ']'"),
        ("a:\n\tb: 1\n", "2:1: found character that cannot start any token"),
        ("a: b: c\n", "1:5: mapping values are not allowed in this context"),
    ];
    for (text, expected) in cases {
        assert_eq!(refusal(text), expected, "{text}");
    }
}

#[test]
fn a_tag_of_somebodys_own_says_nothing() {
    let root = root("a: !mine 5\nb: !mine\nc: !mine {d: e}\n");
    assert_eq!(serde_json::to_string(&root).expect("serializable"), r#"{"a":5,"b":"","c":{"d":"e"}}"#);
}

#[test]
fn hostile_input_is_bounded() {
    let deep = "[".repeat(10_000);
    assert!(refusal(&deep).contains("nested deeper than 200 levels"));
    let mut bomb = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
    for level in 1..10 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(",");
        bomb.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    assert!(refusal(&bomb).contains("more than 1000000 values"));
    assert!(parse(file(), "\u{0}\u{1}", &mut Origins::default()).is_err());
    assert!(parse(file(), "", &mut Origins::default()).expect("empty").is_empty());
}

#[test]
fn one_anchor_may_be_used_often() {
    let mut text = String::from("x: &x {a: 1}\nlist:\n");
    text.push_str(&"  - *x\n".repeat(3000));
    let root = root(&text);
    assert!(matches!(&root.get("list").expect("list").value, Value::Sequence(items) if items.len() == 3000));
}
