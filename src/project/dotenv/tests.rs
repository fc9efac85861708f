//! The dialect, case by case.

use std::collections::BTreeMap;

use super::{parse, parse_raw};

fn lookup(name: &str) -> Option<String> {
    (name == "HOST").then(|| "outer".to_owned())
}

fn read(text: &str) -> Result<BTreeMap<String, String>, String> {
    parse(text, &lookup, &BTreeMap::new()).map(|parsed| parsed.variables).map_err(|error| error.to_string())
}

#[test]
fn one_line_values() {
    let cases = [
        ("A=b", "b"),
        ("A = b", "b"),
        ("export A=b", "b"),
        ("A: b", "b"),
        ("A=b # c", "b"),
        ("A=b#c", "b#c"),
        ("A=", ""),
        ("A= b  ", "b"),
        ("A=\"b # c\" # d", "b # c"),
        ("A='b $HOST'", "b $HOST"),
        ("A=\"b\\nc\"", "b\nc"),
        ("A='b\\nc'", "b\\nc"),
        ("A='it\\'s'", "it's"),
        ("A=\"say \\\"x\\\"\"", "say \"x\""),
        ("A=$HOST", "outer"),
        ("A=\"${X:-d}\"", "d"),
        ("A=$$HOST", "$HOST"),
        ("A=\"\\$HOST\"", "$HOST"),
        ("A=\"b\nc\"", "b\nc"),
        ("A=a=b", "a=b"),
        ("A={\"k\":\"v\"}", "{\"k\":\"v\"}"),
        ("A=\"\\0101\"", "A"),
        ("A=a\\nb", "a\\nb"),
        ("A=a\"b\"c", "a\"b\"c"),
        ("A=#x", "#x"),
        ("\u{feff}A=b", "b"),
        ("A=b\r\n", "b"),
        ("A=a b c", "a b c"),
    ];
    for (text, expected) in cases {
        assert_eq!(read(text).map(|all| all.get("A").cloned()), Ok(Some(expected.to_owned())), "{text}");
    }
}

#[test]
fn a_name_alone_is_inherited() {
    assert_eq!(
        read("HOST\nMISSING\nexport HOST\nA=1"),
        Ok([("HOST".into(), "outer".into()), ("A".into(), "1".into())].into())
    );
    assert_eq!(read("HOST"), Ok([("HOST".into(), "outer".into())].into()));
}

#[test]
fn earlier_lines_are_seen_but_the_lookup_wins() {
    let all = read("B=1\nA=$B\nHOST=inner\nC=$HOST").expect("valid");
    assert_eq!((all["A"].as_str(), all["HOST"].as_str(), all["C"].as_str()), ("1", "inner", "outer"));
}

#[test]
fn files_read_before_come_last() {
    let before = [("A".to_owned(), "old".to_owned()), ("B".to_owned(), "old".to_owned())].into();
    let parsed = parse("A=new\nC=$A-$B", &lookup, &before).expect("valid");
    assert_eq!(parsed.variables["C"], "new-old");
}

#[test]
fn what_is_wrong_is_said_with_its_line() {
    assert_eq!(read("A=1\nB C=2"), Err("line 2: key cannot contain a space".into()));
    assert_eq!(read("A=1\n\n%=2"), Err("line 3: unexpected character \"%\" in variable name \"%=2\"".into()));
    assert_eq!(read("A=\"b\nC=d"), Err("line 1: unterminated quoted value \"b".into()));
    assert_eq!(read("A=${X:?gone}"), Err("line 1: required variable X is missing a value: gone".into()));
}

#[test]
fn unset_variables_are_reported() {
    let parsed = parse("A=1\nB=$NOPE", &lookup, &BTreeMap::new()).expect("valid");
    assert_eq!(parsed.unset, [("NOPE".to_owned(), 2)]);
}

#[test]
fn raw_lines_are_taken_as_they_are() {
    let all = parse_raw("# c\nA='x' # y\nB=$HOST\n  C=1\nHOST\nD\n", &lookup).expect("valid").variables;
    assert_eq!(all["A"], "'x' # y");
    assert_eq!((all["B"].as_str(), all["C"].as_str(), all["HOST"].as_str()), ("$HOST", "1", "outer"));
    assert!(!all.contains_key("D"));
    assert!(parse_raw("=x", &lookup).is_err());
    assert!(parse_raw("A B=x", &lookup).is_err());
}

/// On the subset that both dialects share, the crate most Rust programs use agrees.
#[test]
fn agrees_with_dotenvy_on_plain_files() {
    let text = "A=b\nB='c d'\nC=\"e f\"\nexport D=g\n# comment\nE=\n\nF=\"x\\ny\"\n";
    let theirs: BTreeMap<String, String> =
        dotenvy::from_read_iter(text.as_bytes()).map(|pair| pair.expect("valid")).collect();
    assert_eq!(read(text), Ok(theirs));
}
