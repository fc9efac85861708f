//! Tables as the docker client prints them: no lines, three blanks between columns.

/// Rows under a heading.
#[derive(Debug)]
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table.
    pub fn new(heading: &[&str]) -> Table {
        Table { rows: vec![heading.iter().map(|&cell| cell.to_owned()).collect()] }
    }

    /// Adds a row; it has as many cells as the heading.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
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
        cells.map(|cell| console::measure_text_width(cell)).max().unwrap_or(0)
    }
}

fn line(row: &[String], widths: &[usize]) -> String {
    let mut text = String::new();
    for (index, cell) in row.iter().enumerate() {
        text += cell;
        if index + 1 < row.len() {
            let blanks = widths[index] - console::measure_text_width(cell) + 3;
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
    }
}
