//! Tables as Docker's tools print them: no lines, blanks between columns.

use super::harmless;

/// Blanks between two columns, where nothing else is said.
const GAP: usize = 3;

/// Rows under a heading.
#[derive(Debug)]
pub struct Table {
    rows: Vec<Vec<String>>,
    least_width: usize,
    gap: usize,
}

impl Table {
    /// An empty table.
    pub fn new(heading: &[&str]) -> Table {
        Table { rows: vec![heading.iter().map(|&cell| cell.to_owned()).collect()], least_width: 0, gap: GAP }
    }

    /// The same with columns at least this wide, blanks counted.
    #[must_use]
    pub fn with_least_width(self, least_width: usize) -> Table {
        Table { least_width, ..self }
    }

    /// The same with this many blanks between columns.
    #[must_use]
    pub fn with_gap(self, gap: usize) -> Table {
        Table { gap, ..self }
    }

    /// Adds a row; it has as many cells as the heading. Control characters in them are shown, not obeyed.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(|cell| harmless(&cell).into_owned()).collect());
    }

    /// Prints it on standard output.
    pub fn print(&self) {
        super::lines(self.lines());
    }

    /// The rows as text.
    pub fn lines(&self) -> Vec<String> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns).map(|column| self.width(column)).collect();
        self.rows.iter().map(|row| line(row, &widths)).collect()
    }

    fn width(&self, column: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.get(column));
        let widest = cells.map(|cell| console::measure_text_width(cell)).max().unwrap_or(0);
        (widest + self.gap).max(self.least_width)
    }
}

fn line(row: &[String], widths: &[usize]) -> String {
    let mut text = String::new();
    for (index, cell) in row.iter().enumerate() {
        text += cell;
        if index + 1 < row.len() {
            let blanks = widths[index] - console::measure_text_width(cell);
            text.extend(std::iter::repeat_n(' ', blanks));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_three_blanks_apart() {
        let mut table = Table::new(&["NAME", "STATE"]);
        table.row(["web-1".to_owned(), "running".to_owned()]);
        table.row(["a".to_owned(), String::new()]);
        assert_eq!(table.lines(), ["NAME    STATE", "web-1   running", "a       "]);
        table.row(["top\u{1b}[2J".to_owned(), String::new()]);
        assert_eq!(table.lines()[3], "top␛[2J   ");
        table.rows.pop();
        let table = table.with_least_width(10);
        assert_eq!(table.lines(), ["NAME      STATE", "web-1     running", "a         "]);
        let table = table.with_least_width(0).with_gap(1);
        assert_eq!(table.lines(), ["NAME  STATE", "web-1 running", "a     "]);
    }
}
