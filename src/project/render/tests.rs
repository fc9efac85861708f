//! The printed forms, and that they read back.

use super::{compact_json, tree_yaml};
use crate::project::model::{Bytes, Command, Deploy, Duration, Service, Volume};
use crate::project::node::Node;
use crate::project::origin::Origins;
use crate::project::source::FileId;
use crate::project::yaml;

#[test]
fn text_is_quoted_as_go_yaml_does() {
    let cases = [
        ("plain", "plain"),
        ("80", "\"80\""),
        ("yes", "\"yes\""),
        ("n", "\"n\""),
        ("12:30", "\"12:30\""),
        ("", "\"\""),
        ("a: b", "'a: b'"),
        ("- a", "'- a'"),
        ("-a", "-a"),
        ("a #b", "'a #b'"),
        ("a#b", "a#b"),
        ("*", "'*'"),
        ("it's", "it's"),
        ("'a", "'''a'"),
        (" a", "' a'"),
        ("null", "\"null\""),
        ("~", "\"~\""),
        ("1.5", "\"1.5\""),
        ("0x1f", "\"0x1f\""),
        ("2024-01-01", "\"2024-01-01\""),
        ("a\tb", "\"a\\tb\""),
        ("{a}", "'{a}'"),
        ("a,b", "a,b"),
        ("::1", "::1"),
        ("a:", "'a:'"),
        ("é", "é"),
        ("\u{1}", "\"\\x01\""),
        ("a\nb", "|-\n  a\n  b"),
        ("a\n", "|\n  a"),
        ("a \nb", "\"a \\nb\""),
        ("<<", "<<"),
        ("=", "="),
        ("1e3", "\"1e3\""),
        ("08", "\"08\""),
        ("@a", "'@a'"),
        ("$a", "$a"),
        ("true", "\"true\""),
    ];
    for (text, printed) in cases {
        let mut root = Node::mapping(Default::default(), Default::default());
        root.set("k", text.into());
        assert_eq!(tree_yaml(&root), format!("k: {printed}\n"), "{text:?}");
    }
}

#[test]
fn what_is_printed_reads_back() {
    let text = "a: 'x: y'\nb: [1, 2.5, null, true, {c: d, e: [f, [g]]}, []]\nh: \"multi\\nline\\n\\n\"\ni: {}\nj: \"  lead\\nx\"\nk: \"\\n\"\n";
    let root = yaml::parse(FileId::default(), text, &mut Origins::default()).expect("valid").remove(0).root;
    let printed = tree_yaml(&root);
    let again =
        yaml::parse(FileId::default(), &printed, &mut Origins::default()).expect("valid").remove(0).root;
    assert_eq!(root, again, "{printed}");
}

#[test]
fn hashes_are_made_of_what_go_prints() {
    let service = Service { name: "a".into(), image: "x<y".into(), ..Service::default() };
    assert_eq!(compact_json(&service), r#"{"command":null,"entrypoint":null,"image":"x\u003cy"}"#);
    let service = Service {
        command: Command(Some(Vec::new())),
        deploy: Some(Deploy { replicas: Some(0), ..Deploy::default() }),
        mem_limit: Bytes(512),
        stop_grace_period: Some(Duration(90_000_000_000)),
        ..Service::default()
    };
    assert_eq!(
        compact_json(&service),
        r#"{"command":[],"deploy":{"replicas":0,"resources":{},"placement":{}},"entrypoint":null,"mem_limit":"512","stop_grace_period":"1m30s"}"#
    );
    assert_eq!(compact_json(&Volume { name: "v".into(), ..Volume::default() }), r#"{"name":"v"}"#);
}
