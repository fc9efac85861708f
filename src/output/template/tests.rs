use serde_json::{Value, json};

use super::Template;

fn data() -> Value {
    json!({
        "Name": "app-web-1", "ID": "0123456789ab", "ExitCode": 3, "Health": "",
        "Publishers": [{"URL": "0.0.0.0", "PublishedPort": 80}, {"URL": "::", "PublishedPort": 80}],
        "Label": {"com.example.team": "blue"},
    })
}

fn render(template: &str) -> String {
    Template::parse(template).unwrap().render(&data()).unwrap()
}

#[test]
fn fields_text_and_functions() {
    for (template, expected) in [
        ("{{.Name}}", "app-web-1"),
        ("{{ .Name }} {{.ExitCode}}", "app-web-1 3"),
        ("{{json .Name}}", "\"app-web-1\""),
        ("{{upper .Name}} {{.Name | title}}", "APP-WEB-1 App-web-1"),
        (r#"{{join (split .Name "-") "/"}}"#, "app/web/1"),
        (r#"{{.Label "com.example.team"}}{{.Label "none"}}"#, "blue"),
        ("{{truncate .ID 4}}{{pad .Name 1 2}}|", "0123 app-web-1  |"),
        ("{{println .Name .ExitCode}}", "app-web-1 3\n"),
        (r#"{{printf "%-12s|%3d|%q" .Name .ExitCode "x"}}"#, "app-web-1   |  3|\"x\""),
        ("{{len .Publishers}} {{slice .ID 0 3}}", "2 012"),
        ("a {{- .ExitCode -}} b", "a3b"),
        ("{{/* nothing */}}x", "x"),
        ("{{\"}}\"}}", "}}"),
    ] {
        assert_eq!(render(template), expected, "{template}");
    }
}

#[test]
fn conditions_and_loops() {
    for (template, expected) in [
        ("{{if .Health}}checked{{else}}unchecked{{end}}", "unchecked"),
        ("{{if eq .ExitCode 0}}good{{else if gt .ExitCode 2}}bad{{else}}fair{{end}}!", "bad!"),
        ("{{range .Publishers}}{{.URL}}:{{.PublishedPort}} {{end}}", "0.0.0.0:80 :::80 "),
        (
            "{{range $i, $p := .Publishers}}{{$i}}={{$p.URL}} {{$.Name}};{{end}}",
            "0=0.0.0.0 app-web-1;1=:: app-web-1;",
        ),
        ("{{with .Name}}{{.}}{{end}}{{with .Health}}x{{else}}none{{end}}", "app-web-1none"),
        ("{{$n := .Name}}{{$n}}", "app-web-1"),
        ("{{if and (not .Health) (or .Health .Name)}}yes{{end}}", "yes"),
        (r#"{{(index .Publishers 1).URL}}"#, "::"),
    ] {
        assert_eq!(render(template), expected, "{template}");
    }
}

#[test]
fn mistakes_are_named() {
    let error = |template: &str| match Template::parse(template) {
        Err(error) => error.to_string(),
        Ok(parsed) => parsed.render(&data()).unwrap_err().to_string(),
    };
    assert!(error("{{.Nosuch}}").contains("can't evaluate field Nosuch"));
    assert!(error("{{.Name}").contains("unclosed action"));
    assert!(error("{{nosuch .Name}}").contains("function \"nosuch\" not defined"));
    assert!(error("{{if .Name}}x").contains("has no {{end}}"));
    assert!(error("{{end}}").contains("unexpected {{end}}"));
    assert!(error("{{join .Name}}").contains("wrong number of arguments"));
}

#[test]
fn the_fields_of_a_template_are_known() {
    let template = Template::parse("{{.Name}} {{json .ID}} {{if .Health}}{{.ExitCode}}{{end}}").unwrap();
    assert_eq!(template.fields(), ["Name", "ID", "Health", "ExitCode"]);
}
