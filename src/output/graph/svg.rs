//! A picture in SVG: rounded boxes in layers, curved arrows between them, no fonts or scripts from elsewhere.

use std::collections::BTreeMap;

use super::layers::layers;
use super::{Edge, Graph, Node};

/// Sizes in pixels.
const LINE: usize = 18;
const PADDING: usize = 12;
const LETTER: usize = 8;
const COLUMN_GAP: usize = 150;
const ROW_GAP: usize = 28;
const MARGIN: usize = 20;

/// A box on the sheet.
#[derive(Clone, Copy)]
struct Place {
    x: usize,
    y: usize,
    width: usize,
    height: usize,
}

pub(super) fn render(graph: &Graph) -> String {
    let places = places(graph);
    let width = places.values().map(|place| place.x + place.width).max().unwrap_or(0) + MARGIN;
    let height = places.values().map(|place| place.y + place.height).max().unwrap_or(0) + MARGIN;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"sans-serif\" font-size=\"13\">\n<title>{}</title>\n",
        escaped(&graph.project)
    );
    text += "<defs><marker id=\"arrow\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"7\" \
             markerHeight=\"7\" orient=\"auto\"><path d=\"M0 0L10 5L0 10z\" fill=\"#555\"/></marker></defs>\n";
    for edge in &graph.edges {
        if let (Some(from), Some(to)) = (places.get(edge.from.as_str()), places.get(edge.to.as_str())) {
            text += &arrow(edge, *from, *to);
        }
    }
    for node in &graph.nodes {
        text += &drawn(node, places[node.service.as_str()]);
    }
    text + "</svg>\n"
}

fn places(graph: &Graph) -> BTreeMap<&str, Place> {
    let layers = layers(graph);
    let size = |node: &Node| {
        let lines = node.lines();
        let longest = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
        (longest * LETTER + 2 * PADDING, lines.len() * LINE + PADDING)
    };
    let column_height =
        |layer: &Vec<usize>| layer.iter().map(|node| size(&graph.nodes[*node]).1 + ROW_GAP).sum::<usize>();
    let tallest = layers.iter().map(column_height).max().unwrap_or(0);
    let mut places = BTreeMap::new();
    let mut x = MARGIN;
    for layer in &layers {
        let mut y = MARGIN + (tallest - column_height(layer)) / 2;
        let widest = layer.iter().map(|node| size(&graph.nodes[*node]).0).max().unwrap_or(0);
        for node in layer {
            let node = &graph.nodes[*node];
            let height = size(node).1;
            places.insert(node.service.as_str(), Place { x, y, width: widest, height });
            y += height + ROW_GAP;
        }
        x += widest + COLUMN_GAP;
    }
    places
}

fn drawn(node: &Node, place: Place) -> String {
    let Place { x, y, width, height } = place;
    let dash = if node.enabled { "" } else { " stroke-dasharray=\"4 3\"" };
    let mut text = format!(
        "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"8\" fill=\"{}\" stroke=\"#555\"{dash}/>\n",
        node.fill()
    );
    for (number, line) in node.lines().iter().enumerate() {
        let weight = if number == 0 { " font-weight=\"bold\"" } else { " font-size=\"11\"" };
        let (x, y) = (x + PADDING, y + LINE * (number + 1));
        text += &format!("<text x=\"{x}\" y=\"{y}\"{weight}>{}</text>\n", escaped(line));
    }
    text
}

fn arrow(edge: &Edge, from: Place, to: Place) -> String {
    let (x1, y1) = (from.x + from.width, from.y + from.height / 2);
    let (x2, y2) = (to.x, to.y + to.height / 2);
    let middle = usize::midpoint(x1, x2);
    let dash = if edge.required { "" } else { " stroke-dasharray=\"5 4\"" };
    let label_y = usize::midpoint(y1, y2).saturating_sub(4);
    format!(
        "<path d=\"M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}\" fill=\"none\" stroke=\"#555\"{dash} \
         marker-end=\"url(#arrow)\"/>\n<text x=\"{middle}\" y=\"{label_y}\" text-anchor=\"middle\" font-size=\"10\" \
         fill=\"#333\">{}</text>\n",
        escaped(&edge.label())
    )
}

/// Text as XML may carry it: control characters are not allowed in any form.
fn escaped(text: &str) -> String {
    let allowed: String = text.chars().filter(|letter| !letter.is_control()).collect();
    allowed.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
