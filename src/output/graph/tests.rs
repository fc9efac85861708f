//! One graph in every form.

use super::{Edge, Graph, GraphFormat, Node, ServiceState, Tone};

fn graph() -> Graph {
    let node = |service: &str, tone: Tone, text: &str| Node {
        service: service.into(),
        enabled: true,
        state: Some(ServiceState { tone, text: text.into() }),
        ..Node::default()
    };
    let edge = |from: &str, to: &str, condition, required| Edge {
        from: from.into(),
        to: to.into(),
        condition,
        required,
        restart: to == "db",
    };
    let end = Node {
        profiles: vec!["a&b".into()],
        networks: vec!["back".into()],
        ..node("end", Tone::Absent, "none")
    };
    Graph {
        project: "app".into(),
        nodes: vec![
            node("db", Tone::Good, "1 running (healthy)"),
            end,
            node("api", Tone::Waiting, "1 created"),
            node("web", Tone::Bad, "1 exited (3)"),
        ],
        edges: vec![
            edge("api", "db", "service_healthy", true),
            edge("api", "end", "service_completed_successfully", false),
            edge("web", "api", "service_started", true),
            edge("web", "db", "service_healthy", true),
        ],
    }
}

#[test]
fn a_tree() {
    insta::assert_snapshot!(graph().render(GraphFormat::Tree, false), @r"
    web  1 exited (3)
    ├─ [started] api  1 created
    │  ├─ [healthy, restart] db  1 running (healthy)
    │  └─ [completed, optional] end  none; profiles: a&b; networks: back
    └─ [healthy, restart] db  1 running (healthy)
    ");
    assert!(graph().render(GraphFormat::Tree, true).contains("\u{1b}[31m"));
}

#[test]
fn mermaid_and_dot_take_any_name() {
    let mermaid = graph().render(GraphFormat::Mermaid, false);
    assert!(mermaid.contains("n1[\"end<br/>none<br/>profiles: a&amp;b<br/>networks: back\"]"), "{mermaid}");
    assert!(mermaid.contains("n2 -.->|\"completed, optional\"| n1"), "{mermaid}");
    let dot = graph().render(GraphFormat::Dot, false);
    assert!(dot.contains("\"api\" -> \"end\" [label=\"completed, optional\", style=dashed];"), "{dot}");
}

#[test]
fn arrows_point_to_the_right_and_boxes_do_not_overlap() {
    let svg = graph().render(GraphFormat::Svg, false);
    let boxes: Vec<Vec<f64>> = attributes(&svg, "<rect", &["x", "y", "width", "height"]);
    assert_eq!(boxes.len(), 4);
    for (position, one) in boxes.iter().enumerate() {
        for other in &boxes[position + 1..] {
            let apart =
                |at: usize| one[at] + one[at + 2] <= other[at] || other[at] + other[at + 2] <= one[at];
            assert!(apart(0) || apart(1), "{one:?} and {other:?}");
        }
    }
    for path in svg.lines().filter(|line| line.starts_with("<path d=\"M")) {
        let numbers: Vec<f64> =
            path.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok()).collect();
        assert!(numbers[0] < numbers[6], "{path}");
    }
}

#[test]
fn an_image_is_well_formed_whatever_the_names() {
    let mut named = graph();
    let name = "a<b>&\"c'd ]]> <!-- \u{e9}\u{1f600}\t\u{1}";
    named.project = name.into();
    named.nodes[0].profiles = vec![name.into()];
    named.nodes[0].networks = vec![name.into()];
    named.nodes[0].state = Some(ServiceState { tone: Tone::Bad, text: name.into() });
    let svg = named.render(GraphFormat::Svg, false);
    let document = roxmltree::Document::parse(&svg).expect("XML");
    assert_eq!(document.root_element().tag_name().name(), "svg");
    let shown = document.descendants().filter_map(|node| node.text());
    assert!(shown.filter(|text| text.contains("a<b>&\"c'd ]]>")).count() > 0, "{svg}");
    for svg in [graph(), Graph::default()].map(|graph| graph.render(GraphFormat::Svg, true)) {
        roxmltree::Document::parse(&svg).expect("XML");
    }
}

fn attributes(text: &str, element: &str, names: &[&str]) -> Vec<Vec<f64>> {
    let value = |line: &str, name: &str| {
        let rest = line.split(&format!(" {name}=\"")).nth(1).unwrap();
        rest.split('"').next().unwrap().parse().unwrap()
    };
    let lines = text.lines().filter(|line| line.starts_with(element));
    lines.map(|line| names.iter().map(|name| value(line, name)).collect()).collect()
}

#[test]
fn nothing_is_drawn_of_nothing() {
    let svg = Graph::default().render(GraphFormat::Svg, false);
    assert!(svg.ends_with("</svg>\n"), "{svg}");
    assert_eq!(Graph::default().render(GraphFormat::Tree, false), "");
}
